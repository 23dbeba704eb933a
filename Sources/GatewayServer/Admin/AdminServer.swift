// SPDX-License-Identifier: Apache-2.0

package import NIOCore
import NIOHTTP1
package import Transport

/// The listener for probes and scrapes.
package enum AdminServer {
  /// Connections at a time. Probes and scrapers open a handful.
  static let connectionLimit = 256

  /// How long a connection may be silent. Scrapers come every minute at the most; who stays away for
  /// longer connects again, and does not take a probe's place.
  static let idleTimeout = TimeAmount.minutes(2)

  /// How long one request may take, answer included. Probes have a second and scrapes ten.
  static let requestTimeout = TimeAmount.seconds(10)

  /// Binds and serves until the listener is drained.
  package static func bind(
    to address: ListenAddress, unixAccess: UnixSocketAccess = UnixSocketAccess(),
    on group: any EventLoopGroup, scrapes: ScrapeDesk, readiness: Readiness
  ) async throws(ListenError) -> Listener {
    try await Listener.bind(
      to: address, on: group, limits: ListenerLimits(connections: Self.connectionLimit),
      unixAccess: unixAccess
    ) { channel in
      try Self.serve(channel, scrapes, readiness)
    }
  }

  /// Puts what answers into the pipeline of a connection.
  static func serve(
    _ channel: any Channel, _ scrapes: ScrapeDesk, _ readiness: Readiness
  ) throws {
    let clock = RequestClock(request: Self.requestTimeout, idle: Self.idleTimeout)
    try channel.pipeline.syncOperations.addHandler(clock)
    try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
    try channel.pipeline.syncOperations.addHandler(
      AdminHandler(scrapes: scrapes, readiness: readiness) { clock.answered() })
  }
}

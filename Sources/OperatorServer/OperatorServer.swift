// SPDX-License-Identifier: Apache-2.0

package import NIOCore
import NIOHTTP1
package import Transport

/// The listener for whoever operates the gateway, on this machine alone.
package enum OperatorServer {
  /// Connections at a time. A browser opens six.
  static let connectionLimit = 64

  /// How long a connection may be silent.
  static let idleTimeout = TimeAmount.minutes(2)

  /// How long one request may take, answer included.
  static let requestTimeout = TimeAmount.seconds(10)

  /// Binds and serves until the listener is drained.
  ///
  /// - Parameter address: a loopback address or a Unix socket; that it is one is the configuration's
  ///   to see to.
  package static func bind(
    to address: ListenAddress, unixAccess: UnixSocketAccess = UnixSocketAccess(),
    on group: any EventLoopGroup, pages: OperatorPages
  ) async throws(ListenError) -> Listener {
    try await Listener.bind(
      to: address, on: group, limits: ListenerLimits(connections: Self.connectionLimit),
      unixAccess: unixAccess
    ) { channel in
      try Self.serve(channel, pages)
    }
  }

  /// Puts what answers into the pipeline of a connection.
  static func serve(_ channel: any Channel, _ pages: OperatorPages) throws {
    let clock = RequestClock(request: Self.requestTimeout, idle: Self.idleTimeout)
    try channel.pipeline.syncOperations.addHandler(clock)
    try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
    try channel.pipeline.syncOperations.addHandler(
      OperatorHandler(pages: pages) { clock.answered() })
  }
}

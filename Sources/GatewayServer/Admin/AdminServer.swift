// SPDX-License-Identifier: Apache-2.0

package import NIOCore
import NIOHTTP1
package import Telemetry
package import Transport

/// The listener for probes and scrapes.
package enum AdminServer {
  /// Connections at a time. Probes and scrapers open a handful.
  static let connectionLimit = 256

  /// Binds and serves until the listener is drained.
  package static func bind(
    to address: ListenAddress, on group: any EventLoopGroup, registry: MetricsRegistry,
    readiness: Readiness
  ) async throws(ListenError) -> Listener {
    try await Listener.bind(
      to: address, on: group, limits: ListenerLimits(connections: Self.connectionLimit)
    ) { channel in
      try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
      try channel.pipeline.syncOperations.addHandler(
        AdminHandler(registry: registry, readiness: readiness))
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
package import AWSSigning
package import NIOCore
package import Transport

/// One ``SignedJobs`` for each event loop of a group.
///
/// A connection from a caller lives in one loop and takes that loop's backend once, when it is
/// accepted; nothing is looked up on the way of a call.
package struct UpstreamFleet: Sendable {
  /// The loops, in the order of their group.
  private let order: [ObjectIdentifier]
  private let backends: [ObjectIdentifier: SignedJobs]
  /// Signs what the backends would send, for others to send.
  package let presigner: JobsPresigner

  /// - Parameters:
  ///   - security: needed for an https endpoint. The limit on the handshake is the configuration's.
  ///   - proxy: nil to go straight.
  package init(
    group: any EventLoopGroup, _ configuration: UpstreamConfiguration,
    credentials: any CredentialProvider, observer: any UpstreamObserver,
    clock: WallClock = .system,
    security: OutboundSecurity? = nil, proxy: OutboundProxy? = nil,
    poolMetrics: PoolMetrics = PoolMetrics()
  ) throws(SigningError) {
    var security = security
    security?.handshakeTimeout = configuration.handshakeTimeout
    let connector = OutboundConnector(
      host: configuration.endpoint.host, port: configuration.endpoint.port,
      timeout: configuration.connectTimeout, security: security, proxy: proxy,
      keepalive: configuration.keepalive)
    // What one loop learns of AWS's clock, all go by.
    let offset = ClockOffset()
    var backends: [ObjectIdentifier: SignedJobs] = [:]
    for loop in group.makeIterator() {
      backends[ObjectIdentifier(loop)] = try SignedJobs(
        on: loop, configuration, connector: connector, credentials: credentials,
        observer: observer, clock: clock, offset: offset, poolMetrics: poolMetrics)
    }
    self.presigner = JobsPresigner(
      configuration.endpoint, region: configuration.region, credentials: credentials, clock: clock,
      offset: offset)
    self.backends = backends
    self.order = group.makeIterator().map { ObjectIdentifier($0) }
  }

  /// The backend of a loop; nil for a loop of another group.
  package func backend(on loop: any EventLoop) -> SignedJobs? {
    self.backends[ObjectIdentifier(loop)]
  }

  /// How full each loop's pool is.
  package var gauges: [PoolGauges] { self.backends.values.map(\.gauges) }

  /// What each loop's pool holds, in the order of the loops. Asks every loop.
  package func snapshot() async -> [PoolSnapshot] {
    var snapshots: [PoolSnapshot] = []
    for (number, loop) in self.order.enumerated() {
      guard let snapshot = await self.backends[loop]?.snapshot(ofLoop: number) else { continue }
      snapshots.append(snapshot)
    }
    return snapshots
  }

  /// Makes the warm connections of every loop, and keeps them from now on.
  package func warm() {
    for backend in self.backends.values { backend.warm() }
  }

  /// Drains every loop, see ``SignedJobs/drain()``.
  package func drain() async {
    await withTaskGroup { group in
      for backend in self.backends.values {
        group.addTask { await backend.drain() }
      }
    }
  }
}

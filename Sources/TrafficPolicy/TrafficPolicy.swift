// SPDX-License-Identifier: Apache-2.0

package import AWSSigning
package import JobsAPI
package import Logging
package import NIOCore
package import Telemetry

/// The policies of one process: what all event loops share, and the layers that it gives to each.
package struct TrafficPolicy: Sendable {
  /// From the outside in. The type spells the order.
  package typealias Layers<Next: JobsBackend> = CachedJobs<Next>

  private let cache: ReadCache

  /// - Parameter group: the event loops that ``layers(over:on:)`` will be asked for.
  package init(
    _ settings: PolicySettings, on group: any EventLoopGroup, registry: MetricsRegistry,
    logger: Logger, clock: PolicyClock = PolicyClock(), wallClock: WallClock = .system
  ) {
    let loops = Array(group.makeIterator())
    self.cache = ReadCache(
      settings.readCache, clock: clock, wallClock: wallClock,
      metrics: CacheMetrics(registry: registry), shards: loops.count)
  }

  /// Puts the policies in front of a backend of one loop.
  package func layers<Next: JobsBackend>(
    over next: Next, on loop: any EventLoop
  ) -> Layers<Next> {
    CachedJobs(next, cache: self.cache, on: loop)
  }
}

// SPDX-License-Identifier: Apache-2.0

package import AWSSigning

/// Stored reads and flights of the whole process, shared by the event loops.
package final class ReadCache: Sendable {
  let settings: ReadCacheSettings
  let clock: PolicyClock
  let metrics: CacheMetrics
  private let wallClock: WallClock

  /// - Parameter shards: into how many parts, each with a lock of its own, things are spread. One
  ///   is right for one event loop.
  package init(
    _ settings: ReadCacheSettings, clock: PolicyClock, wallClock: WallClock, metrics: CacheMetrics,
    shards: Int
  ) {
    self.settings = settings
    self.clock = clock
    self.metrics = metrics
    self.wallClock = wallClock
  }
}

// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Durations sorted into buckets, in Prometheus's cumulative form on the way out.
///
/// The bounds suit a call that takes a millisecond on a good day and half a minute at the very
/// worst. Safe from any thread; a scrape may see a count one ahead of its sum.
package final class Histogram: Sendable {
  /// Upper bounds, inclusive, in nanoseconds; what is longer falls into the last, endless bucket.
  package static let boundsNanoseconds: InlineArray<15, UInt64> = [
    500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000,
    250_000_000, 500_000_000, 1_000_000_000, 2_500_000_000, 5_000_000_000, 10_000_000_000,
    30_000_000_000,
  ]

  private let buckets: InlineArray<16, Atomic<UInt64>> = InlineArray { _ in Atomic(0) }
  private let sumNanoseconds = Atomic<UInt64>(0)

  package init() {}

  package func record(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    // A clock that stepped back must not trap: a negative duration counts as none.
    let nanoseconds =
      seconds < 0 || attoseconds < 0
      ? 0 : UInt64(seconds) &* 1_000_000_000 &+ UInt64(attoseconds / 1_000_000_000)
    var bucket = 0
    while bucket < 15 && nanoseconds > Self.boundsNanoseconds[bucket] {
      bucket += 1
    }
    self.buckets[bucket].wrappingAdd(1, ordering: .relaxed)
    self.sumNanoseconds.wrappingAdd(nanoseconds, ordering: .relaxed)
  }

  /// The buckets' own counts (not cumulative) and the sum of all durations.
  package func snapshot() -> (counts: [UInt64], sumNanoseconds: UInt64) {
    var counts: [UInt64] = []
    counts.reserveCapacity(16)
    for bucket in 0..<16 {
      counts.append(self.buckets[bucket].load(ordering: .relaxed))
    }
    return (counts, self.sumNanoseconds.load(ordering: .relaxed))
  }
}

// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Durations sorted into buckets, in Prometheus's cumulative form on the way out.
///
/// The bounds suit a call that is answered from the store in a tenth of a millisecond, takes some
/// from AWS on a good day, and half a minute at the very worst. Recording is two atomic additions.
/// Safe from any thread; a scrape may see a count one ahead of its sum.
package final class Histogram: Sendable {
  /// Upper bounds, inclusive, in nanoseconds; what is longer falls into the last, endless bucket.
  package static let boundsNanoseconds: InlineArray<17, UInt64> = [
    100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000,
    50_000_000, 100_000_000, 250_000_000, 500_000_000, 1_000_000_000, 2_500_000_000,
    5_000_000_000, 10_000_000_000, 30_000_000_000,
  ]

  private final class Exemplars: Sendable {
    let slots: InlineArray<18, ExemplarSlot> = InlineArray { _ in ExemplarSlot() }
  }

  private let buckets: InlineArray<18, Atomic<UInt64>> = InlineArray { _ in Atomic(0) }
  private let sumNanoseconds = Atomic<UInt64>(0)
  /// Made for the first exemplar, for most histograms never get one.
  private let exemplars = AtomicLazyReference<Exemplars>()

  package init() {}

  /// - Parameter trace: of the call, if somebody keeps it.
  package func record(_ duration: Duration, trace: TraceID? = nil) {
    let (seconds, attoseconds) = duration.components
    // A clock that stepped back must not trap: a negative duration counts as none.
    let nanoseconds =
      seconds < 0 || attoseconds < 0
      ? 0 : UInt64(seconds) &* 1_000_000_000 &+ UInt64(attoseconds / 1_000_000_000)
    self.record(nanoseconds: nanoseconds, trace: trace)
  }

  package func record(nanoseconds: UInt64, trace: TraceID? = nil) {
    var bucket = 0
    while bucket < 17 && nanoseconds > Self.boundsNanoseconds[bucket] {
      bucket += 1
    }
    self.buckets[bucket].wrappingAdd(1, ordering: .relaxed)
    self.sumNanoseconds.wrappingAdd(nanoseconds, ordering: .relaxed)
    guard let trace else { return }
    // Whoever comes second stores the same object.
    let exemplars = self.exemplars.load() ?? self.exemplars.storeIfNil(Exemplars())
    exemplars.slots[bucket].store(
      Exemplar(trace: trace, nanoseconds: nanoseconds, atMilliseconds: Exemplar.now))
  }

  package func snapshot() -> HistogramSnapshot {
    var snapshot = HistogramSnapshot()
    snapshot.counts.reserveCapacity(18)
    for bucket in 0..<18 {
      snapshot.counts.append(self.buckets[bucket].load(ordering: .relaxed))
    }
    snapshot.sumNanoseconds = self.sumNanoseconds.load(ordering: .relaxed)
    if let exemplars = self.exemplars.load() {
      snapshot.exemplars = (0..<18).map { exemplars.slots[$0].load() }
    }
    return snapshot
  }
}

/// A histogram at one moment.
package struct HistogramSnapshot: Equatable, Sendable {
  /// Each bucket's own count, not cumulative; the last one is for what is longer than all bounds.
  package var counts: [UInt64] = []
  package var sumNanoseconds: UInt64 = 0
  /// By bucket; empty if there is none at all.
  package var exemplars: [Exemplar?] = []

  package var count: UInt64 { self.counts.reduce(0, +) }
}

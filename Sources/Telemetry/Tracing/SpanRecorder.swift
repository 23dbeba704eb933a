// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// Begins the spans of calls that are to be traced. There is one for the process, if any.
package final class SpanRecorder: Sendable {
  package let queue: SpanQueue
  private let sampler: TraceSampler
  /// Numbers that do not repeat: a count in steps of the golden ratio, stirred. Ids have to be
  /// distinct, and nobody has to be kept from guessing them.
  private let count = Atomic<UInt64>(.random(in: .min ... .max))
  /// What two processes with the same count still differ in.
  private let salt = UInt64.random(in: .min ... .max)

  package init(sampler: TraceSampler, queue: SpanQueue) {
    self.sampler = sampler
    self.queue = queue
  }

  /// Begins the first span of a call here; nil if the call is not to be traced.
  ///
  /// - Parameter parent: the caller's `traceparent`, as it came.
  package func beginCall(
    _ name: String, parent: String?, startedAt: ContinuousClock.Instant
  ) -> CallSpan? {
    let caller = parent.flatMap { TraceContext(traceparent: $0) }
    let low = self.nextNumber()
    let traceID = caller?.traceID ?? TraceID(high: Self.stir(low ^ self.salt), low: low)
    guard self.sampler.samples(traceID, parent: caller) else { return nil }
    let spanID = self.nextSpanID()
    return CallSpan(
      name, .server, caller?.with(spanID: spanID) ?? TraceContext(root: traceID, spanID: spanID),
      parentID: caller?.spanID, startedAt: startedAt, anchor: ClockAnchor(), recorder: self)
  }

  func nextSpanID() -> UInt64 { self.nextNumber() }

  /// Never zero, which is the id of nothing.
  private func nextNumber() -> UInt64 {
    while true {
      let number = Self.stir(
        self.count.wrappingAdd(0x9E37_79B9_7F4A_7C15, ordering: .relaxed).newValue)
      if number != 0 { return number }
    }
  }

  /// The last step of SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number
  /// generators", 2014), which makes each number another.
  private static func stir(_ number: UInt64) -> UInt64 {
    var mixed = number
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// Ties the clock that measures to the one that tells the time, once for each call: within a call
/// times keep their order whatever becomes of the time of day.
struct ClockAnchor: Sendable {
  private let instant: ContinuousClock.Instant
  private let epochNanoseconds: Int64

  init() {
    var now = timespec()
    self.instant = .now
    // The kernel fills it in while it is borrowed.
    unsafe clock_gettime(CLOCK_REALTIME, &now)
    self.epochNanoseconds = Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
  }

  init(_ instant: ContinuousClock.Instant, epochNanoseconds: Int64) {
    self.instant = instant
    self.epochNanoseconds = epochNanoseconds
  }

  func epochNanoseconds(at instant: ContinuousClock.Instant) -> UInt64 {
    let (seconds, attoseconds) = self.instant.duration(to: instant).components
    let nanoseconds = seconds &* 1_000_000_000 &+ attoseconds / 1_000_000_000
    return UInt64(max(0, self.epochNanoseconds &+ nanoseconds))
  }
}

// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// One call that stands for those that took as long, by the id of its trace.
package struct Exemplar: Equatable, Sendable {
  package var trace: TraceID
  package var nanoseconds: UInt64
  /// Since 1970.
  package var atMilliseconds: UInt64

  /// The wall clock, in milliseconds since 1970.
  static var now: UInt64 {
    var now = timespec()
    // The kernel fills it in while it is borrowed.
    unsafe clock_gettime(CLOCK_REALTIME, &now)
    return UInt64(max(now.tv_sec, 0)) * 1_000 + UInt64(max(now.tv_nsec, 0)) / 1_000_000
  }
}

/// Keeps the last exemplar of a bucket. Nobody waits: who finds another writer at work leaves it at
/// that, for any exemplar is as good as the next; and a reader who meets a writer goes without.
final class ExemplarSlot: Sendable {
  /// Even while nobody writes; zero before the first.
  private let version = Atomic<UInt64>(0)
  private let traceHigh = Atomic<UInt64>(0)
  private let traceLow = Atomic<UInt64>(0)
  private let nanoseconds = Atomic<UInt64>(0)
  private let atMilliseconds = Atomic<UInt64>(0)

  func store(_ exemplar: Exemplar) {
    let before = self.version.load(ordering: .relaxed)
    guard before.isMultiple(of: 2),
      self.version.compareExchange(
        expected: before, desired: before &+ 1, ordering: .acquiring
      ).exchanged
    else { return }
    // Each of these releases the odd version: who reads one of them sees that too.
    self.traceHigh.store(exemplar.trace.high, ordering: .releasing)
    self.traceLow.store(exemplar.trace.low, ordering: .releasing)
    self.nanoseconds.store(exemplar.nanoseconds, ordering: .releasing)
    self.atMilliseconds.store(exemplar.atMilliseconds, ordering: .releasing)
    self.version.store(before &+ 2, ordering: .releasing)
  }

  func load() -> Exemplar? {
    let before = self.version.load(ordering: .acquiring)
    guard before > 0, before.isMultiple(of: 2) else { return nil }
    let exemplar = Exemplar(
      trace: TraceID(
        high: self.traceHigh.load(ordering: .acquiring),
        low: self.traceLow.load(ordering: .acquiring)),
      nanoseconds: self.nanoseconds.load(ordering: .acquiring),
      atMilliseconds: self.atMilliseconds.load(ordering: .acquiring))
    return self.version.load(ordering: .relaxed) == before ? exemplar : nil
  }
}

// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import Synchronization
import Telemetry

/// The buckets of all things that have used up something, found by fingerprint.
///
/// A thing without an entry has full buckets. An entry is forgotten only when both of its buckets
/// are full again, so being forgotten gives a thing nothing. Newcomers do the work: each moves a
/// hand over a few slots of its shard. The number of entries is bounded; see ``spend``.
///
/// Each shard has a lock of its own and at most some 8,192 entries, which bounds the work of one
/// decision: making room in a shard takes tens of microseconds.
final class ThingTable: Sendable {
  /// What a shard holds when the table is full: from here to twice as much.
  static let fullShardCount = 4_096

  private final class Shard: Sendable {
    let state: Mutex<ThingShard>

    init(chosenBits: Int) {
      self.state = Mutex(ThingShard(chosenBits: chosenBits))
    }
  }

  private let shards: [Shard]
  private let chosenBits: Int
  private let maxThings: Int
  private let tracked = Atomic<Int>(0)
  private let gauge: Gauge

  /// - Parameters:
  ///   - maxThings: Entries at a time. Below one is one.
  ///   - gauge: Shows how many there are.
  init(maxThings: Int, gauge: Gauge) {
    self.maxThings = max(maxThings, 1)
    self.gauge = gauge
    let shardCount = max(self.maxThings / Self.fullShardCount, 1)
    // The largest power of two that is not above it.
    let bits = Int.bitWidth - 1 - shardCount.leadingZeroBitCount
    self.chosenBits = bits
    self.shards = (0..<(1 << bits)).map { _ in Shard(chosenBits: bits) }
  }

  /// Entries.
  var count: Int { self.tracked.load(ordering: .relaxed) }

  /// Slots of all shards, for measurements.
  var slotCount: Int {
    self.shards.reduce(0) { sum, shard in sum + shard.state.withLock { $0.slotCount } }
  }

  /// Spends one call of a thing.
  ///
  /// - Returns: Nil if the thing has no entry and there is no room for one: the table is full, and
  ///   the hand met nothing that is back to full among the next slots of the thing's shard.
  func spend(
    _ kind: CallKind, at pace: CallPace, fingerprint: UInt64, now: Int64
  ) -> OnSpend? {
    // Zero marks empty slots.
    let fingerprint = max(fingerprint, 1)
    let shard = self.shards[Int(truncatingIfNeeded: fingerprint >> UInt64(64 - self.chosenBits))]
    return shard.state.withLock { shard in
      let now = shard.advance(to: CallPace.clamped(now))
      if let index = shard.find(fingerprint) {
        return shard[index].spend(kind, at: pace, now: now)
      }
      guard self.makeRoom(in: &shard, now: now) else { return nil }
      var thing = TrackedThing(fingerprint: fingerprint)
      let answer = thing.spend(kind, at: pace, now: now)
      self.changeCount(by: -shard.insert(thing, now: now))
      return answer
    }
  }

  /// Counts one entry more, if the bound allows it after the hand has moved.
  private func makeRoom(in shard: inout ThingShard, now: Int64) -> Bool {
    let isFull = self.count >= self.maxThings
    self.changeCount(by: -shard.sweep(now: now, isPressed: isFull))
    var count = self.count
    while count < self.maxThings {
      let (exchanged, original) = self.tracked.weakCompareExchange(
        expected: count, desired: count + 1, ordering: .relaxed)
      if exchanged {
        self.gauge.add(1)
        return true
      }
      count = original
    }
    return false
  }

  private func changeCount(by change: Int) {
    guard change != 0 else { return }
    self.gauge.add(Int64(change))
    self.tracked.add(change, ordering: .relaxed)
  }
}

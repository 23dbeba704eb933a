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
/// decision: making room in a shard takes tens of microseconds. The rules that a shard's things are
/// under lie beside them, so that whoever decides finds both by one lock, and a thing is under one
/// set of rules at a time.
final class ThingTable: Sendable {
  /// What a shard holds when the table is full: from here to twice as much.
  static let fullShardCount = 4_096

  /// What becomes of a call.
  enum OnCall: Equatable {
    /// The rules do not limit the thing.
    case unlimited
    /// By its own bucket.
    case decided(OnSpend, LimitMode)
    /// The thing has no entry and there is no room for one: the table is full, and the hand met
    /// nothing that is back to full among the next slots of the thing's shard.
    case noRoom(CallPace, LimitMode)
  }

  private struct Guarded {
    var things: ThingShard
    var rules: ThingRules
  }

  private final class Shard: Sendable {
    let state: Mutex<Guarded>

    init(chosenBits: Int, rules: ThingRules) {
      self.state = Mutex(Guarded(things: ThingShard(chosenBits: chosenBits), rules: rules))
    }
  }

  private let shards: [Shard]
  private let chosenBits: Int
  let maxThings: Int
  private let tracked = Atomic<Int>(0)
  private let gauge: Gauge

  /// - Parameters:
  ///   - maxThings: Entries at a time. Below one is one.
  ///   - gauge: Shows how many there are.
  ///   - rules: In force until others are set.
  init(maxThings: Int, gauge: Gauge, rules: ThingRules) {
    self.maxThings = max(maxThings, 1)
    self.gauge = gauge
    let shardCount = max(self.maxThings / Self.fullShardCount, 1)
    // The largest power of two that is not above it.
    let bits = Int.bitWidth - 1 - shardCount.leadingZeroBitCount
    self.chosenBits = bits
    self.shards = (0..<(1 << bits)).map { _ in Shard(chosenBits: bits, rules: rules) }
  }

  /// Entries.
  var count: Int { self.tracked.load(ordering: .relaxed) }

  /// Slots of all shards, for measurements.
  var slotCount: Int {
    self.shards.reduce(0) { sum, shard in sum + shard.state.withLock { $0.things.slotCount } }
  }

  /// Puts other rules in force, in one shard after the other. What things have used up stays used
  /// up.
  func change(to rules: ThingRules, now: Int64) {
    for shard in self.shards {
      shard.state.withLock { shard in
        shard.rules = rules
        guard let nanoseconds = rules.longestFillNanoseconds else { return }
        let now = shard.things.advance(to: CallPace.clamped(now))
        shard.things.bound(toFillWithin: nanoseconds, now: now)
      }
    }
  }

  /// Spends one call of a thing.
  ///
  /// - Parameter pace: Finds the thing's pace by the rules in force. Called while they are locked.
  func spend(
    _ kind: CallKind, fingerprint: UInt64, now: Int64, at pace: (ThingRules) -> CallPace?
  ) -> OnCall {
    // Zero marks empty slots.
    let fingerprint = max(fingerprint, 1)
    return self.shard(of: fingerprint).state.withLock { shard in
      guard let pace = pace(shard.rules) else { return .unlimited }
      let now = shard.things.advance(to: CallPace.clamped(now))
      if let index = shard.things.find(fingerprint) {
        return .decided(shard.things[index].spend(kind, at: pace, now: now), shard.rules.mode)
      }
      guard self.makeRoom(in: &shard.things, now: now) else {
        return .noRoom(pace, shard.rules.mode)
      }
      var thing = TrackedThing(fingerprint: fingerprint)
      let answer = thing.spend(kind, at: pace, now: now)
      self.changeCount(by: -shard.things.insert(thing, now: now))
      return .decided(answer, shard.rules.mode)
    }
  }

  /// What a thing's own bucket would say of a call, which spends nothing. A thing without an entry
  /// is admitted, and so is every thing if the rules are not kept.
  func ask(
    _ kind: CallKind, fingerprint: UInt64, now: Int64, at pace: (ThingRules) -> CallPace?
  ) -> OnSpend {
    let fingerprint = max(fingerprint, 1)
    return self.shard(of: fingerprint).state.withLock { shard in
      guard shard.rules.mode == .enforce, let index = shard.things.find(fingerprint),
        let pace = pace(shard.rules)
      else { return .admit }
      let now = shard.things.advance(to: CallPace.clamped(now))
      return shard.things[index].ask(kind, at: pace, now: now)
    }
  }

  private func shard(of fingerprint: UInt64) -> Shard {
    self.shards[Int(truncatingIfNeeded: fingerprint >> UInt64(64 - self.chosenBits))]
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

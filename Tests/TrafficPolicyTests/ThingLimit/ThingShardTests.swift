// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import Testing
@testable import TrafficPolicy

/// How a test makes fingerprints: the good case, and those that a hash never makes.
enum FingerprintShape: CaseIterable {
  case even
  /// All at home in the first slot.
  case low
  /// All at home in the last slot, so that all but one stand at the beginning.
  case high
  /// At home in three slots.
  case clustered

  /// - Parameter number: Different numbers below 2^20 give different fingerprints.
  func fingerprint(_ number: Int) -> UInt64 {
    let number = UInt64(number)
    return switch self {
    case .even: SplitMix64.mixed(number)
    case .low: number + 1
    case .high: .max - number
    case .clustered: (number % 3) << 62 + number + 1
    }
  }
}

extension SplitMix64 {
  fileprivate static func mixed(_ number: UInt64) -> UInt64 {
    var random = SplitMix64(seed: number)
    return max(random.next(), 1)
  }
}

/// A shard beside a dictionary that is told what the shard has forgotten.
private struct ShardUnderTest {
  private(set) var shard: ThingShard
  private var model: [UInt64: TrackedThing] = [:]

  init(chosenBits: Int) {
    self.shard = ThingShard(chosenBits: chosenBits)
  }

  /// Comes with one thing, as a table does.
  mutating func touch(_ fingerprint: UInt64, until end: Int64, now: Int64, isPressed: Bool) {
    if let index = self.shard.find(fingerprint) {
      #expect(self.model[fingerprint] == self.shard[index])
      self.shard[index].readArrival = max(self.shard[index].readArrival, end)
      self.model[fingerprint] = self.shard[index]
      return
    }
    #expect(self.model[fingerprint] == nil)
    let swept = self.shard.sweep(now: now, isPressed: isPressed)
    var thing = TrackedThing(fingerprint: fingerprint)
    thing.writeArrival = end
    let forgotten = swept + self.shard.insert(thing, now: now)
    self.model[fingerprint] = thing
    self.check(forgotten: forgotten, now: now)
  }

  private mutating func check(forgotten: Int, now: Int64) {
    var gone = 0
    for (fingerprint, thing) in self.model {
      if let index = self.shard.find(fingerprint) {
        if self.shard[index] != thing { Issue.record("\(fingerprint) has changed") }
      } else {
        if !thing.isFull(now: now) { Issue.record("\(fingerprint) was live") }
        self.model[fingerprint] = nil
        gone += 1
      }
    }
    #expect(gone == forgotten)
    #expect(self.shard.count == self.model.count)
    // Never over 15 sixteenths full; and under 84 hundredths only as far as whole slots demand.
    #expect(self.shard.count * 16 <= self.shard.slotCount * 15)
    #expect(self.shard.slotCount <= max(ThingShard.fewestSlots, self.shard.count * 25 / 21 + 3))
  }
}

@Suite struct ThingShardTests {
  @Test func `what is empty finds nothing and needs nothing`() {
    var shard = ThingShard(chosenBits: 0)
    #expect(shard.find(1) == nil)
    #expect(shard.sweep(now: .max, isPressed: true) == 0)
    #expect(shard.slotCount == 0)
  }

  @Test(arguments: FingerprintShape.allCases, [1, 30, 300])
  func `it holds what a dictionary holds, but for what is back to full`(
    shape: FingerprintShape, things: Int
  ) {
    var random = SplitMix64(seed: UInt64(things))
    var test = ShardUnderTest(chosenBits: 0)
    var now: Int64 = 0
    for step in 0..<2_000 {
      now += .random(in: 0...3, using: &random)
      // Phases in which much is live, then little.
      let life: Int64 = step / 400 % 2 == 0 ? 900 : 20
      test.touch(
        shape.fingerprint(.random(in: 0..<things, using: &random)),
        until: now + .random(in: 0...life, using: &random), now: now,
        isPressed: .random(using: &random))
    }
  }

  @Test(arguments: [1, 11, 63])
  func `the bits that chose the shard do not choose the slot`(chosenBits: Int) {
    var test = ShardUnderTest(chosenBits: chosenBits)
    for number in 0..<400 {
      let fingerprint = FingerprintShape.even.fingerprint(number)
      let shared = UInt64.max << UInt64(64 - chosenBits)
      test.touch(fingerprint | shared, until: 10, now: 0, isPressed: false)
    }
    // All but one bit chosen: nothing but 2^63 and its neighbour is left to tell apart.
    #expect(test.shard.count == (chosenBits == 63 ? 2 : 400))
  }

  @Test func `an entry that is back to full is forgotten after one turn of the hand`() {
    var shard = ThingShard(chosenBits: 0)
    for number in 0..<100 {
      var thing = TrackedThing(fingerprint: FingerprintShape.even.fingerprint(number))
      thing.readArrival = number == 40 ? 50 : 200
      #expect(shard.insert(thing, now: 0) == 0)
    }
    #expect((0..<200).reduce(0) { sum, _ in sum + shard.sweep(now: 49, isPressed: false) } == 0)
    let turn = shard.slotCount / ThingShard.handReach + 1
    #expect((0..<turn).reduce(0) { sum, _ in sum + shard.sweep(now: 50, isPressed: false) } == 1)
    #expect(shard.find(FingerprintShape.even.fingerprint(40)) == nil)
    #expect(shard.count == 99)
  }

  @Test func `a hand that is pressed stops at what it finds`() {
    var shard = ThingShard(chosenBits: 0)
    for number in 0..<1_000 {
      var thing = TrackedThing(fingerprint: FingerprintShape.even.fingerprint(number))
      thing.readArrival = 10
      #expect(shard.insert(thing, now: 0) == 0)
    }
    let forgotten = shard.sweep(now: 10, isPressed: true)
    #expect((1...ThingShard.handReach).contains(forgotten))
    #expect(shard.count == 1_000 - forgotten)
  }

  @Test func `an instant before the latest counts as the latest`() {
    var shard = ThingShard(chosenBits: 0)
    #expect(shard.advance(to: 5) == 5)
    #expect(shard.advance(to: 3) == 5)
    #expect(shard.advance(to: 6) == 6)
  }
}

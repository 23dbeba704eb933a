// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import Testing
import TrafficPolicy

/// Random histories, played to the store and to a dictionary that follows the same rules.
@Suite struct ReadStoreModelTests {
  /// What the store must agree with. It has no bound, so it may hold more than the store does.
  private struct Model {
    var entries: [ReadKey: StoredRead] = [:]

    mutating func lookup(_ key: ReadKey, at now: Int64) -> StoredRead? {
      guard let read = self.entries[key] else { return nil }
      guard now < read.lifetime.end else {
        self.entries[key] = nil
        return nil
      }
      return read
    }

    mutating func store(_ read: StoredRead, at now: Int64) -> ReadStore.OnStore {
      if let present = self.entries[read.key], now < present.lifetime.end,
        present.flight >= read.flight
      {
        return .refusedOutdated
      }
      self.entries[read.key] = nil
      guard now < read.lifetime.end else { return .refusedExpired }
      self.entries[read.key] = read
      return .stored
    }

    mutating func removeAll(ofThing thing: String) {
      self.entries = self.entries.filter { $0.key.thing != thing }
    }
  }

  /// One history: the store, the model beside it, and what happens to both.
  private struct History: ~Copyable {
    var store: ReadStore
    var model = Model()
    var random: SplitMix64
    var now: Int64 = 0
    var stored: UInt64 = 0
    /// Every answer of the model's must be the store's too.
    let isRoomy: Bool

    init(maxBytes: Int, seed: UInt64, isRoomy: Bool) {
      self.store = ReadStore(maxBytes: maxBytes)
      self.random = SplitMix64(seed: seed)
      self.isRoomy = isRoomy
    }

    mutating func anyKey() -> ReadKey {
      let thing = "thing-\(Int.random(in: 0..<60, using: &self.random))"
      let job = Int.random(in: 0..<12, using: &self.random)
      switch job {
      case 0: return ReadKey(thing: thing, .pending)
      case 1: return .next(of: thing)
      default:
        let number: Int64? = Bool.random(using: &self.random) ? Int64(job) : nil
        return ReadKey(thing: thing, .execution(jobID: "job-\(job / 2)", number: number))
      }
    }

    mutating func step() {
      self.now += Int64.random(in: 0...20, using: &self.random)
      switch Int.random(in: 0..<100, using: &self.random) {
      case 0..<50: self.lookUp(self.anyKey())
      case 50..<90: self.storeAnything(under: self.anyKey())
      case 90..<96: self.outdateAnything(under: self.anyKey())
      case 96 where !self.isRoomy: self.moveBound()
      default: self.removeThing(self.anyKey().thing)
      }
      #expect(self.store.bytes <= self.store.maxBytes)
      let left = self.store.evictions
      let departed = left.capacity + left.expired + left.invalidated + left.replaced
      #expect(UInt64(self.store.count) + departed == self.stored)
    }

    mutating func moveBound() {
      let bytes = Int.random(in: 0...6, using: &self.random) << 13
      var slices = 1
      while !self.store.moveBound(to: bytes, dropping: 4, at: self.now) {
        slices += 1
        guard slices < 200 else {
          Issue.record("no end to it")
          return
        }
      }
      #expect(self.store.maxBytes == bytes)
    }

    mutating func lookUp(_ key: ReadKey) {
      let expected = self.model.lookup(key, at: self.now)
      let found = self.store.lookup(key, at: self.now)
      if self.isRoomy || found != nil {
        #expect(found === expected)
      }
    }

    mutating func storeAnything(under key: ReadKey) {
      let life = Int64.random(in: -5...4_000, using: &self.random)
      let read = CacheSamples.read(
        key, flight: UInt64.random(in: 0..<500, using: &self.random), at: self.now,
        until: self.now + life, documentBytes: Int.random(in: 0...900, using: &self.random))
      let expected = self.model.store(read, at: self.now)
      let outcome = self.store.store(read, at: self.now)
      if self.isRoomy {
        #expect(outcome == expected)
      } else if outcome != expected {
        // The model still has what has given way in the store, or the store has no room for it.
        #expect(expected == .refusedOutdated || outcome == .refusedTooLarge)
        self.model.entries[key] = outcome == .stored ? read : nil
      }
      if outcome == .stored { self.stored += 1 }
    }

    mutating func outdateAnything(under key: ReadKey) {
      let flight = UInt64.random(in: 0..<500, using: &self.random)
      if let present = self.model.entries[key], present.flight < flight {
        self.model.entries[key] = nil
      }
      self.store.remove(key, outdatedBy: flight)
    }

    mutating func removeThing(_ thing: String) {
      let count = self.model.entries.values.count {
        $0.key.thing == thing && $0.lifetime.end > self.now
      }
      self.model.removeAll(ofThing: thing)
      let removed = self.store.removeAll(ofThing: thing)
      if self.isRoomy { #expect(removed >= count) }
      #expect(self.store.removeAll(ofThing: thing) == 0)
    }
  }

  @Test(arguments: 1...4)
  func `with room for all, the store answers as a dictionary does`(seed: UInt64) {
    var history = History(maxBytes: 16 << 20, seed: seed, isRoomy: true)
    for _ in 0..<6_000 { history.step() }
    #expect(history.store.evictions.capacity == 0)
    #expect(history.store.evictions.expired > 50)
    #expect(history.store.evictions.invalidated > 50)
    #expect(history.store.evictions.replaced > 25)
  }

  @Test(arguments: 1...4)
  func `without room, every answer is still one that a dictionary would give`(seed: UInt64) {
    var history = History(maxBytes: 40 << 10, seed: seed, isRoomy: false)
    for _ in 0..<6_000 { history.step() }
    #expect(history.store.evictions.capacity > 50)
  }
}

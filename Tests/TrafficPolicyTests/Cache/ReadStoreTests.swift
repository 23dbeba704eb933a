// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import Testing
import TrafficPolicy

@Suite struct ReadStoreTests {
  private static let door = CacheSamples.key("door")

  @Test func `an answer is found until its last window is over`() {
    var store = ReadStore(maxBytes: 1 << 20)
    let read = StoredRead(
      .execution(nil), to: .next(of: "door"), withDocument: true, flight: 1, at: 0,
      lifetime: Lifetime(freshUntil: 10, revalidateUntil: 20, errorUntil: 30))
    #expect(store.store(read, at: 0) == .stored)
    #expect(store.lookup(.next(of: "door"), at: 29) === read)
    #expect(store.lookup(.next(of: "door"), at: 30) == nil)
    #expect(store.count == 0)
    #expect(store.evictions.expired == 1)
    // Dropped, not merely withheld.
    #expect(store.lookup(.next(of: "door"), at: 0) == nil)
  }

  @Test func `a flight that began earlier does not overwrite a later one's answer`() {
    var store = ReadStore(maxBytes: 1 << 20)
    let later = CacheSamples.read(Self.door, flight: 7)
    #expect(store.store(later, at: 0) == .stored)
    #expect(store.store(CacheSamples.read(Self.door, flight: 6), at: 0) == .refusedOutdated)
    #expect(store.store(CacheSamples.read(Self.door, flight: 7), at: 0) == .refusedOutdated)
    #expect(store.lookup(Self.door, at: 0) === later)
    let latest = CacheSamples.read(Self.door, flight: 8)
    #expect(store.store(latest, at: 0) == .stored)
    #expect(store.lookup(Self.door, at: 0) === latest)
    #expect(store.count == 1)
    #expect(store.evictions.replaced == 1)
  }

  @Test func `a newer answer that cannot stay takes the older one with it`() {
    var store = ReadStore(maxBytes: 64 << 10)
    #expect(store.store(CacheSamples.read(Self.door, flight: 1), at: 0) == .stored)
    let large = CacheSamples.read(Self.door, flight: 2, documentBytes: 4_096)
    #expect(store.store(large, at: 0) == .refusedTooLarge)
    #expect(store.lookup(Self.door, at: 0) == nil)

    #expect(store.store(CacheSamples.read(Self.door, flight: 3), at: 0) == .stored)
    let late = CacheSamples.read(Self.door, flight: 4, until: 5)
    #expect(store.store(late, at: 5) == .refusedExpired)
    #expect(store.lookup(Self.door, at: 5) == nil)

    #expect(store.store(CacheSamples.read(Self.door, flight: 5), at: 0) == .stored)
    store.remove(Self.door, outdatedBy: 5)
    #expect(store.lookup(Self.door, at: 0) != nil)
    store.remove(Self.door, outdatedBy: 6)
    #expect(store.lookup(Self.door, at: 0) == nil)
    #expect(store.evictions.replaced == 3)
  }

  @Test func `an entry may take a sixteenth of the bound and no more`() {
    var store = ReadStore(maxBytes: 64 << 10)
    let most = (64 << 10) / ReadStore.largestPart
    var outcomes: Set<Bool> = []
    for documentBytes in 1_000..<2_000 {
      let read = CacheSamples.read(
        Self.door, flight: UInt64(documentBytes), documentBytes: documentBytes)
      let isStored = store.store(read, at: 0) == .stored
      #expect(isStored == (read.byteSize <= most))
      outcomes.insert(isStored)
    }
    #expect(outcomes == [true, false])
  }

  @Test(arguments: [0, 1, 64, 1_000])
  func `a bound that leaves room for nothing empties it, however well used`(maxBytes: Int) {
    var store = ReadStore(maxBytes: 1 << 20)
    for number in 0..<40 {
      let key = CacheSamples.key("door-\(number)")
      #expect(store.store(CacheSamples.read(key), at: 0) == .stored)
      // Used enough to be spared, so that all of them move to the queue of those.
      for _ in 0..<4 { #expect(store.lookup(key, at: 0) != nil) }
    }
    var turns = 0
    while turns < 1_000, !store.moveBound(to: maxBytes, dropping: 3, at: 0) { turns += 1 }
    #expect(turns < 1_000)
    #expect(store.count == 0)
  }

  @Test(arguments: [0, 1, 64, 1_000, 4_096])
  func `in a bound too small for anything nothing is stored`(maxBytes: Int) {
    var store = ReadStore(maxBytes: maxBytes)
    #expect(store.store(CacheSamples.read(Self.door), at: 0) == .refusedTooLarge)
    #expect(store.lookup(Self.door, at: 0) == nil)
    #expect(store.removeAll(ofThing: "door") == 0)
    #expect(store.bytes == 0)
  }

  @Test func `a write to one thing takes all of its entries and no others`() {
    var store = ReadStore(maxBytes: 16 << 20)
    for job in 0..<2_000 {
      #expect(store.store(CacheSamples.read(CacheSamples.key("busy", "\(job)")), at: 0) == .stored)
      #expect(store.store(CacheSamples.read(CacheSamples.key("door-\(job)")), at: 0) == .stored)
    }
    #expect(store.removeAll(ofThing: "busy") == 2_000)
    #expect(store.count == 2_000)
    #expect(store.evictions.invalidated == 2_000)
    #expect(
      (0..<2_000).allSatisfy { store.lookup(CacheSamples.key("busy", "\($0)"), at: 0) == nil })
    #expect((0..<2_000).allSatisfy { store.lookup(CacheSamples.key("door-\($0)"), at: 0) != nil })
  }

  @Test func `what is alive decides the memory, not the bound`() {
    var store = ReadStore(maxBytes: 64 << 20)
    var most = 0
    // A hundred a millisecond, each alive for one: nobody looks any of them up again.
    for index in 0..<20_000 {
      let now = Int64(index) * 10
      let read = CacheSamples.read(
        CacheSamples.key("thing-\(index)"), at: now, until: now + 1_000)
      #expect(store.store(read, at: now) == .stored)
      most = max(most, store.count)
    }
    #expect(most < 150)
    #expect(store.evictions.capacity == 0)
    #expect(store.evictions.expired > 19_000)
  }

  @Test func `room is made of what has expired first`() {
    var store = ReadStore(maxBytes: 256 << 10)
    var alive: [ReadKey] = []
    // All of these are used, so that nothing but their end speaks against them.
    for index in 0..<400 {
      let key = CacheSamples.key("thing-\(index)")
      let dies = index % 2 == 0
      #expect(store.store(CacheSamples.read(key, until: dies ? 10 : .max), at: 0) == .stored)
      if !dies { alive.append(key) }
      for _ in 0..<3 { #expect(store.lookup(key, at: 0) != nil) }
    }
    #expect(store.evictions.capacity == 0)
    for index in 0..<190 {
      let key = CacheSamples.key("other-\(index)")
      #expect(store.store(CacheSamples.read(key), at: 10) == .stored)
    }
    #expect(store.evictions.capacity == 0)
    #expect(store.evictions.expired == 200)
    #expect(alive.allSatisfy { store.lookup($0, at: 10) != nil })
  }

  @Test func `an entry that is found and serves nobody is not used by that`() {
    var store = ReadStore(maxBytes: 512 << 10)
    let (used, found, peeked) = (
      Self.door, CacheSamples.key("window"), CacheSamples.key("gate")
    )
    for key in [used, found, peeked] {
      #expect(store.store(CacheSamples.read(key), at: 0) == .stored)
    }
    for _ in 0..<3 {
      #expect(store.lookup(used, at: 0) != nil)
      #expect(store.lookup(found, at: 0) { _ in nil as Int? } == nil)
      #expect(store.peek(peeked, at: 0) != nil)
    }
    for index in 0..<3_000 {
      _ = store.store(CacheSamples.read(CacheSamples.key("passing-\(index)")), at: 0)
    }
    #expect(store.peek(used, at: 0) != nil)
    #expect(store.peek(found, at: 0) == nil)
    #expect(store.peek(peeked, at: 0) == nil)
  }

  @Test func `who comes back soon after leaving stays through a scan`() {
    var store = ReadStore(maxBytes: 512 << 10)
    func scan(_ name: String, _ count: Int) {
      for index in 0..<count {
        _ = store.store(CacheSamples.read(CacheSamples.key("\(name)-\(index)")), at: 0)
      }
    }
    scan("first", 2_000)
    let capacity = store.count
    #expect(store.store(CacheSamples.read(Self.door, flight: 1), at: 0) == .stored)
    scan("second", capacity + 100)
    // Never used, it had to leave.
    #expect(store.lookup(Self.door, at: 0) == nil)
    #expect(store.store(CacheSamples.read(Self.door, flight: 2), at: 0) == .stored)
    // It was remembered, and is not let go with what passes now.
    scan("third", 2 * capacity)
    #expect(store.lookup(Self.door, at: 0) != nil)
    // Nothing else is.
    #expect(store.lookup(CacheSamples.key("first-1999"), at: 0) == nil)
  }

  @Test func `a store whose entries are all in use still makes room`() {
    var store = ReadStore(maxBytes: 64 << 10)
    var keys: [ReadKey] = []
    for index in 0..<1_000 {
      let key = CacheSamples.key("thing-\(index)")
      #expect(store.store(CacheSamples.read(key), at: 0) == .stored)
      #expect(store.lookup(key, at: 0) != nil)
      keys.append(key)
      for other in keys.suffix(100) { _ = store.lookup(other, at: 0) }
      #expect(store.bytes <= 64 << 10)
    }
    #expect(store.evictions.capacity + UInt64(store.count) == 1_000)
  }
}

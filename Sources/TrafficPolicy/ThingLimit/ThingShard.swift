// SPDX-License-Identifier: Apache-2.0

/// One part of the table of limits: a hash table with open addressing whose slots hold 24 bytes.
///
/// Linear probing, with entries in the order of their fingerprints along each run of slots and
/// deletion by backward shift, so that there are no tombstones (Robin Hood hashing, Celis 1986;
/// ordered hash tables, Amble and Knuth 1974): a search ends at the first entry that comes behind
/// what is searched for. Homes are found by multiplication (Lemire 2019), so the number of slots
/// need not be a power of two. They are kept between 84 and 94 hundredths full: at most 29 bytes an
/// entry, which leaves room within 32 for what the allocator holds back between arrays that grow.
/// What is done at a time is bounded by the size of one shard.
struct ThingShard {
  /// The least number of slots once there is an entry.
  static let fewestSlots = 8

  /// Slots that the hand looks at for each newcomer.
  static let handReach = 8

  /// Slots that the hand looks at for a newcomer for whom there is no room, at most.
  static let pressedHandReach = 16

  private var slots: [TrackedThing] = []

  /// Entries.
  private(set) var count = 0

  /// The next slot that the hand looks at.
  private var hand = 0

  /// The bits of a fingerprint that chose the shard: all entries share them.
  private let chosenBits: Int

  /// The latest instant that a caller brought. Two threads that read the clock one after the other
  /// may come in the other order; without this the second could find that an entry is gone which is
  /// still live for it.
  private var latest: Int64 = 0

  init(chosenBits: Int) {
    self.chosenBits = chosenBits
  }

  var slotCount: Int { self.slots.count }

  /// The present, or the latest instant known here if that is later.
  mutating func advance(to now: Int64) -> Int64 {
    self.latest = max(self.latest, now)
    return self.latest
  }

  /// The slot of an entry, for ``subscript(_:)``; true until the table is changed.
  func find(_ fingerprint: UInt64) -> Int? {
    guard self.count > 0 else { return nil }
    let index = self.position(of: fingerprint)
    return self.slots[index].fingerprint == fingerprint ? index : nil
  }

  /// The entry that ``find(_:)`` found.
  subscript(_ index: Int) -> TrackedThing {
    get { self.slots[index] }
    _modify { yield &self.slots[index] }
  }

  /// Adds an entry that is not there.
  ///
  /// - Returns: How many entries were forgotten on the occasion, because they were back to full.
  mutating func insert(_ thing: TrackedThing, now: Int64) -> Int {
    var forgotten = 0
    if (self.count + 1) * 16 > self.slots.count * 15 {
      forgotten = self.rebuild(now: now)
    }
    self.place(thing)
    self.count += 1
    return forgotten
  }

  /// Moves the hand over a few slots and forgets the entries there that are back to full.
  ///
  /// - Parameter isPressed: Whether nothing can be added before something is forgotten; then the
  ///   hand goes on until it finds something, as far as ``pressedHandReach``.
  /// - Returns: How many were forgotten.
  mutating func sweep(now: Int64, isPressed: Bool) -> Int {
    let before = self.count
    let reach = min(isPressed ? Self.pressedHandReach : Self.handReach, self.slots.count)
    var seen = 0
    while seen < reach, seen < Self.handReach || self.count == before {
      seen += 1
      let thing = self.slots[self.hand]
      if thing.fingerprint != 0, thing.isFull(now: now) {
        // The entry behind moves up into this slot, and is looked at next.
        self.remove(at: self.hand)
      } else {
        self.hand = self.next(self.hand)
      }
    }
    let forgotten = before - self.count
    // A new array is seven eighths full.
    let isSparse = self.slots.count * 24 > Self.slotsFitting(self.count) * 25
    return isSparse ? forgotten + self.rebuild(now: now) : forgotten
  }

  /// The slowest bucket fills in so many nanoseconds from now on: what is due later, by slower rules
  /// that hold no longer, is due then. Otherwise what is seldom seen might stay for ever.
  mutating func bound(toFillWithin nanoseconds: Int64, now: Int64) {
    let latest = now + nanoseconds
    for index in self.slots.indices {
      self.slots[index].readArrival = min(self.slots[index].readArrival, latest)
      self.slots[index].writeArrival = min(self.slots[index].writeArrival, latest)
    }
  }

  // MARK: - Slots

  private func home(of fingerprint: UInt64) -> Int {
    let rest = fingerprint << UInt64(self.chosenBits)
    return Int(truncatingIfNeeded: rest.multipliedFullWidth(by: UInt64(self.slots.count)).high)
  }

  private func next(_ index: Int) -> Int {
    index + 1 == self.slots.count ? 0 : index + 1
  }

  /// How many slots behind its home an entry stands.
  private func distance(of fingerprint: UInt64, at index: Int) -> Int {
    let distance = index - self.home(of: fingerprint)
    return distance < 0 ? distance + self.slots.count : distance
  }

  /// Where an entry stands, or would be put. There is an empty slot.
  private func position(of fingerprint: UInt64) -> Int {
    var index = self.home(of: fingerprint)
    var distance = 0
    while true {
      let resident = self.slots[index].fingerprint
      if resident == fingerprint || resident == 0 { return index }
      let residentDistance = self.distance(of: resident, at: index)
      if residentDistance < distance { return index }
      if residentDistance == distance && resident > fingerprint { return index }
      index = self.next(index)
      distance += 1
    }
  }

  /// Puts an entry where it belongs and moves those behind it on by one. There is an empty slot.
  private mutating func place(_ thing: TrackedThing) {
    var index = self.position(of: thing.fingerprint)
    var moving = thing
    while moving.fingerprint != 0 {
      swap(&self.slots[index], &moving)
      index = self.next(index)
    }
  }

  /// Takes an entry out and moves those behind it back by one, up to the first that is at home.
  private mutating func remove(at index: Int) {
    var hole = index
    while true {
      let follower = self.next(hole)
      let thing = self.slots[follower]
      if thing.fingerprint == 0 || self.distance(of: thing.fingerprint, at: follower) == 0 { break }
      self.slots[hole] = thing
      hole = follower
    }
    self.slots[hole] = .none
    self.count -= 1
  }

  /// The slots of a new array for so many entries and one more: seven eighths of it are filled.
  private static func slotsFitting(_ count: Int) -> Int {
    max(Self.fewestSlots, (count + 1) * 8 / 7)
  }

  /// Makes a new array for the entries that are not back to full.
  ///
  /// - Returns: How many were forgotten.
  private mutating func rebuild(now: Int64) -> Int {
    let before = self.count
    let first = self.firstInOrder
    let old = self.slots
    self.count = old.reduce(0) { $0 + ($1.fingerprint == 0 || $1.isFull(now: now) ? 0 : 1) }
    self.slots = Array(repeating: .none, count: Self.slotsFitting(self.count))
    self.hand = 0
    // In order, so that each entry's place is its home or the slot behind the one before.
    var free = 0
    for thing in [old[first...], old[..<first]].joined()
    where thing.fingerprint != 0 && !thing.isFull(now: now) {
      free = max(free, self.home(of: thing.fingerprint))
      if free < self.slots.count {
        self.slots[free] = thing
        free += 1
      } else {
        // Those for whom there is no slot up to the end stand at the beginning, before the others.
        self.place(thing)
      }
    }
    return before - self.count
  }

  /// The first slot behind the entries that stand at the beginning because there was no room for
  /// them at the end.
  private var firstInOrder: Int {
    self.slots.indices.first { index in
      let fingerprint = self.slots[index].fingerprint
      return fingerprint == 0 || self.home(of: fingerprint) <= index
    } ?? 0
  }
}

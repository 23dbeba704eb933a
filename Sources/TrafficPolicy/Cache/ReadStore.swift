// SPDX-License-Identifier: Apache-2.0

/// Answers to reads, bounded by the bytes they hold.
///
/// What gives way to newcomers is chosen by S3-FIFO (Yang et al., "FIFO queues are all you need for
/// cache eviction", SOSP 2023). A newcomer enters a small queue, a tenth of the bytes. Who is used
/// more than once there moves to the main queue; who is not leaves soon, and only its fingerprint
/// stays, so that it enters the main queue at once should it come back. At the end of the main
/// queue, each use since the last time there buys another round. So a scan over many things passes
/// through the small queue and leaves what is used alone.
///
/// Ends of life come on top of that. An entry past all its windows is dropped where it is met, has
/// no second chance, and is looked for: each store looks at the next few places of the table, so
/// that memory follows what is alive rather than creeping up to the bound.
///
/// Every operation takes constant time, counted over many, except ``removeAll(ofThing:)``, which
/// takes as long as the thing has entries. Not for sharing: whoever owns it guards it.
package struct ReadStore: ~Copyable {
  /// What became of an answer that was to be stored.
  package enum OnStore: Equatable, Sendable {
    case stored
    /// A flight that began later has brought an answer already, which stays.
    case refusedOutdated
    /// The answer would take more of the bound than one entry may.
    case refusedTooLarge
    /// The answer's life was over before it was stored.
    case refusedExpired
  }

  /// Entries that left, by reason.
  package struct Evictions: Equatable, Sendable {
    /// They gave way to others.
    package var capacity: UInt64 = 0
    /// Their time was over, stale windows included.
    package var expired: UInt64 = 0
    /// Their thing was written to.
    package var invalidated: UInt64 = 0
    /// A newer answer took their place.
    package var replaced: UInt64 = 0

    package init() {}
  }

  /// The most that one entry may take is this part of the bound, so that it cannot sweep the small
  /// queue empty.
  package static let largestPart = 16
  /// The small queue's part of the bytes of all entries.
  private static let smallPart = 10
  /// The part of the bound that fingerprints of former entries may take.
  private static let ghostPart = 64
  /// The part of a new bound that an arena may take which was laid out for another.
  private static let arenaPart = 4
  /// Places looked at for entries that have expired, with each answer stored.
  private static let sweptPlaces = 8
  /// Entries that one eviction may spare, so that no single call pays for a store full of entries
  /// that are all in use.
  private static let spared = 64

  package private(set) var maxBytes: Int
  package private(set) var evictions = Evictions()
  private var table = EntryTable()
  private var small = EntryQueue(.small)
  private var main = EntryQueue(.main)
  private var ghosts: GhostQueue
  /// The place that the next sweep begins with.
  private var hand: EntrySlot.Place = 0

  /// - Parameter maxBytes: for all entries, names and bookkeeping included. Below some 16 KiB
  ///   nothing fits; at zero nothing is stored.
  package init(maxBytes: Int) {
    self.maxBytes = maxBytes
    self.ghosts = GhostQueue(maxBytes: maxBytes / Self.ghostPart)
  }

  package var count: Int { self.table.count }

  /// Heap held by all entries and by the store itself, by estimate. Never above ``maxBytes``.
  package var bytes: Int { self.entryBytes + self.table.bytes + self.ghosts.bytes }

  /// What `use` makes of the entry under a key, which may be fresh or stale, and with or without
  /// document. Counts as a use of the entry unless it is nil: an entry that cannot serve those who
  /// ask has no claim to stay. An entry that has expired is dropped instead.
  package mutating func lookup<Use>(
    _ key: ReadKey, at now: Int64, as use: (StoredRead) -> Use?
  ) -> Use? {
    guard let place = self.findAlive(key, KeyHash(key), at: now),
      let use = self.table[place].read.flatMap(use)
    else { return nil }
    if self.table[place].uses < EntrySlot.mostUses { self.table[place].uses += 1 }
    return use
  }

  /// The entry under a key, without a use of it.
  package func peek(_ key: ReadKey, at now: Int64) -> StoredRead? {
    guard let place = self.table.find(key, KeyHash(key)), now < self.table[place].end else {
      return nil
    }
    return self.table[place].read
  }

  /// Takes an answer in, in place of the one under its key. That one leaves even if the new one
  /// cannot stay: a caller has seen something newer.
  package mutating func store(_ read: StoredRead, at now: Int64) -> OnStore {
    self.sweep(places: Self.sweptPlaces, at: now)
    let hash = KeyHash(read.key)
    var queue = EntryQueue.Role.small
    var uses: UInt8 = 0
    if let place = self.findAlive(read.key, hash, at: now) {
      if let flight = self.table[place].read?.flight, flight >= read.flight {
        return .refusedOutdated
      }
      // Whoever fetched anew used it.
      uses = min(self.table[place].uses + 1, EntrySlot.mostUses)
      queue = self.table[place].queue
      self.drop(place, .replaced)
    }
    guard !read.isExpired(at: now) else { return .refusedExpired }
    guard self.makeRoom(for: read, at: now) else { return .refusedTooLarge }
    if self.ghosts.recall(hash.key, amongLast: self.count) { queue = .main }
    let place = self.table.insert(read, hash)
    self.table[place].uses = uses
    self.enqueue(place, queue)
    return .stored
  }

  /// Drops the entry under a key if an earlier flight fetched it: for an answer that is given to
  /// callers and not stored.
  package mutating func remove(_ key: ReadKey, outdatedBy flight: UInt64) {
    guard let place = self.table.find(key, KeyHash(key)),
      let present = self.table[place].read, present.flight < flight
    else { return }
    self.drop(place, .replaced)
  }

  /// Drops all that is stored of a thing, and tells how many entries that were.
  @discardableResult
  package mutating func removeAll(ofThing thing: String) -> Int {
    let hash = KeyHash.ofThing(thing)
    let before = self.count
    var place = self.table.first(ofThing: hash)
    while place != EntrySlot.nowhere {
      let next = self.table[place].nextOfThing
      if self.table[place].hash.thing == hash, self.table[place].read?.key.thing == thing {
        self.drop(place, .invalidated)
      }
      place = next
    }
    return before - self.count
  }

  // MARK: - Another bound

  /// Moves the bound, if what is stored has room within it; else gives up some entries first, those
  /// that would be first to leave for newcomers, and is to be asked again. What is left stays.
  ///
  /// - Parameters:
  ///   - count: the most that leave at a time.
  /// - Returns: True if the bound is moved.
  package mutating func moveBound(to maxBytes: Int, dropping count: Int, at now: Int64) -> Bool {
    guard maxBytes != self.maxBytes else { return true }
    // Which of those who left would come back was a guess at another size.
    let ghosts = GhostQueue(maxBytes: maxBytes / Self.ghostPart)
    let usableBytes = maxBytes - ghosts.fullBytes
    // To lay the arena out anew takes the time of all that is left at once: a few entries more leave
    // for one that is somewhat too large.
    let isTolerable = self.table.bytes <= usableBytes / Self.arenaPart
    var dropped = 0
    while self.count > 0,
      self.entryBytes + (isTolerable ? self.table.bytes : self.table.leastBytes) > usableBytes
    {
      guard dropped < count else { return false }
      self.evict(within: usableBytes, at: now)
      dropped += 1
    }
    self.maxBytes = maxBytes
    self.ghosts = ghosts
    if self.entryBytes + self.table.bytes > usableBytes { self.compact() }
    return true
  }

  /// The arena never shrinks by itself: those who are left move to one of their own.
  private mutating func compact() {
    var table = EntryTable()
    var (small, main) = (EntryQueue(.small), EntryQueue(.main))
    for oldest in [self.small.oldest, self.main.oldest] {
      var place = oldest
      while place != EntrySlot.nowhere {
        let slot = self.table[place]
        place = slot.newer
        guard let read = slot.read else { continue }
        let moved = table.insert(read, slot.hash)
        table[moved].uses = slot.uses
        switch slot.queue {
        case .small: small.append(moved, in: &table)
        case .main: main.append(moved, in: &table)
        }
      }
    }
    (self.small, self.main, self.hand) = (small, main, 0)
    self.table = table
  }

  // MARK: - Looking at all

  /// Shows the entries among some places of the table, without a use of them. Places keep their
  /// entries as long as the bound does not change.
  ///
  /// - Returns: The place to go on from; nil at the end of the table.
  package func visit(
    from place: Int, places: Int, _ visit: (StoredRead) -> Void
  ) -> Int? {
    let end = min(place + places, Int(self.table.places))
    guard place < end else { return nil }
    for place in place..<end {
      if let read = self.table[EntrySlot.Place(place)].read { visit(read) }
    }
    return end
  }

  /// Drops what has expired among the next so many places of the table, round and round.
  private mutating func sweep(places: Int, at now: Int64) {
    for _ in 0..<min(places, Int(self.table.places)) {
      if self.hand >= self.table.places { self.hand = 0 }
      let place = self.hand
      self.hand += 1
      if self.table[place].read != nil, self.table[place].end <= now {
        self.drop(place, .expired)
      }
    }
  }

  /// Where a key's entry lies. One that has expired is dropped instead.
  private mutating func findAlive(
    _ key: ReadKey, _ hash: KeyHash, at now: Int64
  ) -> EntrySlot.Place? {
    guard let place = self.table.find(key, hash) else { return nil }
    guard self.table[place].end <= now else { return place }
    self.drop(place, .expired)
    return nil
  }

  // MARK: - Eviction

  private var entryBytes: Int { self.small.bytes + self.main.bytes }

  /// For entries and the table. The ghosts' share is kept free for them from the beginning.
  private var usableBytes: Int { self.maxBytes - self.ghosts.fullBytes }

  private mutating func makeRoom(for read: StoredRead, at now: Int64) -> Bool {
    guard read.byteSize <= self.maxBytes / Self.largestPart else { return false }
    while self.entryBytes + self.table.bytes + self.table.growthBytes + read.byteSize
      > self.usableBytes
    {
      guard self.count > 0 else { return false }
      self.evict(within: self.usableBytes, at: now)
    }
    return true
  }

  /// Drops one entry.
  private mutating func evict(within usableBytes: Int, at now: Int64) {
    var sparable = Self.spared
    while true {
      // Without room for anything the small queue is over its share even if nothing is in it.
      let isSmallDue =
        self.main.isEmpty
        || (!self.small.isEmpty && self.small.bytes >= usableBytes / Self.smallPart)
      let place = isSmallDue ? self.small.oldest : self.main.oldest
      guard place != EntrySlot.nowhere else { return }
      if self.table[place].end <= now { return self.drop(place, .expired) }
      guard sparable > 0, self.spare(place) else { return self.drop(place, .capacity) }
      sparable -= 1
    }
  }

  /// Gives an entry at the end of its queue another round in the main queue if it was used enough.
  private mutating func spare(_ place: EntrySlot.Place) -> Bool {
    let uses = self.table[place].uses
    switch self.table[place].queue {
    case .small:
      guard uses > 1 else { return false }
      self.dequeue(place)
      self.table[place].uses = 0
    case .main:
      guard uses > 0 else { return false }
      self.dequeue(place)
      self.table[place].uses = uses - 1
    }
    self.enqueue(place, .main)
    return true
  }

  /// Why an entry leaves.
  private enum Departure {
    case capacity, expired, invalidated, replaced
  }

  /// Lets an entry go. One that has shown its use and leaves because of time or a write is
  /// remembered: asked for again, it need not show its use again.
  private mutating func drop(_ place: EntrySlot.Place, _ departure: Departure) {
    let fingerprint = self.table[place].hash.key
    let queue = self.table[place].queue
    let isUsed = queue == .main || self.table[place].uses > 1
    self.dequeue(place)
    self.table.remove(place)
    switch departure {
    case .capacity:
      self.evictions.capacity += 1
      if queue == .small { self.ghosts.remember(fingerprint) }
    case .expired:
      self.evictions.expired += 1
      if isUsed { self.ghosts.remember(fingerprint) }
    case .invalidated:
      self.evictions.invalidated += 1
      if isUsed { self.ghosts.remember(fingerprint) }
    case .replaced:
      self.evictions.replaced += 1
    }
  }

  private mutating func enqueue(_ place: EntrySlot.Place, _ queue: EntryQueue.Role) {
    switch queue {
    case .small: self.small.append(place, in: &self.table)
    case .main: self.main.append(place, in: &self.table)
    }
  }

  private mutating func dequeue(_ place: EntrySlot.Place) {
    switch self.table[place].queue {
    case .small: self.small.remove(place, in: &self.table)
    case .main: self.main.remove(place, in: &self.table)
    }
  }
}

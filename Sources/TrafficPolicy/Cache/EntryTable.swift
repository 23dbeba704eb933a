// SPDX-License-Identifier: Apache-2.0

/// Entries in an arena of places, found by key and by thing.
///
/// Both indexes are hash tables with chains that grow by linear hashing (Litwin, 1980): a new place
/// brings one new bucket, which takes its share from one old bucket. So there are as many buckets as
/// places, chains hold one entry on average, nothing is ever rehashed as a whole, and no growth
/// makes one call wait. The arena grows in chunks and is never copied.
///
/// All entries of a thing lie in one chain. To find them costs their number and, on average, at
/// most one stranger.
struct EntryTable: ~Copyable {
  typealias Place = EntrySlot.Place

  /// Places that are allocated together.
  static let chunkPlaces = 32
  /// A chunk with its share of the list of chunks, whose room doubles.
  static let chunkBytes =
    mallocBytes(for: 32 + chunkPlaces * MemoryLayout<EntrySlot>.stride) + 2 * 8

  /// Entries held.
  private(set) var count = 0
  /// Places in the arena, free ones included, which is also the number of buckets.
  private(set) var places: Place = 0
  private var chunks: [[EntrySlot]] = []
  private var firstFree = EntrySlot.nowhere

  var bytes: Int { self.chunks.count * Self.chunkBytes }

  /// What a table would take that has no more places than entries.
  var leastBytes: Int {
    (self.count + Self.chunkPlaces - 1) / Self.chunkPlaces * Self.chunkBytes
  }

  /// What the table itself would grow by with one more entry.
  var growthBytes: Int {
    let isFull = self.firstFree == EntrySlot.nowhere && Int(self.places) % Self.chunkPlaces == 0
    return isFull ? Self.chunkBytes : 0
  }

  subscript(place: Place) -> EntrySlot {
    _read {
      yield self.chunks[Int(place) / Self.chunkPlaces][Int(place) % Self.chunkPlaces]
    }
    _modify {
      yield &self.chunks[Int(place) / Self.chunkPlaces][Int(place) % Self.chunkPlaces]
    }
  }

  /// Where the entry under a key lies.
  func find(_ key: ReadKey, _ hash: KeyHash) -> Place? {
    guard self.places > 0 else { return nil }
    var place = self[self.bucket(of: hash.key)].firstOfKeys
    while place != EntrySlot.nowhere {
      if self[place].hash == hash, self[place].read?.key == key { return place }
      place = self[place].nextOfKey
    }
    return nil
  }

  /// Takes in an entry whose key is not there yet.
  mutating func insert(_ read: StoredRead, _ hash: KeyHash) -> Place {
    let place = self.takeFreePlace()
    self[place].read = read
    self[place].end = read.lifetime.end
    self[place].hash = hash
    self.linkToKey(place)
    self.linkToThing(place)
    self.count += 1
    return place
  }

  /// Lets an entry go. It must be in no queue any more.
  mutating func remove(_ place: Place) {
    self.unlinkFromKey(place)
    self.unlinkFromThing(place)
    self[place].read = nil
    self[place].nextOfKey = self.firstFree
    self.firstFree = place
    self.count -= 1
  }

  /// Where entries of a thing begin. What follows may be of other things.
  func first(ofThing hash: UInt32) -> Place {
    guard self.places > 0 else { return EntrySlot.nowhere }
    return self[self.bucket(of: hash)].firstOfThings
  }

  // MARK: - Places

  private mutating func takeFreePlace() -> Place {
    guard self.firstFree == EntrySlot.nowhere else {
      let place = self.firstFree
      self.firstFree = self[place].nextOfKey
      return place
    }
    let place = self.places
    if Int(place) % Self.chunkPlaces == 0 {
      var chunk: [EntrySlot] = []
      chunk.reserveCapacity(Self.chunkPlaces)
      self.chunks.append(chunk)
    }
    self.chunks[self.chunks.count - 1].append(EntrySlot())
    self.places += 1
    self.splitBuckets(into: place)
    return place
  }

  // MARK: - Buckets

  /// The number of a hash's bucket: as many low bits of it as name a bucket that is there.
  private func bucket(of hash: UInt32) -> Place {
    let bits = UInt32.max >> UInt32(self.places.leadingZeroBitCount)
    let bucket = hash & bits
    return bucket < self.places ? bucket : hash & (bits >> 1)
  }

  /// Moves to the youngest bucket what belongs there, all of which lies in one older bucket.
  private mutating func splitBuckets(into new: Place) {
    guard new > 0 else { return }
    let old = new ^ (1 << UInt32(31 - new.leadingZeroBitCount))
    self.splitKeys(of: old)
    self.splitThings(of: old)
  }

  private mutating func splitKeys(of old: Place) {
    var place = self[old].firstOfKeys
    self[old].firstOfKeys = EntrySlot.nowhere
    while place != EntrySlot.nowhere {
      let next = self[place].nextOfKey
      self.linkToKey(place)
      place = next
    }
  }

  private mutating func splitThings(of old: Place) {
    var place = self[old].firstOfThings
    self[old].firstOfThings = EntrySlot.nowhere
    while place != EntrySlot.nowhere {
      let next = self[place].nextOfThing
      self.linkToThing(place)
      place = next
    }
  }

  private mutating func linkToKey(_ place: Place) {
    let bucket = self.bucket(of: self[place].hash.key)
    self[place].nextOfKey = self[bucket].firstOfKeys
    self[bucket].firstOfKeys = place
  }

  private mutating func unlinkFromKey(_ place: Place) {
    let bucket = self.bucket(of: self[place].hash.key)
    let next = self[place].nextOfKey
    var before = self[bucket].firstOfKeys
    guard before != place else {
      self[bucket].firstOfKeys = next
      return
    }
    while self[before].nextOfKey != place { before = self[before].nextOfKey }
    self[before].nextOfKey = next
  }

  private mutating func linkToThing(_ place: Place) {
    let bucket = self.bucket(of: self[place].hash.thing)
    let first = self[bucket].firstOfThings
    self[place].nextOfThing = first
    self[place].previousOfThing = EntrySlot.nowhere
    if first != EntrySlot.nowhere { self[first].previousOfThing = place }
    self[bucket].firstOfThings = place
  }

  private mutating func unlinkFromThing(_ place: Place) {
    let (previous, next) = (self[place].previousOfThing, self[place].nextOfThing)
    if next != EntrySlot.nowhere { self[next].previousOfThing = previous }
    if previous == EntrySlot.nowhere {
      self[self.bucket(of: self[place].hash.thing)].firstOfThings = next
    } else {
      self[previous].nextOfThing = next
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

/// A place of ``EntryTable``: an entry, and its links to others by place.
///
/// Three lists run through a place without an allocation of their own: the key's bucket, the
/// thing's bucket, and the queue that the entry waits in. A place is also a bucket itself: it holds
/// where two lists begin.
struct EntrySlot {
  /// A place by number. Four thousand million entries are more than memory holds.
  typealias Place = UInt32
  /// No place.
  static let nowhere = Place.max

  /// Nil while the place is free.
  var read: StoredRead?
  /// The end of the entry's life, here so that a sweep need not touch the entry.
  var end: Int64 = 0
  var hash = KeyHash(key: 0, thing: 0)

  /// The next entry of the key's bucket; of a free place, the next free one.
  var nextOfKey = Self.nowhere
  var nextOfThing = Self.nowhere
  var previousOfThing = Self.nowhere
  var newer = Self.nowhere
  var older = Self.nowhere

  /// Where the bucket with this place's number begins, in the index of keys and in that of things.
  var firstOfKeys = Self.nowhere
  var firstOfThings = Self.nowhere

  var queue = EntryQueue.Role.small
  /// Uses since the entry came into its queue, at most ``mostUses``.
  var uses: UInt8 = 0

  /// Two bits' worth, as the algorithm has it.
  static let mostUses: UInt8 = 3
}

/// What the indexes know of a key. The hash is keyed by a secret of the process's own, so that
/// nobody outside can choose names that fall together.
struct KeyHash: Equatable {
  var key: UInt32
  var thing: UInt32

  init(key: UInt32, thing: UInt32) {
    self.key = key
    self.thing = thing
  }

  init(_ key: ReadKey) {
    var hasher = Hasher()
    hasher.combine(key.thing)
    let thing = hasher
    hasher.combine(key.subject)
    self.key = UInt32(truncatingIfNeeded: hasher.finalize())
    self.thing = UInt32(truncatingIfNeeded: thing.finalize())
  }

  static func ofThing(_ thing: String) -> UInt32 {
    var hasher = Hasher()
    hasher.combine(thing)
    return UInt32(truncatingIfNeeded: hasher.finalize())
  }
}

// SPDX-License-Identifier: Apache-2.0

/// Answers to reads, bounded by the bytes they hold.
///
/// Not for sharing: whoever owns it guards it.
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

  /// The most that one entry may take: a sixteenth of the bound, well below the share of newcomers.
  package static let largestShare = 16

  package let maxBytes: Int
  package private(set) var evictions = Evictions()
  /// Heap held by all entries and by the store itself, by estimate. Never above `maxBytes`.
  package private(set) var bytes = 0
  private var entries: [ReadKey: StoredRead] = [:]

  package init(maxBytes: Int) {
    self.maxBytes = maxBytes
  }

  package var count: Int { self.entries.count }

  /// The entry under a key, fresh or stale, and with or without document: that is for the caller to
  /// look at. One that has expired is dropped instead. Counts as a use.
  package mutating func lookup(_ key: ReadKey, at now: Int64) -> StoredRead? {
    guard let read = self.entries[key] else { return nil }
    guard !read.isExpired(at: now) else {
      self.drop(key)
      self.evictions.expired += 1
      return nil
    }
    return read
  }

  /// Takes an answer in, in place of the one under its key. That one leaves even if the new one
  /// cannot stay: a caller has seen something newer.
  package mutating func store(_ read: StoredRead, at now: Int64) -> OnStore {
    if let present = self.entries[read.key], present.flight >= read.flight {
      return .refusedOutdated
    }
    self.remove(read.key, outdatedBy: read.flight)
    guard !read.isExpired(at: now) else { return .refusedExpired }
    guard read.byteSize <= self.maxBytes / Self.largestShare else { return .refusedTooLarge }
    while self.bytes + read.byteSize > self.maxBytes, let key = self.entries.first?.key {
      self.drop(key)
      self.evictions.capacity += 1
    }
    self.entries[read.key] = read
    self.bytes += read.byteSize
    return .stored
  }

  /// Drops the entry under a key if an earlier flight fetched it: for an answer that is given to
  /// callers and not stored.
  package mutating func remove(_ key: ReadKey, outdatedBy flight: UInt64) {
    guard let present = self.entries[key], present.flight < flight else { return }
    self.drop(key)
    self.evictions.replaced += 1
  }

  /// Drops all that is stored of a thing, and tells how many entries that were.
  @discardableResult
  package mutating func removeAll(ofThing thing: String) -> Int {
    let keys = self.entries.keys.filter { $0.thing == thing }
    for key in keys { self.drop(key) }
    self.evictions.invalidated += UInt64(keys.count)
    return keys.count
  }

  private mutating func drop(_ key: ReadKey) {
    guard let read = self.entries.removeValue(forKey: key) else { return }
    self.bytes -= read.byteSize
  }
}

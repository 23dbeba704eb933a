// SPDX-License-Identifier: Apache-2.0

/// Remembers keys that left not long ago, by fingerprints of 32 bits.
///
/// Kept as a table of buckets rather than a queue, as the paper proposes: a fingerprint carries the
/// number of its entry, and its age is told from that, so nothing needs to be taken out at the end;
/// a bucket that is full gives up its oldest. Two keys with one fingerprint are taken for one: with
/// 32,768 remembered, one newcomer in 131,072 is let into the main queue by mistake.
struct GhostQueue {
  private static let bucketPlaces = 8
  /// Places that are allocated together, when the first of them is needed: no call pays for the
  /// whole table.
  private static let largestPage = 512

  /// Fingerprint above, number of the entry below; zero is free. No pages until something is
  /// remembered.
  private var pages: [[UInt64]] = []
  private let pageCount: Int
  private let pagePlaces: Int
  private var allocatedPages = 0
  private var entered: UInt32 = 0

  /// - Parameter maxBytes: about the most that this may take; at least one bucket is taken.
  init(maxBytes: Int) {
    let places = max(Self.bucketPlaces, min(maxBytes, 1 << 32) / MemoryLayout<UInt64>.stride)
    let capacity = 1 << (Int.bitWidth - 1 - places.leadingZeroBitCount)
    self.pagePlaces = min(capacity, Self.largestPage)
    self.pageCount = capacity / self.pagePlaces
  }

  /// What this takes when all of it is in use.
  var fullBytes: Int { self.bytes(allocatedPages: self.pageCount) }

  var bytes: Int { self.pages.isEmpty ? 0 : self.bytes(allocatedPages: self.allocatedPages) }

  private func bytes(allocatedPages: Int) -> Int {
    let page = mallocBytes(for: 32 + self.pagePlaces * MemoryLayout<UInt64>.stride)
    let list = mallocBytes(for: 32 + self.pageCount * MemoryLayout<[UInt64]>.stride)
    return list + allocatedPages * page
  }

  mutating func remember(_ fingerprint: UInt32) {
    let (page, bucket) = self.bucket(of: fingerprint)
    if self.pages.isEmpty { self.pages = [[UInt64]](repeating: [], count: self.pageCount) }
    if self.pages[page].isEmpty {
      self.pages[page] = [UInt64](repeating: 0, count: self.pagePlaces)
      self.allocatedPages += 1
    }
    self.entered &+= 1
    var choice = bucket.lowerBound
    var greatestAge: UInt32 = 0
    for place in bucket {
      let content = self.pages[page][place]
      if content >> 32 == UInt64(fingerprint) {
        choice = place
        break
      }
      let age = content == 0 ? .max : self.age(of: content)
      if age > greatestAge { (choice, greatestAge) = (place, age) }
    }
    self.pages[page][choice] = UInt64(fingerprint) << 32 | UInt64(self.entered)
  }

  /// Whether a fingerprint is among the last so many that were remembered. It is forgotten by this.
  mutating func recall(_ fingerprint: UInt32, amongLast limit: Int) -> Bool {
    let (page, bucket) = self.bucket(of: fingerprint)
    guard !self.pages.isEmpty, !self.pages[page].isEmpty else { return false }
    for place in bucket {
      let content = self.pages[page][place]
      guard content != 0, content >> 32 == UInt64(fingerprint) else { continue }
      self.pages[page][place] = 0
      return Int(self.age(of: content)) < limit
    }
    return false
  }

  private func age(of content: UInt64) -> UInt32 {
    self.entered &- UInt32(truncatingIfNeeded: content)
  }

  /// Multiplied first, for the low bits choose the bucket of the key, and those that left together
  /// may have them in common.
  private func bucket(of fingerprint: UInt32) -> (page: Int, places: Range<Int>) {
    let mixed = UInt64(fingerprint &* 0x9E37_79B1)
    let places = UInt64(self.pageCount * self.pagePlaces)
    let first = Int((mixed * places) >> 32) & ~(Self.bucketPlaces - 1)
    let start = first % self.pagePlaces
    return (first / self.pagePlaces, start..<start + Self.bucketPlaces)
  }
}

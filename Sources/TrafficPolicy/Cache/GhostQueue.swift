// SPDX-License-Identifier: Apache-2.0

/// Remembers keys that left not long ago, by fingerprints of 32 bits.
///
/// Kept as a table of buckets rather than a queue, as the paper proposes: a fingerprint carries the
/// number of its entry, and its age is told from that, so nothing needs to be taken out at the end;
/// a bucket that is full gives up its oldest. Two keys with one fingerprint are taken for one: with
/// 32,768 remembered, one newcomer in 131,072 is let into the main queue by mistake.
struct GhostQueue {
  private static let bucketPlaces = 8

  /// Fingerprint above, number of the entry below; zero is free. Empty until something is
  /// remembered.
  private var places: [UInt64] = []
  private let capacity: Int
  private var entered: UInt32 = 0

  /// - Parameter maxBytes: the most that this may take; at least one bucket is taken.
  init(maxBytes: Int) {
    let places = max(Self.bucketPlaces, min(maxBytes, 1 << 32) / MemoryLayout<UInt64>.stride)
    self.capacity = 1 << (Int.bitWidth - 1 - places.leadingZeroBitCount)
  }

  /// What this takes once it is in use.
  var fullBytes: Int { mallocBytes(for: 32 + self.capacity * MemoryLayout<UInt64>.stride) }

  var bytes: Int { self.places.isEmpty ? 0 : self.fullBytes }

  mutating func remember(_ fingerprint: UInt32) {
    if self.places.isEmpty { self.places = [UInt64](repeating: 0, count: self.capacity) }
    self.entered &+= 1
    var choice = self.bucket(of: fingerprint).lowerBound
    var greatestAge: UInt32 = 0
    for place in self.bucket(of: fingerprint) {
      if self.places[place] >> 32 == UInt64(fingerprint) {
        choice = place
        break
      }
      let age = self.places[place] == 0 ? .max : self.age(at: place)
      if age > greatestAge { (choice, greatestAge) = (place, age) }
    }
    self.places[choice] = UInt64(fingerprint) << 32 | UInt64(self.entered)
  }

  /// Whether a fingerprint is among the last so many that were remembered. It is forgotten by this.
  mutating func recall(_ fingerprint: UInt32, amongLast limit: Int) -> Bool {
    guard !self.places.isEmpty else { return false }
    for place in self.bucket(of: fingerprint)
    where self.places[place] != 0 && self.places[place] >> 32 == UInt64(fingerprint) {
      let isRecent = Int(self.age(at: place)) < limit
      self.places[place] = 0
      return isRecent
    }
    return false
  }

  private func age(at place: Int) -> UInt32 {
    self.entered &- UInt32(truncatingIfNeeded: self.places[place])
  }

  /// The table's own choice of bits, for the low ones choose the bucket of the key.
  private func bucket(of fingerprint: UInt32) -> Range<Int> {
    let mixed = UInt64(fingerprint &* 0x9E37_79B1)
    let first = Int((mixed * UInt64(self.capacity / Self.bucketPlaces)) >> 32) * Self.bucketPlaces
    return first..<first + Self.bucketPlaces
  }
}

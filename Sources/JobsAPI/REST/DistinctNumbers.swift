// SPDX-License-Identifier: Apache-2.0

/// A generator for numbers that must differ, and need not be secret (xoshiro256**, Blackman and
/// Vigna). The system's own costs a call into the kernel for each number; it gives the seed.
package struct DistinctNumbers: RandomNumberGenerator, Sendable {
  private var a: UInt64
  private var b: UInt64
  private var c: UInt64
  private var d: UInt64

  package init(seededBy random: inout some RandomNumberGenerator) {
    self.a = random.next()
    self.b = random.next()
    self.c = random.next()
    self.d = random.next()
    // A state of zeros alone would stay one.
    if self.a | self.b | self.c | self.d == 0 { self.d = 1 }
  }

  package mutating func next() -> UInt64 {
    let result = Self.rotate(self.b &* 5, 7) &* 9
    let shifted = self.b << 17
    self.c ^= self.a
    self.d ^= self.b
    self.b ^= self.c
    self.a ^= self.d
    self.c ^= shifted
    self.d = Self.rotate(self.d, 45)
    return result
  }

  private static func rotate(_ word: UInt64, _ count: UInt64) -> UInt64 {
    word << count | word >> (64 - count)
  }
}

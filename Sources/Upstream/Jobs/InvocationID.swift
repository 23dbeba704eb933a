// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// The `amz-sdk-invocation-id` of one call: a random UUID (RFC 9562 §5.4) that all of its attempts
/// carry.
struct InvocationID: Equatable {
  private let high: UInt64
  private let low: UInt64

  init(using random: inout some RandomNumberGenerator) {
    // Version 4 and the variant stand in fixed bits.
    self.high = random.next() & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
    self.low = random.next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
  }

  /// Writes the 36 characters of the usual form.
  func write(to buffer: inout ByteBuffer) {
    Self.write(self.high, digits: 0..<8, to: &buffer)
    buffer.writeInteger(UInt8(ascii: "-"))
    Self.write(self.high, digits: 8..<12, to: &buffer)
    buffer.writeInteger(UInt8(ascii: "-"))
    Self.write(self.high, digits: 12..<16, to: &buffer)
    buffer.writeInteger(UInt8(ascii: "-"))
    Self.write(self.low, digits: 0..<4, to: &buffer)
    buffer.writeInteger(UInt8(ascii: "-"))
    Self.write(self.low, digits: 4..<16, to: &buffer)
  }

  private static func write(_ word: UInt64, digits: Range<UInt64>, to buffer: inout ByteBuffer) {
    for digit in digits {
      let nibble = UInt8(truncatingIfNeeded: word >> (60 - 4 * digit)) & 0xF
      buffer.writeInteger(
        nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10)
    }
  }
}

/// A generator for numbers that must differ, and need not be secret (xoshiro256**, Blackman and
/// Vigna). The system's own costs a call into the kernel for each number; it gives the seed.
struct DistinctNumbers: RandomNumberGenerator {
  private var a: UInt64
  private var b: UInt64
  private var c: UInt64
  private var d: UInt64

  init(seededBy random: inout some RandomNumberGenerator) {
    self.a = random.next()
    self.b = random.next()
    self.c = random.next()
    // A state of zeros alone would stay one.
    self.d = random.next() | 1
  }

  mutating func next() -> UInt64 {
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

// SPDX-License-Identifier: Apache-2.0

/// The SHA-256 of a bearer token: all that is kept of it.
package struct TokenDigest: Sendable {
  /// The 32 bytes, as words in their order.
  let words: InlineArray<4, UInt64>

  package init(_ bytes: InlineArray<32, UInt8>) {
    var words = InlineArray<4, UInt64>(repeating: 0)
    for index in 0..<32 { words[index / 8] = words[index / 8] << 8 | UInt64(bytes[index]) }
    self.words = words
  }

  /// Reads 64 hexadecimal digits of either case.
  init?(hex: ArraySlice<UInt8>) {
    guard hex.count == 64 else { return nil }
    var words = InlineArray<4, UInt64>(repeating: 0)
    for (index, digit) in hex.enumerated() {
      guard let value = Self.value(ofHexDigit: digit) else { return nil }
      words[index / 16] = words[index / 16] << 4 | value
    }
    self.words = words
  }

  private static func value(ofHexDigit digit: UInt8) -> UInt64? {
    switch digit.inLowerCase {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(digit - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"):
      UInt64(digit.inLowerCase - UInt8(ascii: "a") + 10)
    default: nil
    }
  }

  /// One if the two are equal, else zero, in the same time wherever they differ.
  func equality(_ other: TokenDigest) -> UInt64 {
    var difference: UInt64 = 0
    for index in 0..<4 { difference |= self.words[index] ^ other.words[index] }
    // The top bit of (d | -d) is set for every d but zero.
    return (difference | (0 &- difference)) >> 63 ^ 1
  }
}

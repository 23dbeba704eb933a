// SPDX-License-Identifier: Apache-2.0

/// Base64 of RFC 4648 §4 without padding, as gRPC sends the values of `-bin` metadata
/// (PROTOCOL-HTTP2.md, Requests: "implementations … should emit un-padded values").
package enum Base64 {
  package static func encode(_ bytes: Span<UInt8>) -> [UInt8] {
    [UInt8](capacity: (bytes.count * 4 + 2) / 3) { encoded in
      var position = 0
      while position + 3 <= bytes.count {
        let group =
          UInt32(bytes[position]) << 16 | UInt32(bytes[position + 1]) << 8
          | UInt32(bytes[position + 2])
        encoded.append(self.letter(group >> 18))
        encoded.append(self.letter(group >> 12))
        encoded.append(self.letter(group >> 6))
        encoded.append(self.letter(group))
        position += 3
      }
      self.encodeRest(of: bytes, from: position, into: &encoded)
    }
  }

  /// Reads base64, padded or not; bits left over in the last letter need not be zero.
  ///
  /// - Returns: Nil if a letter is none of the alphabet's, or the letters are not whole.
  package static func decode(_ text: Span<UInt8>) -> [UInt8]? {
    var count = text.count
    while count > 0, text.count - count < 2, text[count - 1] == UInt8(ascii: "=") { count -= 1 }
    guard count % 4 != 1 else { return nil }
    var decoded: [UInt8] = []
    decoded.reserveCapacity(count * 3 / 4)
    var (group, bits): (UInt32, Int) = (0, 0)
    for position in 0..<count {
      guard let value = self.value(of: text[position]) else { return nil }
      group = group << 6 | value
      bits += 6
      if bits >= 8 {
        bits -= 8
        decoded.append(UInt8(truncatingIfNeeded: group >> UInt32(bits)))
      }
    }
    return decoded
  }

  private static func value(of letter: UInt8) -> UInt32? {
    switch letter {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(letter - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(letter - UInt8(ascii: "a")) + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(letter - UInt8(ascii: "0")) + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }

  /// One byte over makes two letters, two bytes make three.
  private static func encodeRest(
    of bytes: Span<UInt8>, from position: Int, into encoded: inout OutputSpan<UInt8>
  ) {
    let rest = bytes.count - position
    guard rest > 0 else { return }
    let second: UInt32 = rest == 2 ? UInt32(bytes[position + 1]) : 0
    let group = UInt32(bytes[position]) << 16 | second << 8
    encoded.append(self.letter(group >> 18))
    encoded.append(self.letter(group >> 12))
    if rest == 2 { encoded.append(self.letter(group >> 6)) }
  }

  private static let alphabet: StaticString =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

  /// The letter for the last six bits.
  private static func letter(_ bits: UInt32) -> UInt8 {
    // Six bits count up to 63, and a static string's bytes live as long as the program.
    unsafe self.alphabet.utf8Start[Int(bits & 0b0011_1111)]
  }
}

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

// SPDX-License-Identifier: Apache-2.0

/// The encoding of `grpc-message` (PROTOCOL-HTTP2.md, Responses): printable ASCII as it is, `%` and
/// all other bytes of the UTF-8 form as `%XX`.
package enum PercentEncoding {
  /// Encodes at most `limitBytes` bytes of `text`, and never a part of a character.
  ///
  /// Spaces at either end are encoded as well: RFC 9113 §8.2.1 forbids them around a field value,
  /// and strict peers reset the stream over them.
  package static func encode(_ text: String, limitBytes: Int) -> [UInt8] {
    let bytes = text.utf8.span
    let count = self.cut(bytes, limitBytes: max(0, limitBytes))
    var encoded: [UInt8] = []
    encoded.reserveCapacity(count)
    for position in 0..<count {
      let byte = bytes[position]
      let isEdge = position == 0 || position == count - 1
      if self.isUnencoded(byte), !(byte == 0x20 && isEdge) {
        encoded.append(byte)
      } else {
        encoded.append(0x25)
        encoded.append(self.hexDigit(byte >> 4))
        encoded.append(self.hexDigit(byte & 0x0F))
      }
    }
    return encoded
  }

  /// Reads an encoded text back. What is no encoding is taken as it stands, and what is no UTF-8 is
  /// repaired: a message is for people, and one that is not quite right is better than none
  /// (PROTOCOL-HTTP2.md, Responses).
  package static func decode(_ bytes: Span<UInt8>) -> String {
    var decoded: [UInt8] = []
    decoded.reserveCapacity(bytes.count)
    var position = 0
    while position < bytes.count {
      if bytes[position] == 0x25, position + 2 < bytes.count,
        let high = self.value(ofHexDigit: bytes[position + 1]),
        let low = self.value(ofHexDigit: bytes[position + 2])
      {
        decoded.append(high << 4 | low)
        position += 3
      } else {
        decoded.append(bytes[position])
        position += 1
      }
    }
    return String(decoding: decoded, as: UTF8.self)
  }

  private static func value(ofHexDigit digit: UInt8) -> UInt8? {
    switch digit {
    case 0x30...0x39: digit - 0x30
    case 0x41...0x46: digit - 0x41 + 10
    case 0x61...0x66: digit - 0x61 + 10
    default: nil
    }
  }

  /// The longest start of `text` that takes at most so many bytes when it is encoded, and holds no
  /// part of a character. Spaces at its ends are counted as they are inside.
  package static func prefix(of text: String, encodedLimitBytes: Int) -> String {
    let bytes = text.utf8.span
    var (count, room) = (0, encodedLimitBytes)
    while count < bytes.count {
      room -= self.isUnencoded(bytes[count]) ? 1 : 3
      guard room >= 0 else { break }
      count += 1
    }
    guard count < bytes.count else { return text }
    return String(decoding: text.utf8.prefix(self.cut(bytes, limitBytes: count)), as: UTF8.self)
  }

  /// The greatest count within the limit after which a character begins.
  private static func cut(_ utf8: Span<UInt8>, limitBytes: Int) -> Int {
    guard utf8.count > limitBytes else { return utf8.count }
    var count = limitBytes
    while count > 0, utf8[count] & 0b1100_0000 == 0b1000_0000 { count -= 1 }
    return count
  }

  private static func isUnencoded(_ byte: UInt8) -> Bool {
    (0x20...0x7E).contains(byte) && byte != 0x25
  }

  private static func hexDigit(_ nibble: UInt8) -> UInt8 {
    nibble < 10 ? 0x30 + nibble : 0x41 + nibble - 10
  }
}

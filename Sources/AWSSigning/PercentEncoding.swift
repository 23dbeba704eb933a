// SPDX-License-Identifier: Apache-2.0

/// SigV4's own percent-encoding: only `A-Za-z0-9-._~` stay, and digits are upper case.
/// Source: AWS General Reference, "Create a signed AWS API request", `UriEncode`.
enum PercentEncoding {
  static func isUnreserved(_ byte: UInt8) -> Bool {
    let word = byte < 64 ? self.unreservedBelow64 : self.unreservedFrom64
    return byte < 128 && word >> UInt64(byte & 63) & 1 == 1
  }

  /// A bit for each character of `-.0123456789`.
  private static let unreservedBelow64: UInt64 = 0x03ff_6000_0000_0000
  /// A bit for each of `A` to `Z`, `_`, `a` to `z` and `~`.
  private static let unreservedFrom64: UInt64 = 0x47ff_fffe_87ff_fffe

  /// Writes up to three bytes.
  static func append(_ byte: UInt8, to output: inout OutputSpan<UInt8>) {
    if self.isUnreserved(byte) {
      output.append(byte)
    } else {
      output.append(UInt8(ascii: "%"))
      output.append(self.digit(byte >> 4))
      output.append(self.digit(byte & 0x0f))
    }
  }

  static func append(_ byte: UInt8, to buffer: inout [UInt8]) {
    buffer.append(addingCapacity: 3) { self.append(byte, to: &$0) }
  }

  /// The text behind a query value. Nil if an escape is cut short or the bytes are no UTF-8. A `+`
  /// is a plus: only forms use it for a space, and signers write `%20`.
  static func decode(_ encoded: some Sequence<UInt8>) -> String? {
    var bytes: [UInt8] = []
    var iterator = encoded.makeIterator()
    while let byte = iterator.next() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard let high = iterator.next().flatMap(self.nibble),
        let low = iterator.next().flatMap(self.nibble)
      else { return nil }
      bytes.append(high << 4 | low)
    }
    return String(validating: bytes, as: UTF8.self)
  }

  /// The byte that an escape stands for. Nil if the three bytes are none.
  static func escaped(_ percent: UInt8, _ high: UInt8, _ low: UInt8) -> UInt8? {
    guard percent == UInt8(ascii: "%"), let high = self.nibble(high), let low = self.nibble(low)
    else { return nil }
    return high << 4 | low
  }

  private static func digit(_ nibble: UInt8) -> UInt8 {
    nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "A") - 10 + nibble
  }

  private static func nibble(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    default: nil
    }
  }
}

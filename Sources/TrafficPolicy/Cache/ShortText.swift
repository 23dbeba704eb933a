// SPDX-License-Identifier: Apache-2.0

/// Up to 16 bytes of text that is being read, in one integer. What is longer equals no other text.
struct ShortText: Equatable {
  private static let capacity = 16

  private var packed: UInt128 = 0
  private var count = 0

  init() {}

  init(_ text: String) {
    for byte in text.utf8 { self.append(byte) }
  }

  mutating func append(_ byte: UInt8) {
    self.packed = self.packed << 8 | UInt128(byte)
    self.count = min(self.count + 1, Self.capacity + 1)
    if self.count > Self.capacity { self.packed = 0 }
  }

  /// The text; nil if it was too long.
  var text: String? {
    guard self.count <= Self.capacity else { return nil }
    let bytes = (0..<self.count).map {
      UInt8(truncatingIfNeeded: self.packed >> (8 * (self.count - 1 - $0)))
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The number that this is in decimal digits; nil if it is none.
  var number: Int64? {
    guard let text = self.text, text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
    return Int64(text)
  }
}

// SPDX-License-Identifier: Apache-2.0

/// Makes the ids that AWS puts into `x-amzn-RequestId`: a UUID of version 4 (RFC 9562 §5.4).
struct RequestIDs {
  private var random: SplitMix64

  init(seed: UInt64) {
    self.random = SplitMix64(seed: seed)
  }

  mutating func next() -> String {
    let high = self.random.next() & 0xffff_ffff_ffff_0fff | 0x4000
    let low = self.random.next() & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000
    return Self.text(high, low)
  }

  private static func text(_ high: UInt64, _ low: UInt64) -> String {
    var digits = InlineArray<36, UInt8>(repeating: UInt8(ascii: "-"))
    var position = 0
    for nibble in 0..<32 {
      if nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20 { position += 1 }
      let half = nibble < 16 ? high : low
      let value = UInt8(truncatingIfNeeded: half >> UInt64(60 - 4 * (nibble % 16))) & 0xf
      digits[position] = value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
      position += 1
    }
    do {
      return String(copying: try UTF8Span(validating: digits.span))
    } catch {
      // Not reached: hex digits and hyphens are UTF-8.
      return ""
    }
  }
}

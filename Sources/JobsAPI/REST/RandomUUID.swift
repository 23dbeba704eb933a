// SPDX-License-Identifier: Apache-2.0

/// A random UUID (version 4, RFC 9562 §5.4): the form of the ids that AWS's REST form carries, the
/// client's `amz-sdk-invocation-id` and the service's `x-amzn-RequestId`.
package struct RandomUUID: Equatable, Sendable {
  private let high: UInt64
  private let low: UInt64

  /// - Parameter random: gives two numbers; ``DistinctNumbers`` is good enough for an id.
  package init(using random: inout some RandomNumberGenerator) {
    // Version 4 and the variant stand in fixed bits.
    self.high = random.next() & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
    self.low = random.next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
  }

  /// The 36 characters of the usual form, in lower case.
  package var characters: InlineArray<36, UInt8> {
    var characters = InlineArray<36, UInt8>(repeating: UInt8(ascii: "-"))
    var position = 0
    for digit in 0..<32 {
      if digit == 8 || digit == 12 || digit == 16 || digit == 20 { position += 1 }
      let word = digit < 16 ? self.high : self.low
      let nibble = UInt8(truncatingIfNeeded: word >> UInt64(60 - 4 * (digit % 16))) & 0xF
      characters[position] =
        nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
      position += 1
    }
    return characters
  }

  /// The same as text.
  package var text: String {
    let characters = self.characters
    do {
      return String(copying: try UTF8Span(validating: characters.span))
    } catch {
      // Not reached: hex digits and hyphens are UTF-8.
      return ""
    }
  }
}

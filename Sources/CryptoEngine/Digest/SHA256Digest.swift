// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// The 32 bytes that SHA-256 and HMAC-SHA-256 give. A plain value: no heap.
package struct SHA256Digest: Sendable {
  package static let byteCount = 32
  package static let hexCount = 64

  /// The digest of no bytes at all: the payload hash of every GET (FIPS 180-4).
  package static let ofNothing = SHA256Digest(
    bytes: [
      0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9,
      0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52,
      0xb8, 0x55,
    ])

  package var bytes: InlineArray<32, UInt8>

  package init(bytes: InlineArray<32, UInt8>) {
    self.bytes = bytes
  }

  /// The digest as 64 lower-case hexadecimal digits.
  package var hex: InlineArray<64, UInt8> {
    var digits = InlineArray<64, UInt8>(repeating: 0)
    let bytes = self.bytes.span
    for index in bytes.indices {
      digits[2 &* index] = Self.digit(bytes[index] >> 4)
      digits[2 &* index &+ 1] = Self.digit(bytes[index] & 0x0f)
    }
    return digits
  }

  /// Appends the hexadecimal form; no allocation if the buffer has room for 64 bytes more.
  package func appendHex(to buffer: inout [UInt8]) {
    let digits = self.hex
    buffer.append(addingCapacity: Self.hexCount) { output in
      unsafe output.withUnsafeMutableBufferPointer { free, count in
        // There is room for all 64, as was asked for.
        unsafe digits.span.withUnsafeBufferPointer { digits in
          count += unsafe free.initialize(fromContentsOf: digits)
        }
      }
    }
  }

  /// Without a branch, so that all digits are made side by side: ASCII has 39 characters between `9`
  /// and `a`, and with 6 added, a nibble of 10 or more carries into the fifth bit.
  private static func digit(_ nibble: UInt8) -> UInt8 {
    UInt8(ascii: "0") &+ nibble &+ (nibble &+ 6) >> 4 &* 39
  }
}

extension SHA256Digest: Equatable {
  /// Takes the same time wherever the two differ.
  package static func == (left: SHA256Digest, right: SHA256Digest) -> Bool {
    constantTimeEqual(left.bytes.span, right.bytes.span)
  }
}

/// Compares without telling through time where two byte strings differ. Their lengths are no
/// secret: strings of unequal length are unequal at once.
package func constantTimeEqual(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
  guard left.count == right.count else { return false }
  if left.isEmpty { return true }
  // Both addresses are non-null and valid for `count` bytes: the spans are equal in length and
  // not empty.
  return unsafe left.withUnsafeBufferPointer { left in
    unsafe right.withUnsafeBufferPointer { right in
      unsafe CRYPTO_memcmp(left.baseAddress, right.baseAddress, left.count) == 0
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

/// Metadata whose names end in `-bin`: its values are base64 (PROTOCOL-HTTP2.md, "Requests").
package enum BinaryMetadata {
  /// Whether a value is one: what is between its commas is each base64 of RFC 4648 §4, padded or
  /// not. As in gRPC's own stacks, bits left over in the last letter need not be zero.
  package static func isValid(_ value: Span<UInt8>) -> Bool {
    var letters = 0
    var padding = 0
    for position in 0..<value.count {
      switch value[position] {
      case UInt8(ascii: ","):
        guard self.isWhole(letters, padding) else { return false }
        (letters, padding) = (0, 0)
      case UInt8(ascii: "="):
        padding += 1
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "+"), UInt8(ascii: "/"):
        guard padding == 0 else { return false }
        letters += 1
      default:
        return false
      }
    }
    return self.isWhole(letters, padding)
  }

  /// Letters come by fours. Two or three at the end are whole too, alone or filled up.
  private static func isWhole(_ letters: Int, _ padding: Int) -> Bool {
    switch letters % 4 {
    case 0: padding == 0
    case 1: false
    case let rest: padding == 0 || rest + padding == 4
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

/// The name of a region, fit to stand in a host name and in a signature's scope.
package struct AWSRegion: Hashable, Sendable {
  /// In lower case, without the mark of a pseudo-region.
  package let name: String
  /// True if the name was a pseudo-region's: `fips-us-west-2`, `us-west-2-fips`.
  package let isPseudoFIPS: Bool

  package static let rule =
    "a region's name such as eu-west-1: letters, digits and hyphens, at most 63"

  /// The check is botocore's, and also keeps anything else out of the host's name. Upper case is
  /// lowered, where botocore lets it into the scope and AWS refuses the signature.
  package init?(_ text: String) {
    let lowered = text.lowercased()
    guard Self.isValid(lowered) else { return nil }
    let cleaned = Self.removing("-fips", from: Self.removing("fips-", from: lowered))
    guard Self.isValid(cleaned) else { return nil }
    self.name = cleaned
    self.isPseudoFIPS = cleaned != lowered
  }

  private static func isValid(_ name: String) -> Bool {
    1...63 ~= name.utf8.count && name.utf8.allSatisfy(self.isLabelByte)
      && !name.hasPrefix("-") && !name.hasSuffix("-")
      && !name.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
  }

  static func isLabelByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
      true
    default:
      false
    }
  }

  private static func removing(_ part: String, from text: String) -> String {
    var rest = text.utf8[...]
    var kept: [UInt8] = []
    while let first = rest.first {
      if rest.starts(with: part.utf8) {
        rest = rest.dropFirst(part.utf8.count)
      } else {
        kept.append(first)
        rest = rest.dropFirst()
      }
    }
    return String(decoding: kept, as: UTF8.self)
  }
}

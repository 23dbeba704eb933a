// SPDX-License-Identifier: Apache-2.0

/// Where the parts of `field-name ":" OWS field-value OWS` lie in their line (RFC 9112 §5).
struct FieldLine {
  let name: Range<Int>
  /// Without the blanks around it.
  let value: Range<Int>

  /// Nil if the line is no field.
  init?(_ line: Span<UInt8>) {
    var end = 0
    while end < line.count, line[end].isTokenCharacter { end += 1 }
    guard end > 0, end < line.count, line[end] == UInt8(ascii: ":") else { return nil }
    self.name = 0..<end
    self.value = line.trimmed(end + 1..<line.count)
  }
}

extension Span<UInt8> {
  /// The range without the blanks and tabs at both of its ends.
  func trimmed(_ range: Range<Int>) -> Range<Int> {
    var (start, end) = (range.lowerBound, range.upperBound)
    while start < end, self[start].isBlank { start += 1 }
    while start < end, self[end - 1].isBlank { end -= 1 }
    return start..<end
  }

  /// Compares with a name or a token in lower case, which ignore case (RFC 9110 §5.1, §5.6.2).
  ///
  /// Both must be token characters, of which the bit tells nothing but the case of letters.
  func isToken(_ lowercased: String) -> Bool {
    var index = 0
    for byte in lowercased.utf8 {
      guard index < self.count, self[index] | 0x20 == byte else { return false }
      index += 1
    }
    return index == self.count
  }

  /// True if a list of tokens has this one (RFC 9110 §5.6.1).
  func listsToken(_ lowercased: String) -> Bool {
    var start = 0
    for end in 0...self.count where end == self.count || self[end] == UInt8(ascii: ",") {
      if self.extracting(self.trimmed(start..<end)).isToken(lowercased) { return true }
      start = end + 1
    }
    return false
  }
}

extension UInt8 {
  fileprivate var isBlank: Bool { self == 0x20 || self == 0x09 }

  /// `tchar` (RFC 9110 §5.6.2).
  fileprivate var isTokenCharacter: Bool {
    switch self {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
      UInt8(ascii: "."), UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"),
      UInt8(ascii: "%"), UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "*"),
      UInt8(ascii: "+"), UInt8(ascii: "^"), UInt8(ascii: "`"), UInt8(ascii: "|"),
      UInt8(ascii: "~"):
      true
    default: false
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

/// Texts as YAML that reads back as the same texts, here and by other programs.
enum YAMLText {
  /// A value, with quotes if it needs them.
  static func scalar(_ text: String) -> String {
    Self.isPlain(text) ? text : Self.quoted(text)
  }

  /// Words that YAML, or an old version of it, takes for something else than themselves.
  private static let words: Set<String> = [
    "null", "yes", "no", "on", "off", "y", "n",
  ]

  private static func isPlain(_ text: String) -> Bool {
    guard let first = text.utf8.first, Self.isLetterOrDigit(first) || first == UInt8(ascii: "/")
    else { return false }
    // `0660` is octal to some.
    if first == UInt8(ascii: "0"), text.utf8.count > 1, text.utf8.allSatisfy(Self.isDigit) {
      return false
    }
    return text.utf8.allSatisfy { Self.isLetterOrDigit($0) || Self.harmless.contains($0) }
      && text.utf8.last != UInt8(ascii: ":") && !Self.words.contains(text.lowercased())
  }

  private static let harmless = Set("./:=*,+-_@%".utf8)

  private static func isDigit(_ byte: UInt8) -> Bool {
    UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
  }

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    Self.isDigit(byte) || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
  }

  private static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      default:
        if Self.isPrintable(scalar) {
          quoted.unicodeScalars.append(scalar)
        } else {
          let digits = String(scalar.value, radix: 16)
          quoted += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
        }
      }
    }
    return quoted + "\""
  }

  /// Neither a control character nor one that breaks lines (YAML 1.1 §5.1, §5.4).
  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x20..<0x7f, 0xa0..<0x2028, 0x202a..<0xd800, 0xe000..<0xfeff, 0xff00..<0xfffe,
      0x10000...0x10ffff:
      true
    default: false
    }
  }

  /// Comment lines of at most 100 columns; whatever breaks a line in the text becomes a blank.
  static func comment(_ text: String) -> String {
    var lines: [String] = []
    var line = "#"
    for word in text.split(whereSeparator: \.isWhitespace) {
      if line.count + 1 + word.count > 100, line != "#" {
        lines.append(line)
        line = "#"
      }
      line += " \(word)"
    }
    return (lines + [line]).joined(separator: "\n") + "\n"
  }
}

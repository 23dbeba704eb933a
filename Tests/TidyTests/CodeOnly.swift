// SPDX-License-Identifier: Apache-2.0

/// Swift text with comments and the insides of strings turned to spaces.
///
/// Every byte keeps its place, so lines and columns stay true; code inside `\( )` stays. Regex
/// literals between slashes are not known here, and the project writes none.
struct CodeOnly {
  private let source: [UInt8]
  private var index = 0
  private var result: [UInt8]

  /// The blanked bytes of a Swift source text.
  static func bytes(of text: String) -> [UInt8] {
    var reader = CodeOnly(Array(text.utf8))
    reader.readCode(untilClosingParenthesis: false)
    return reader.result
  }

  static func text(of text: String) -> String {
    String(decoding: bytes(of: text), as: UTF8.self)
  }

  private init(_ source: [UInt8]) {
    self.source = source
    self.result = source
  }

  private func at(_ offset: Int) -> UInt8? {
    let position = self.index + offset
    return position < self.source.count ? self.source[position] : nil
  }

  private func startsWith(_ text: StaticString, at offset: Int = 0) -> Bool {
    let wanted = Array(text.description.utf8)
    let start = self.index + offset
    guard start + wanted.count <= self.source.count else { return false }
    return wanted.indices.allSatisfy { self.source[start + $0] == wanted[$0] }
  }

  private mutating func blank(_ count: Int) {
    let end = min(self.index + count, self.source.count)
    while self.index < end {
      if self.source[self.index] != UInt8(ascii: "\n") {
        self.result[self.index] = UInt8(ascii: " ")
      }
      self.index += 1
    }
  }

  private mutating func readCode(untilClosingParenthesis: Bool) {
    var depth = 0
    while let byte = self.at(0) {
      switch byte {
      case UInt8(ascii: "/") where self.startsWith("//"): self.blankLineComment()
      case UInt8(ascii: "/") where self.startsWith("/*"): self.blankBlockComment()
      case UInt8(ascii: "`"): self.blankRawIdentifier()
      case UInt8(ascii: "\""): self.blankString(hashes: 0)
      case UInt8(ascii: "#"):
        let hashes = self.countHashes(at: 0)
        if self.at(hashes) == UInt8(ascii: "\"") {
          self.blankString(hashes: hashes)
        } else {
          self.index += hashes
        }
      case UInt8(ascii: ")") where untilClosingParenthesis && depth == 0: return
      case UInt8(ascii: "("):
        depth += 1
        self.index += 1
      case UInt8(ascii: ")"):
        depth -= 1
        self.index += 1
      default: self.index += 1
      }
    }
  }

  private mutating func blankLineComment() {
    while let byte = self.at(0), byte != UInt8(ascii: "\n") { self.blank(1) }
  }

  /// Block comments nest in Swift.
  private mutating func blankBlockComment() {
    var depth = 0
    while self.index < self.source.count {
      if self.startsWith("/*") {
        depth += 1
        self.blank(2)
      } else if self.startsWith("*/") {
        depth -= 1
        self.blank(2)
        if depth == 0 { return }
      } else {
        self.blank(1)
      }
    }
  }

  /// A sentence between backticks is a name, and may hold quotes and braces.
  private mutating func blankRawIdentifier() {
    self.blank(1)
    while let byte = self.at(0), byte != UInt8(ascii: "`"), byte != UInt8(ascii: "\n") {
      self.blank(1)
    }
    self.blank(1)
  }

  private func countHashes(at offset: Int) -> Int {
    var count = 0
    while self.at(offset + count) == UInt8(ascii: "#") { count += 1 }
    return count
  }

  private mutating func blankString(hashes: Int) {
    let quotes = self.startsWith("\"\"\"", at: hashes) ? 3 : 1
    self.blank(hashes + quotes)
    while let byte = self.at(0) {
      if byte == UInt8(ascii: "\\"), self.countHashes(at: 1) >= hashes {
        self.blank(1 + hashes)
        if self.at(0) == UInt8(ascii: "(") {
          self.blank(1)
          self.readCode(untilClosingParenthesis: true)
        }
        self.blank(1)
      } else if self.closesString(quotes: quotes, hashes: hashes) {
        self.blank(quotes + hashes)
        return
      } else if byte == UInt8(ascii: "\n"), quotes == 1 {
        return
      } else {
        self.blank(1)
      }
    }
  }

  private func closesString(quotes: Int, hashes: Int) -> Bool {
    for offset in 0..<quotes where self.at(offset) != UInt8(ascii: "\"") { return false }
    return self.countHashes(at: quotes) >= hashes
  }
}

// SPDX-License-Identifier: Apache-2.0

/// Where a function, initialiser, subscript or computed property begins and ends.
struct FunctionExtent: Equatable {
  /// The line of the keyword, counted from one.
  let line: Int
  /// From the keyword's line to the line of the closing brace, both counted.
  let lineCount: Int

  private static let keywords: Set<String> = ["func", "init", "deinit", "subscript", "var"]

  /// Words that begin a declaration: one of them before a body means that there is no body.
  private static let declarations: Set<String> = [
    "actor", "associatedtype", "case", "class", "deinit", "enum", "extension", "fileprivate",
    "final", "func", "import", "init", "internal", "let", "mutating", "nonisolated", "override",
    "package", "private", "protocol", "static", "struct", "subscript", "typealias", "var",
  ]

  /// Every body in a Swift text, nested ones included.
  static func all(in text: String) -> [FunctionExtent] {
    let code = CodeOnly.bytes(of: text)
    var extents: [FunctionExtent] = []
    var line = 1
    var index = 0
    while index < code.count {
      if code[index] == UInt8(ascii: "\n") { line += 1 }
      guard isWord(code[index]) else {
        index += 1
        continue
      }
      let word = readWord(code, at: index)
      let end = index + word.utf8.count
      if keywords.contains(word), !isMember(code, at: index),
        let body = findBody(code, after: end, keyword: word)
      {
        extents.append(FunctionExtent(line: line, lineCount: countLines(code, index...body)))
      }
      index = end
    }
    return extents
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
      true
    default: false
    }
  }

  private static func readWord(_ code: [UInt8], at start: Int) -> String {
    String(decoding: code[start...].prefix(while: isWord), as: UTF8.self)
  }

  /// True for `.init(…)`, `self.init(…)` and argument labels, which declare nothing.
  private static func isMember(_ code: [UInt8], at start: Int) -> Bool {
    start > 0 && code[start - 1] == UInt8(ascii: ".")
  }

  private static func countLines(_ code: [UInt8], _ range: ClosedRange<Int>) -> Int {
    code[range].reduce(1) { $0 + ($1 == UInt8(ascii: "\n") ? 1 : 0) }
  }

  /// The index of the brace that closes the body, or nil when the declaration has none.
  private static func findBody(_ code: [UInt8], after start: Int, keyword: String) -> Int? {
    var depth = 0
    var index = start
    while index < code.count {
      switch code[index] {
      case UInt8(ascii: "("), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: ")"), UInt8(ascii: "]"): depth -= 1
      case UInt8(ascii: "{") where depth == 0: return findClosingBrace(code, from: index)
      case UInt8(ascii: "}") where depth == 0: return nil
      case UInt8(ascii: "=") where depth == 0 && keyword == "var": return nil
      case UInt8(ascii: "\n") where depth == 0:
        if keyword == "var" || nextLineDeclares(code, after: index) { return nil }
      default: break
      }
      index += 1
    }
    return nil
  }

  private static func nextLineDeclares(_ code: [UInt8], after newline: Int) -> Bool {
    let rest = code[(newline + 1)...].drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }
    guard let first = rest.first else { return true }
    if first == UInt8(ascii: "@") || first == UInt8(ascii: "#") { return true }
    return declarations.contains(readWord(code, at: rest.startIndex))
  }

  private static func findClosingBrace(_ code: [UInt8], from open: Int) -> Int? {
    var depth = 0
    for index in open..<code.count {
      if code[index] == UInt8(ascii: "{") { depth += 1 }
      if code[index] == UInt8(ascii: "}") {
        depth -= 1
        if depth == 0 { return index }
      }
    }
    return nil
  }
}

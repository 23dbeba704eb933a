// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Words that have no place in Sources.
enum WordRules {
  /// What must not stand in code, with what to do instead. Comments and strings do not count.
  static let bannedCode: [(word: String, instead: String)] = [
    ("print(", "log it"),
    ("try!", "throw it"),
    (" as! ", "check it"),
    ("fatalError(", "answer with an error"),
    ("@unchecked Sendable", "make it Sendable"),
    ("nonisolated(unsafe)", "isolate it"),
    ("public ", "package is enough"),
    ("import Foundation", "it costs tens of megabytes"),
  ]

  /// What must not stand anywhere, comments and strings included.
  static let bannedText = ["TO" + "DO", "FIX" + "ME"]

  /// Names that say nothing.
  static let emptyNames = ["Utils", "Util", "Helpers", "Helper", "Common", "Manager"]

  private static let declaration =
    #"\b(?:struct|class|enum|actor|protocol|typealias|macro)\s+(\w+)"#

  static func bannedWords(in file: SourceFile) -> [Violation] {
    let code = CodeOnly.text(of: file.text).components(separatedBy: "\n")
    let lines = file.text.components(separatedBy: "\n")
    return zip(code, lines).enumerated().flatMap { index, pair in
      let inCode = self.bannedCode.filter { self.holds(pair.0, $0.word) }
        .map { "`\($0.word.trimmingCharacters(in: .whitespaces))`: \($0.instead)" }
      let inText = self.bannedText.filter { pair.1.contains($0) }
        .map { "\($0): do it or file it" }
      return (inCode + inText).map { Violation(path: file.path, line: index + 1, rule: $0) }
    }
  }

  /// A word that begins with a letter counts only where no longer name ends in it.
  private static func holds(_ line: String, _ word: String) -> Bool {
    var start = line.startIndex
    while let range = line.range(of: word, range: start..<line.endIndex) {
      let before =
        range.lowerBound == line.startIndex ? " " : line[line.index(before: range.lowerBound)]
      if word.first?.isLetter != true || !(before.isLetter || before.isNumber || before == "_") {
        return true
      }
      start = range.upperBound
    }
    return false
  }

  static func emptyNames(in file: SourceFile) -> [Violation] {
    var names = [String(file.name.prefix { $0 != "." })]
    let code = CodeOnly.text(of: file.text) as NSString
    let pattern = try? NSRegularExpression(pattern: self.declaration)
    let matches =
      pattern?.matches(
        in: code as String, range: NSRange(location: 0, length: code.length)) ?? []
    names += matches.map { code.substring(with: $0.range(at: 1)) }
    return names.compactMap { name in
      self.emptyNames.first { name == $0 || name.hasSuffix($0) || name.hasPrefix($0 + "+") }
        .map { Violation(path: file.path, line: nil, rule: "\(name): `\($0)` says nothing") }
    }
  }

  /// Folders whose business is memory that Swift does not watch over.
  static let fences =
    Set(RoomMap.fences.values).union(["Sources/Gateway/Configuration/YAML/"])

  /// How far above an `unsafe` its reason may stand.
  static let reasonLines = 10

  /// Outside a fence, what Swift cannot check needs its reason beside it.
  static func unexplainedUnsafe(in file: SourceFile) -> [Violation] {
    if self.fences.contains(where: { file.path.hasPrefix($0) }) { return [] }
    let code = CodeOnly.text(of: file.text).components(separatedBy: "\n")
    let lines = file.text.components(separatedBy: "\n")
    var reason = -self.reasonLines - 1
    return lines.indices.compactMap { index in
      if lines[index].contains("//") && !lines[index].contains("// SPDX") { reason = index }
      guard self.holds(code[index], "unsafe "), index - reason > self.reasonLines else {
        return nil
      }
      return Violation(path: file.path, line: index + 1, rule: "`unsafe` without its reason")
    }
  }

  /// Places on somebody's machine.
  static let machinePaths = ["/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/"]

  static func machinePaths(in file: SourceFile) -> [Violation] {
    file.text.components(separatedBy: "\n").enumerated().flatMap { index, line in
      self.machinePaths.filter { line.contains($0) }
        .map { Violation(path: file.path, line: index + 1, rule: "machine path \($0)") }
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

import Testing

@Suite struct WordTests {
  @Test func `no banned word stands in Sources`() throws {
    #expect(try SourceTree.swiftSources().flatMap(WordRules.bannedWords) == [])
  }

  @Test func `no type or file has an empty name`() throws {
    #expect(try SourceTree.swiftSources().flatMap { WordRules.emptyNames(in: $0) } == [])
  }

  @Test(arguments: ["Sources", "Tests", "Protos", "deploy"])
  func `no file knows the machine it was written on`(folder: String) throws {
    let files = try SourceTree.files(
      under: folder,
      extensions: [
        "c", "conf", "h", "json", "md", "modulemap", "proto", "py", "sh", "swift", "txt", "yaml",
      ])
    #expect(files.flatMap { WordRules.machinePaths(in: $0) } == [])
  }

  @Test(arguments: [
    "print(1)", "  try! f()", "let a = b as! C", "fatalError(\"x\")",
    "final class A: @unchecked Sendable {}", "nonisolated(unsafe) var a = 1",
    "public struct A {}", "  public init() {}", "import Foundation", "import FoundationEssentials",
    "// TO" + "DO: later", "let a = 1  // FIX" + "ME", "let a = \"\\(b as! C)\"",
  ])
  func `a banned word is found`(line: String) {
    let file = SourceFile(path: "Sources/X/A.swift", text: "// A\n\(line)\n")
    #expect(WordRules.bannedWords(in: file).map(\.line) == [2])
  }

  @Test(arguments: [
    "// print(1)", "let a = \"try! \"", "self.fingerprint(1)", "let republic = 1",
    "/// Never `fatalError(`.", "case print", "let a = b as? C",
  ])
  func `a word that only looks banned is left alone`(line: String) {
    let file = SourceFile(path: "Sources/X/A.swift", text: "\(line)\n")
    #expect(WordRules.bannedWords(in: file) == [])
  }

  @Test(arguments: [
    ("StringUtils.swift", ""), ("Common.swift", ""), ("Helpers+Date.swift", ""),
    ("A.swift", "package struct PoolManager {}"), ("A.swift", "enum Helpers {}"),
    ("A.swift", "final class DateHelper {}"),
  ])
  func `an empty name is found`(name: String, text: String) {
    let file = SourceFile(path: "Sources/X/\(name)", text: text)
    #expect(WordRules.emptyNames(in: file).count == 1)
  }

  @Test func `a name that holds a banned word inside is left alone`() {
    let file = SourceFile(path: "Sources/X/CommonName.swift", text: "struct ManagerialView {}")
    #expect(WordRules.emptyNames(in: file) == [])
  }

  @Test(arguments: WordRules.machinePaths)
  func `a machine path is found`(path: String) {
    let file = SourceFile(path: "Tests/X/A.swift", text: "\nlet a = \"\(path)b\"\n")
    #expect(WordRules.machinePaths(in: file).map(\.line) == [2])
  }
}

// SPDX-License-Identifier: Apache-2.0

import Testing

@Suite struct WordTests {
  @Test func `no banned word stands in Sources`() throws {
    expectNone(try SourceTree.swiftSources().flatMap(WordRules.bannedWords))
  }

  @Test func `no type or file has an empty name`() throws {
    expectNone(try SourceTree.swiftSources().flatMap { WordRules.emptyNames(in: $0) })
  }

  @Test func `what Swift cannot check has its reason beside it`() throws {
    expectNone(try SourceTree.swiftSources().flatMap(WordRules.unexplainedUnsafe))
  }

  @Test(arguments: ["Sources", "Tests", "Protos", "deploy"])
  func `no file knows the machine it was written on`(folder: String) throws {
    let files = try SourceTree.files(
      under: folder,
      extensions: [
        "c", "conf", "h", "json", "md", "modulemap", "proto", "py", "sh", "swift", "txt", "yaml",
      ])
    expectNone(files.flatMap { WordRules.machinePaths(in: $0) })
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

  @Test func `an unsafe step without its reason is found outside the fences`() {
    let line = "let a = unsafe b()\n"
    func found(_ path: String, _ text: String) -> [Int?] {
      WordRules.unexplainedUnsafe(in: SourceFile(path: path, text: text)).map(\.line)
    }
    #expect(found("Sources/Transport/A.swift", "// SPDX\n\(line)") == [2])
    #expect(found("Sources/Transport/A.swift", "// The loop is pinned.\n\(line)") == [])
    #expect(found("Sources/HTTP2Engine/A.swift", line) == [])
    let far = "// A.\n" + String(repeating: "\n", count: 10)
    #expect(found("Sources/Transport/A.swift", "\(far)\(line)") == [12])
  }

  @Test(arguments: WordRules.machinePaths)
  func `a machine path is found`(path: String) {
    let file = SourceFile(path: "Tests/X/A.swift", text: "\nlet a = \"\(path)b\"\n")
    #expect(WordRules.machinePaths(in: file).map(\.line) == [2])
  }
}

// SPDX-License-Identifier: Apache-2.0

import Testing

@Suite struct SizeTests {
  @Test func `no function is longer than sixty lines`() throws {
    expectNone(try SourceTree.swiftSources().flatMap(SizeRules.longFunctions))
  }

  @Test func `no file is longer than five hundred lines`() throws {
    expectNone(try SourceTree.swiftSources().flatMap(SizeRules.longFile))
  }

  @Test func `nine files in ten stay under four hundred lines`() throws {
    expectNone(SizeRules.tooManyLongFiles(try SourceTree.swiftSources()))
  }

  @Test func `the sources are there to be read`() throws {
    #expect(try SourceTree.swiftSources().count > 20)
  }

  @Test func `a function of sixty-one lines is found and one of sixty is not`() {
    func sample(bodyLines: Int) -> SourceFile {
      let body = String(repeating: "    f()\n", count: bodyLines)
      return SourceFile(
        path: "Sources/X/A.swift", text: "struct A {\n  func g() {\n\(body)  }\n}\n")
    }
    #expect(SizeRules.longFunctions(in: sample(bodyLines: 58)) == [])
    let found = SizeRules.longFunctions(in: sample(bodyLines: 59))
    #expect(found.map(\.line) == [2])
  }

  @Test func `a file of five hundred and one lines is found`() {
    func sample(lines: Int) -> SourceFile {
      SourceFile(path: "Sources/X/A.swift", text: String(repeating: "//\n", count: lines))
    }
    #expect(SizeRules.longFile(sample(lines: 500)) == [])
    #expect(SizeRules.longFile(sample(lines: 501)).count == 1)
  }

  @Test func `two long files of eleven are too many and one is not`() {
    func sample(lines: Int) -> SourceFile {
      SourceFile(path: "Sources/X/A.swift", text: String(repeating: "//\n", count: lines))
    }
    let short = Array(repeating: sample(lines: 10), count: 9)
    let one = short + [sample(lines: 400), sample(lines: 401)]
    #expect(SizeRules.tooManyLongFiles(one) == [])
    let two = short + [sample(lines: 401), sample(lines: 401)]
    #expect(SizeRules.tooManyLongFiles(two).count == 2)
  }

  @Test(arguments: [
    // A requirement has no body; the next declaration's body is not its own.
    ("protocol P {\n  func a()\n  var b: Int { get }\n}\nfunc c() {\n}\n", [3, 5]),
    ("protocol P {\n  init(a: Int)\n}\nstruct S {}\n", []),
    // A brace in a string, a comment or a raw string is no brace.
    ("func a() {\n  b(\"}\") // }\n  /* } /* } */ */\n  c(#\"}\"#)\n}\n", [1]),
    ("func a() {\n  b(\"\"\"\n  } \"\n  \"\"\")\n}\n", [1]),
    ("func a() {\n  b(\"\\(c { \"}\" })}\")\n}\n", [1]),
    // A default argument's closure is not the body.
    ("func a(\n  b: () -> Void = { c() }\n)\n  where D: E\n{\n  f()\n}\n", [1]),
    // Calls of initialisers declare nothing.
    ("let a = B.init(c)\nif d {\n}\n", []),
    ("var a: Int {\n  1\n}\nvar b = c {\n}\n", [1]),
    ("func `a \"quoted { name`() {\n}\n", [1]),
  ])
  func `bodies are found where they begin`(text: String, lines: [Int]) {
    #expect(FunctionExtent.all(in: text).map(\.line) == lines)
  }

  @Test func `a body ends at its own closing brace`() {
    let text = "func a() {\n  if b {\n    c(\"}}}\")\n  }\n}\nfunc d() {\n}\n"
    #expect(
      FunctionExtent.all(in: text) == [
        FunctionExtent(line: 1, lineCount: 5), FunctionExtent(line: 6, lineCount: 2),
      ])
  }

  @Test func `blanking keeps every byte and line in its place`() throws {
    for file in try SourceTree.swiftSources() {
      let code = CodeOnly.bytes(of: file.text)
      #expect(code.count == file.text.utf8.count, "\(file.path)")
      let braces = code.reduce(0) { $0 + ($1 == UInt8(ascii: "{") ? 1 : 0) }
      let closed = code.reduce(0) { $0 + ($1 == UInt8(ascii: "}") ? 1 : 0) }
      #expect(braces == closed, "\(file.path)")
    }
  }
}

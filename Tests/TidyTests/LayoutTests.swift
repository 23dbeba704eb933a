// SPDX-License-Identifier: Apache-2.0

import Testing

@Suite struct LayoutTests {
  @Test func `only what is agreed lies at the top level`() throws {
    expectNone(LayoutRules.strangers(atTopLevel: try SourceTree.topLevel()))
  }

  @Test func `every Swift file lies in a room`() throws {
    expectNone(try SourceTree.swiftSources().flatMap(LayoutRules.homeless))
  }

  @Test func `every test lies with the tests of a room`() throws {
    let files = try SourceTree.files(under: "Tests", extensions: ["swift", "py", "sh", "json"])
    expectNone(files.flatMap(LayoutRules.homelessTest))
  }

  @Test(arguments: ["Sources", "Tests", "Protos", "deploy"])
  func `every file begins with its licence`(folder: String) throws {
    let files = try SourceTree.files(
      under: folder, extensions: ["swift", "h", "proto", "py", "sh"])
    let written = files.filter { !$0.path.hasPrefix("Sources/CJobsProto/") }
    expectNone(written.flatMap(LayoutRules.missingLicence))
  }

  @Test func `a stranger at the top level is found`() {
    let found = LayoutRules.strangers(atTopLevel: ["Sources", "notes.txt", "Package.resolved"])
    #expect(found.map(\.path) == ["notes.txt"])
  }

  @Test(arguments: [
    "", "import A\n", "\n// \(LayoutRules.licence)\n", "// Apache\n", "#!/bin/sh\necho\n",
  ])
  func `a missing licence is found`(text: String) {
    let file = SourceFile(path: "Sources/X/A.swift", text: text)
    #expect(LayoutRules.missingLicence(in: file).count == 1)
  }

  @Test(arguments: [
    "// \(LayoutRules.licence)\n", "#!/usr/bin/env bash\n# \(LayoutRules.licence)\n",
    "// swift-tools-version: 6.2\n// \(LayoutRules.licence)\n", "# \(LayoutRules.licence)\n",
  ])
  func `a licence in its place is left alone`(text: String) {
    let file = SourceFile(path: "Sources/X/A.swift", text: text)
    #expect(LayoutRules.missingLicence(in: file) == [])
  }

  @Test(arguments: ["Sources/A.swift", "Sources/Attic/A.swift"])
  func `a file outside any room is found`(path: String) {
    #expect(LayoutRules.homeless(SourceFile(path: path, text: "")).count == 1)
  }

  @Test(arguments: ["Tests/A.swift", "Tests/AtticTests/A.swift", "Tests/Attic/A.swift"])
  func `a test outside any room's tests is found`(path: String) {
    #expect(LayoutRules.homelessTest(SourceFile(path: path, text: "")).count == 1)
  }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Where files lie and how they begin.
enum LayoutRules {
  static let licence = "SPDX-License-Identifier: Apache-2.0"

  /// Everything that may lie at the top level besides entries that begin with a dot.
  static let topLevel: Set<String> = [
    "LICENSE", "Package.swift", "Protos", "README.md", "Sources", "Tests", "deploy",
  ]

  /// Made by SwiftPM and ignored by git.
  static let made: Set<String> = ["Package.resolved"]

  /// Folders of Tests that are not the tests of one room.
  static let testFolders: Set<String> = [
    "Benchmarks", "Corpus", "EndToEnd", "Fuzzing", "GatewayTestKit", "RESTTestKit", "TidyTests",
    "Vectors",
  ]

  static func strangers(atTopLevel entries: [String]) -> [Violation] {
    entries.filter { !self.topLevel.contains($0) && !self.made.contains($0) }
      .map { Violation(path: $0, line: nil, rule: "not at the top level") }
  }

  /// The licence stands on the first line, or on the second below a line that must be first.
  static func missingLicence(in file: SourceFile) -> [Violation] {
    let lines = file.text.split(separator: "\n", maxSplits: 2, omittingEmptySubsequences: false)
    let first = lines.first ?? ""
    let mustBeFirst = first.hasPrefix("#!") || first.hasPrefix("// swift-tools-version")
    let line = mustBeFirst ? lines.dropFirst().first ?? "" : first
    let isLicence = line == "// \(self.licence)" || line == "# \(self.licence)"
    return isLicence ? [] : [Violation(path: file.path, line: 1, rule: "no licence line")]
  }

  /// A Swift file lies in a room that the map knows.
  static func homeless(_ file: SourceFile) -> [Violation] {
    guard let room = file.room, RoomMap.edges[room] != nil else {
      return [Violation(path: file.path, line: nil, rule: "lies in no known room")]
    }
    return []
  }

  /// A test lies in the folder of its room's tests, or in one of the few others.
  static func homelessTest(_ file: SourceFile) -> [Violation] {
    let parts = file.path.split(separator: "/")
    let isAtTop = parts.count == 2 && file.name.hasSuffix(".sh")
    let folder = parts.count > 2 ? String(parts[1]) : ""
    let room = folder.hasSuffix("Tests") ? String(folder.dropLast("Tests".count)) : ""
    if isAtTop || self.testFolders.contains(folder) || RoomMap.edges[room] != nil { return [] }
    return [Violation(path: file.path, line: nil, rule: "belongs to no room's tests")]
  }
}

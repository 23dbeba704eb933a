// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A text file of the project, by its path from the top of the repository.
struct SourceFile: Sendable {
  let path: String
  let text: String

  var name: String { String(self.path.split(separator: "/").last ?? "") }

  var lineCount: Int {
    self.text.split(separator: "\n", omittingEmptySubsequences: false).count - 1
  }

  /// The folder under Sources that the file lives in; nil for a file outside any.
  var room: String? {
    let parts = self.path.split(separator: "/")
    return parts.count >= 3 && parts[0] == "Sources" ? String(parts[1]) : nil
  }
}

/// Something that breaks a house rule, and where.
struct Violation: CustomStringConvertible, Equatable {
  let path: String
  var line: Int?
  let rule: String

  var description: String {
    self.line.map { "\(self.path):\($0): \(self.rule)" } ?? "\(self.path): \(self.rule)"
  }
}

/// Reports each violation by its place, so that an editor can jump to it.
func expectNone(_ violations: [Violation], sourceLocation: SourceLocation = #_sourceLocation) {
  for violation in violations {
    Issue.record("\(violation)", sourceLocation: sourceLocation)
  }
}

/// The project's own files, read from where this test was compiled.
enum SourceTree {
  static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// What lies at the top level, hidden entries left out.
  static func topLevel() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: self.root.path)
      .filter { !$0.hasPrefix(".") }.sorted()
  }

  /// The files below a folder whose names end in one of the given extensions.
  static func files(under folder: String, extensions: Set<String>) throws -> [SourceFile] {
    let start = self.root.appending(path: folder)
    let paths = FileManager.default.subpaths(atPath: start.path) ?? []
    return
      try paths
      .filter { extensions.contains(($0 as NSString).pathExtension) }
      .filter { !$0.split(separator: "/").contains { $0.hasPrefix(".") || $0 == "__pycache__" } }
      .sorted()
      .map {
        let text = try String(contentsOf: start.appending(path: $0), encoding: .utf8)
        return SourceFile(path: "\(folder)/\($0)", text: text)
      }
  }

  /// The Swift files of every room.
  static func swiftSources() throws -> [SourceFile] {
    try self.files(under: "Sources", extensions: ["swift"])
  }
}

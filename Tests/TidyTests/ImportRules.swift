// SPDX-License-Identifier: Apache-2.0

/// One `import` line.
struct Import: Equatable {
  let module: String
  /// True when the module's types may show in this module's own interface.
  let isExposed: Bool
  let line: Int

  private static let kinds: Set<Substring> = [
    "actor", "class", "enum", "func", "let", "protocol", "struct", "typealias", "var",
  ]

  static func all(in text: String) -> [Import] {
    let lines = CodeOnly.text(of: text).split(separator: "\n", omittingEmptySubsequences: false)
    return lines.enumerated().compactMap { index, line in
      let words = line.split { $0 == " " || $0 == ";" }
      guard let keyword = words.firstIndex(of: "import"),
        words[..<keyword].allSatisfy({ $0.hasPrefix("@") || $0.allSatisfy(\.isLowercase) }),
        let module = words[(keyword + 1)...].first(where: { !self.kinds.contains($0) })
      else { return nil }
      let access = words[..<keyword]
      return Import(
        module: String(module.prefix { $0 != "." }),
        isExposed: access.contains("package") || access.contains("public"),
        line: index + 1)
    }
  }
}

/// Which room may import what.
enum ImportRules {
  static func violations(in file: SourceFile) -> [Violation] {
    Import.all(in: file.text).compactMap { found in
      self.complaint(about: found, in: file).map {
        Violation(path: file.path, line: found.line, rule: $0)
      }
    }
  }

  private static func complaint(about found: Import, in file: SourceFile) -> String? {
    guard let room = file.room, let edges = RoomMap.edges[room] else {
      return "lies in no known room"
    }
    if let fence = RoomMap.fences[found.module] {
      if !file.path.hasPrefix(fence) { return "\(found.module) is imported only in \(fence)" }
      return found.isExposed ? "\(found.module) shows in the interface of its fence" : nil
    }
    if let rooms = RoomMap.outside[found.module] {
      return rooms.isEmpty || rooms.contains(room)
        ? nil : "\(room) must not import \(found.module)"
    }
    return edges.contains(found.module) ? nil : "\(room) must not import \(found.module)"
  }
}

// SPDX-License-Identifier: Apache-2.0

/// Turns the tree of a settings file into a flat table: a nested mapping's keys are joined by `-`, a
/// list is joined by `,`.
struct YAMLFlattener {
  private(set) var values: [String: String] = [:]
  /// Where each is set, counted from one.
  private(set) var lines: [String: Int] = [:]

  init(_ root: YAMLNode?) throws(YAMLReader.Failure) {
    // An empty document is a file without settings; any other lone scalar is a mistake.
    guard let root, !root.isNull else { return }
    switch root.content {
    case .mapping(let entries): try self.add(entries, prefix: "")
    case .list: throw .unsupported(line: root.line, what: "a list that is not the value of a key")
    case .scalar: throw .unsupported(line: root.line, what: "a file that is not a mapping")
    }
  }

  /// The tree's depth is bounded, and so is this.
  private mutating func add(
    _ entries: [YAMLNode.Entry], prefix: String
  ) throws(YAMLReader.Failure) {
    for entry in entries {
      let name = prefix + entry.key
      switch entry.value.content {
      case .mapping(let inner): try self.add(inner, prefix: name + "-")
      case .list(let items): try self.set(name, Self.joined(items), line: entry.line)
      case .scalar(let text, _):
        if !entry.value.isNull { try self.set(name, text, line: entry.line) }
      }
    }
  }

  private static func joined(_ items: [YAMLNode]) throws(YAMLReader.Failure) -> String {
    var texts: [String] = []
    for item in items {
      switch item.content {
      case .scalar(let text, _): texts.append(text)
      case .mapping: throw .unsupported(line: item.line, what: "a mapping inside a list")
      case .list:
        throw .unsupported(line: item.line, what: "a list that is not the value of a key")
      }
    }
    return texts.joined(separator: ",")
  }

  private mutating func set(
    _ name: String, _ text: String, line: Int
  ) throws(YAMLReader.Failure) {
    guard self.values[name] == nil else { throw .duplicateKey(line: line, key: name) }
    self.values[name] = text
    self.lines[name] = line
  }
}

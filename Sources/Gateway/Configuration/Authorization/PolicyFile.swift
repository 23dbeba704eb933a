// SPDX-License-Identifier: Apache-2.0

import Authorization

/// Reads the authorization policy: a list of rules, each a mapping.
///
///     rules:
///       - name: devices
///         identities: ["spiffe://fleet.example/thing/{thing}"]
///         operations: [all]
///         things: ["{thing}"]
enum PolicyFile {
  /// Bound on the file.
  static let byteLimit = YAMLReader.byteLimit

  /// What is wrong, and where.
  struct Fault: Error, Equatable, CustomStringConvertible {
    var line: Int
    var reason: String

    var description: String { "line \(self.line): \(self.reason)" }
  }

  /// - Throws: ``Fault``, for the first thing that is wrong.
  static func policy(of bytes: [UInt8]) throws(Fault) -> AuthorizationPolicy {
    let root: YAMLNode?
    do {
      root = try YAMLReader.tree(of: bytes)
    } catch {
      throw Fault(error)
    }
    // A file that says nothing is a slip of the pen; one that denies everything says `rules: []`.
    guard let root, !root.isNull else { throw Fault(line: 1, reason: "rules are missing") }
    let members = try Members(of: root, known: ["rules"], what: "the policy")
    let rules = try members.required("rules")
    guard case .list(let nodes) = rules.content else {
      throw Fault(line: rules.line, reason: "rules must be a list")
    }
    var names: Set<String> = []
    var result: [AuthorizationRule] = []
    for (index, node) in nodes.enumerated() {
      let rule = try Self.rule(node, number: index + 1)
      guard names.insert(rule.name).inserted else {
        throw Fault(line: node.line, reason: "there is a rule \"\(rule.name)\" already")
      }
      result.append(rule)
    }
    return try Fault.on(rules.line) { () throws(AuthorizationFault) in
      try AuthorizationPolicy(rules: result)
    }
  }

  private static func rule(_ node: YAMLNode, number: Int) throws(Fault) -> AuthorizationRule {
    let members = try Members(
      of: node, known: ["name", "identities", "operations", "things"], what: "a rule")
    let name = try members.optional("name").map { node throws(Fault) in try Self.name(node) }
    var identities: [IdentityPattern] = []
    for text in try members.texts("identities") {
      identities.append(
        try Fault.on(text.line) { () throws(AuthorizationFault) in
          try IdentityPattern(text.text)
        })
    }
    var operations: OperationSet = []
    for word in try members.texts("operations") {
      operations.formUnion(
        try Fault.on(word.line) { () throws(AuthorizationFault) in
          try OperationSet(word: word.text)
        })
    }
    var things: [ThingPattern] = []
    for text in try members.texts("things") {
      things.append(
        try Fault.on(text.line) { () throws(AuthorizationFault) in try ThingPattern(text.text) })
    }
    return try Fault.on(node.line) { () throws(AuthorizationFault) in
      try AuthorizationRule(
        name: name ?? "rule-\(number)", identities: identities, operations: operations,
        things: things)
    }
  }

  /// What audit lines repeat, so nothing that could be taken for another line.
  private static func name(_ node: YAMLNode) throws(Fault) -> String {
    let allowed = "a rule's name has 1 to 64 of [a-zA-Z0-9._-]"
    guard case .scalar(let name, _) = node.content, (1...64).contains(name.utf8.count),
      name.utf8.allSatisfy({ byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
          UInt8(ascii: "-"):
          true
        default: false
        }
      })
    else { throw Fault(line: node.line, reason: allowed) }
    return name
  }
}

extension PolicyFile.Fault {
  fileprivate init(_ failure: YAMLReader.Failure) {
    switch failure {
    case .syntax(let line, let problem): self.init(line: line, reason: problem)
    case .unsupported(let line, let what):
      self.init(line: line, reason: "\(what) is not understood here")
    case .duplicateKey(let line, let key): self.init(line: line, reason: "\(key) is set twice")
    }
  }

  /// Gives a fault of the rules the line that it stands on.
  fileprivate static func on<Value>(
    _ line: Int, _ body: () throws(AuthorizationFault) -> Value
  ) throws(PolicyFile.Fault) -> Value {
    do {
      return try body()
    } catch {
      throw PolicyFile.Fault(line: line, reason: error.description)
    }
  }
}

/// A mapping whose keys are all known.
private struct Members {
  private let line: Int
  private let what: String
  private var nodes: [String: YAMLNode] = [:]

  init(of node: YAMLNode, known: [String], what: String) throws(PolicyFile.Fault) {
    guard case .mapping(let entries) = node.content else {
      throw .init(
        line: node.line, reason: "\(what) is a mapping with \(known.joined(separator: ", "))")
    }
    self.line = node.line
    self.what = what
    for entry in entries {
      guard known.contains(entry.key) else {
        throw .init(line: entry.line, reason: "unknown key \"\(entry.key)\"")
      }
      self.nodes[entry.key] = entry.value
    }
  }

  func optional(_ key: String) -> YAMLNode? {
    self.nodes[key].flatMap { $0.isNull ? nil : $0 }
  }

  func required(_ key: String) throws(PolicyFile.Fault) -> YAMLNode {
    guard let node = self.optional(key) else {
      throw .init(line: self.line, reason: "\(self.what) has no \(key)")
    }
    return node
  }

  /// A list of texts, or one text alone.
  func texts(_ key: String) throws(PolicyFile.Fault) -> [(text: String, line: Int)] {
    let node = try self.required(key)
    let items: [YAMLNode] = if case .list(let items) = node.content { items } else { [node] }
    var texts: [(text: String, line: Int)] = []
    for item in items {
      guard case .scalar(let text, _) = item.content, !item.isNull else {
        // `[{thing}]` without quotes is a mapping.
        throw .init(
          line: item.line, reason: "\(key) must be texts; one with braces needs quotes")
      }
      texts.append((text, item.line))
    }
    guard !texts.isEmpty else { throw .init(line: node.line, reason: "\(key) must not be empty") }
    return texts
  }
}

// SPDX-License-Identifier: Apache-2.0

/// Turns the events of a YAML stream into the flat table. No library, no I/O.
struct YAMLFlattener {
  private(set) var values: [String: String] = [:]
  private var frames: [Frame] = []
  private var documents = 0

  private enum Frame {
    /// Inside a mapping; `key` is set between a key and its value.
    case mapping(prefix: String, key: String?)
    case sequence(name: String, items: [String])
  }

  mutating func received(_ event: YAMLEvent) throws(YAMLReader.Failure) {
    if event.hasAnchor { throw .unsupported(line: event.line, what: "an anchor") }
    switch event.kind {
    case .documentStart:
      self.documents += 1
      if self.documents > 1 { throw .unsupported(line: event.line, what: "a second document") }
    case .mappingStart: try self.mappingStarted(line: event.line)
    case .sequenceStart: try self.sequenceStarted(line: event.line)
    case .mappingEnd: self.frames.removeLast()
    case .sequenceEnd: try self.sequenceEnded(line: event.line)
    case .scalar(let text, let isPlain):
      try self.scalarArrived(text, isPlain: isPlain, line: event.line)
    case .alias: throw .unsupported(line: event.line, what: "an alias")
    case .end, .nothing: break
    }
  }

  private mutating func mappingStarted(line: Int) throws(YAMLReader.Failure) {
    guard self.frames.count < YAMLReader.depthLimit else {
      throw .unsupported(line: line, what: "nesting deeper than \(YAMLReader.depthLimit)")
    }
    switch self.frames.last {
    case nil:
      self.frames.append(.mapping(prefix: "", key: nil))
    case .mapping(let prefix, let key?):
      self.frames[self.frames.count - 1] = .mapping(prefix: prefix, key: nil)
      self.frames.append(.mapping(prefix: prefix + key + "-", key: nil))
    case .mapping(_, nil): throw .unsupported(line: line, what: "a mapping as a key")
    case .sequence: throw .unsupported(line: line, what: "a mapping inside a list")
    }
  }

  private mutating func sequenceStarted(line: Int) throws(YAMLReader.Failure) {
    guard case .mapping(let prefix, let key?) = self.frames.last else {
      throw .unsupported(line: line, what: "a list that is not the value of a key")
    }
    self.frames[self.frames.count - 1] = .mapping(prefix: prefix, key: nil)
    self.frames.append(.sequence(name: prefix + key, items: []))
  }

  private mutating func sequenceEnded(line: Int) throws(YAMLReader.Failure) {
    guard case .sequence(let name, let items) = self.frames.popLast() else { return }
    try self.set(name, items.joined(separator: ","), line: line)
  }

  private mutating func scalarArrived(
    _ text: String, isPlain: Bool, line: Int
  ) throws(YAMLReader.Failure) {
    switch self.frames.last {
    case nil:
      // An empty document is a file without settings; any other lone scalar is a mistake.
      guard isPlain, text.isEmpty else {
        throw .unsupported(line: line, what: "a file that is not a mapping")
      }
    case .mapping(let prefix, nil):
      self.frames[self.frames.count - 1] = .mapping(prefix: prefix, key: text)
    case .mapping(let prefix, let key?):
      self.frames[self.frames.count - 1] = .mapping(prefix: prefix, key: nil)
      let isNull = isPlain && ["", "~", "null"].contains(text)
      if !isNull { try self.set(prefix + key, text, line: line) }
    case .sequence(let name, let items):
      self.frames[self.frames.count - 1] = .sequence(name: name, items: items + [text])
    }
  }

  private mutating func set(
    _ name: String, _ text: String, line: Int
  ) throws(YAMLReader.Failure) {
    guard self.values[name] == nil else { throw .duplicateKey(line: line, key: name) }
    self.values[name] = text
  }
}

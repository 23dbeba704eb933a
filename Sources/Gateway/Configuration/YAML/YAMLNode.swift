// SPDX-License-Identifier: Apache-2.0

/// A part of a YAML file with the line that it begins on, counted from one.
struct YAMLNode: Equatable {
  indirect enum Content: Equatable {
    /// `isPlain` tells `null` from `"null"`.
    case scalar(String, isPlain: Bool)
    case list([YAMLNode])
    /// In the order of the file, each key once.
    case mapping([Entry])
  }

  struct Entry: Equatable {
    var key: String
    var line: Int
    var value: YAMLNode
  }

  var line: Int
  var content: Content

  /// Whether it is nothing at all: an empty value, `~` or `null`, without quotes.
  var isNull: Bool {
    guard case .scalar(let text, isPlain: true) = self.content else { return false }
    return ["", "~", "null"].contains(text)
  }
}

/// Builds the tree from the events of a YAML stream. No library, no I/O.
struct YAMLTreeBuilder {
  /// Nil until there is one, and for a file without a document.
  private(set) var root: YAMLNode?
  private var frames: [Frame] = []
  private var documents = 0

  /// A list or a mapping that has begun and not ended. It grows where it stands, so that none of
  /// its members is copied for each that follows.
  private struct Frame {
    var line: Int
    var isMapping: Bool
    var items: [YAMLNode] = []
    var entries: [YAMLNode.Entry] = []
    var keys: Set<String> = []
    /// Set between a key of a mapping and its value.
    var key: (text: String, line: Int)?
  }

  mutating func received(_ event: YAMLEvent) throws(YAMLReader.Failure) {
    if event.hasAnchor { throw .unsupported(line: event.line, what: "an anchor") }
    switch event.kind {
    case .documentStart:
      self.documents += 1
      if self.documents > 1 { throw .unsupported(line: event.line, what: "a second document") }
    case .mappingStart: try self.began(isMapping: true, line: event.line)
    case .sequenceStart: try self.began(isMapping: false, line: event.line)
    case .mappingEnd, .sequenceEnd: try self.ended()
    case .scalar(let text, let isPlain): try self.scalarArrived(text, isPlain: isPlain, event.line)
    case .alias: throw .unsupported(line: event.line, what: "an alias")
    case .end, .nothing: break
    }
  }

  private mutating func began(isMapping: Bool, line: Int) throws(YAMLReader.Failure) {
    guard self.frames.count < YAMLReader.depthLimit else {
      throw .unsupported(line: line, what: "nesting deeper than \(YAMLReader.depthLimit)")
    }
    if let frame = self.frames.last, frame.isMapping, frame.key == nil {
      throw .unsupported(line: line, what: "a mapping as a key")
    }
    self.frames.append(Frame(line: line, isMapping: isMapping))
  }

  private mutating func ended() throws(YAMLReader.Failure) {
    guard let frame = self.frames.popLast() else { return }
    let content: YAMLNode.Content =
      frame.isMapping ? .mapping(frame.entries) : .list(frame.items)
    try self.add(YAMLNode(line: frame.line, content: content))
  }

  private mutating func scalarArrived(
    _ text: String, isPlain: Bool, _ line: Int
  ) throws(YAMLReader.Failure) {
    let last = self.frames.count - 1
    if last >= 0, self.frames[last].isMapping, self.frames[last].key == nil {
      self.frames[last].key = (text, line)
    } else {
      try self.add(YAMLNode(line: line, content: .scalar(text, isPlain: isPlain)))
    }
  }

  private mutating func add(_ node: YAMLNode) throws(YAMLReader.Failure) {
    let last = self.frames.count - 1
    guard last >= 0 else { return self.root = node }
    guard let key = self.frames[last].key else { return self.frames[last].items.append(node) }
    guard self.frames[last].keys.insert(key.text).inserted else {
      throw .duplicateKey(line: key.line, key: key.text)
    }
    self.frames[last].entries.append(.init(key: key.text, line: key.line, value: node))
    self.frames[last].key = nil
  }
}

// SPDX-License-Identifier: Apache-2.0

// The libyaml fence. Out comes a tree of texts, or a flat table; no pointer or event leaves.

internal import CYAML

/// Reads the subset of YAML that configurations need: mappings, lists and scalars.
///
/// Anchors, aliases, a second document and a key given twice are refused, since in a configuration
/// each of them is more likely a mistake than a wish.
enum YAMLReader {
  /// Bounds on a file: bytes, and mappings and lists inside each other.
  static let byteLimit = 1 << 20
  static let depthLimit = 8

  enum Failure: Error, Equatable {
    case syntax(line: Int, problem: String)
    case unsupported(line: Int, what: String)
    case duplicateKey(line: Int, key: String)
  }

  /// The settings in a file: a nested mapping's keys are joined by `-`; a list of scalars is joined
  /// by `,`, as lists are in flags and variables.
  static func values(of bytes: [UInt8]) throws(Failure) -> [String: String] {
    try YAMLFlattener(self.tree(of: bytes)).values
  }

  /// All that a file says; nil for one that says nothing.
  static func tree(of bytes: [UInt8]) throws(Failure) -> YAMLNode? {
    guard bytes.count <= Self.byteLimit else {
      throw .unsupported(line: 1, what: "a file of more than \(Self.byteLimit) bytes")
    }
    let parser = try YAMLParser(bytes)
    var builder = YAMLTreeBuilder()
    while true {
      let event = try parser.next()
      if case .end = event.kind { return builder.root }
      try builder.received(event)
    }
  }
}

/// One step of a YAML stream.
struct YAMLEvent {
  enum Kind {
    case documentStart
    case mappingStart
    case mappingEnd
    case sequenceStart
    case sequenceEnd
    /// `isPlain` tells `null` from `"null"`.
    case scalar(String, isPlain: Bool)
    case alias
    case end
    case nothing
  }
  var kind: Kind
  var line: Int
  var hasAnchor = false
}

/// Owns a `yaml_parser_t` and the bytes it reads from.
@safe private final class YAMLParser {
  private let parser: UnsafeMutablePointer<yaml_parser_t>
  private let bytes: UnsafeMutableBufferPointer<UInt8>

  init(_ source: [UInt8]) throws(YAMLReader.Failure) {
    // libyaml keeps pointers into both, so both live on the heap until deinit.
    unsafe self.parser = .allocate(capacity: 1)
    unsafe self.bytes = .allocate(capacity: max(source.count, 1))
    _ = unsafe self.bytes.initialize(fromContentsOf: source)
    guard unsafe yaml_parser_initialize(self.parser) == 1 else {
      throw .unsupported(line: 0, what: "a machine without memory")
    }
    unsafe yaml_parser_set_input_string(self.parser, self.bytes.baseAddress, source.count)
    unsafe yaml_parser_set_encoding(self.parser, YAML_UTF8_ENCODING)
  }

  deinit {
    unsafe yaml_parser_delete(self.parser)
    unsafe self.parser.deallocate()
    unsafe self.bytes.deallocate()
  }

  func next() throws(YAMLReader.Failure) -> YAMLEvent {
    var event = unsafe yaml_event_t()
    guard unsafe yaml_parser_parse(self.parser, &event) == 1 else {
      let problem = unsafe self.parser.pointee.problem.map { unsafe String(cString: $0) }
      throw unsafe .syntax(
        line: Int(self.parser.pointee.problem_mark.line) + 1,
        problem: problem ?? "unreadable")
    }
    defer { unsafe yaml_event_delete(&event) }
    let line = unsafe Int(event.start_mark.line) + 1
    switch unsafe event.type {
    case YAML_DOCUMENT_START_EVENT: return YAMLEvent(kind: .documentStart, line: line)
    case YAML_MAPPING_START_EVENT:
      let anchor = unsafe event.data.mapping_start.anchor != nil
      return YAMLEvent(kind: .mappingStart, line: line, hasAnchor: anchor)
    case YAML_MAPPING_END_EVENT: return YAMLEvent(kind: .mappingEnd, line: line)
    case YAML_SEQUENCE_START_EVENT:
      let anchor = unsafe event.data.sequence_start.anchor != nil
      return YAMLEvent(kind: .sequenceStart, line: line, hasAnchor: anchor)
    case YAML_SEQUENCE_END_EVENT: return YAMLEvent(kind: .sequenceEnd, line: line)
    case YAML_SCALAR_EVENT:
      let scalar = unsafe event.data.scalar
      let text = unsafe String(
        decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
      return unsafe YAMLEvent(
        kind: .scalar(text, isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE), line: line,
        hasAnchor: scalar.anchor != nil)
    case YAML_ALIAS_EVENT: return YAMLEvent(kind: .alias, line: line)
    case YAML_STREAM_END_EVENT: return YAMLEvent(kind: .end, line: line)
    default: return YAMLEvent(kind: .nothing, line: line)
    }
  }
}

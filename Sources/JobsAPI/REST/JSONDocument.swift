// SPDX-License-Identifier: Apache-2.0

/// A JSON text and its parts, which all views of it share.
final class JSONDocument: Sendable {
  /// UTF-8, and well formed.
  private let bytes: [UInt8]
  /// In the order of the text, of which the first is the whole.
  let nodes: [JSONNode]

  init(parsing text: Span<UInt8>) throws(JSONError) {
    self.nodes = try [JSONNode](of: text)
    // Copied at once, and in one piece.
    self.bytes = unsafe text.withUnsafeBufferPointer { unsafe Array($0) }
  }

  /// What stands in the text for a node; of a string, between its quotes.
  func source(at index: Int) -> String {
    let range = self.nodes[index].range
    return String(decoding: self.bytes[range], as: UTF8.self)
  }

  /// What a node that is a string says.
  func string(at index: Int) -> String {
    let node = self.nodes[index]
    guard node.kind == .escapedString else { return self.source(at: index) }
    let bytes = self.bytes
    return JSONStringBytes.decode(
      bytes.span.extracting(node.range), count: node.range.count)
  }

  /// Whether a node that is a string says this, byte for byte.
  func holds(_ text: String, at index: Int) -> Bool {
    let node = self.nodes[index]
    guard node.kind == .plainString else {
      return self.string(at: index).utf8.elementsEqual(text.utf8)
    }
    let (start, utf8) = (node.range.lowerBound, text.utf8Span.span)
    guard node.range.count == utf8.count else { return false }
    for place in utf8.indices where self.bytes[start + place] != utf8[place] { return false }
    return true
  }

  /// What stands in the text for a node, without the space between its parts.
  func compactSource(at index: Int) -> String {
    let node = self.nodes[index]
    // The quotes of a string belong to its text.
    let range = node.isString ? node.range.lowerBound - 1..<node.range.upperBound + 1 : node.range
    let bytes = self.bytes
    return Self.compact(bytes.span.extracting(range))
  }

  /// The text of a value without the space between its parts.
  static func compact(_ source: Span<UInt8>) -> String {
    var compact: [UInt8] = []
    compact.reserveCapacity(source.count)
    var (isInString, isEscaped) = (false, false)
    for index in source.indices {
      let byte = source[index]
      if !isInString, JSONTokens.isSpace(byte) { continue }
      compact.append(byte)
      if byte == UInt8(ascii: "\""), !isEscaped { isInString.toggle() }
      isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
    }
    return String(decoding: compact, as: UTF8.self)
  }
}

/// One value of a JSON text, or the name of a member, which stands right before its value. What is
/// within a container comes right after it.
struct JSONNode {
  enum Kind {
    case object, array, plainString, escapedString, integer, real, `true`, `false`, null
  }

  var kind: Kind
  /// Where it begins and ends in the text; of a string, what is between its quotes.
  private var start: UInt32
  private var end: UInt32
  /// The node after this one and all that is within it.
  private var nextIndex: UInt32

  /// - Parameters:
  ///   - range: of a text that 32 bits count.
  ///   - next: of a text that has fewer nodes than bytes.
  init(_ kind: Kind, _ range: Range<Int>, next: Int) {
    self.kind = kind
    self.start = UInt32(range.lowerBound)
    self.end = UInt32(range.upperBound)
    self.nextIndex = UInt32(next)
  }

  var range: Range<Int> { Int(self.start)..<Int(self.end) }

  var next: Int { Int(self.nextIndex) }

  var isString: Bool { self.kind == .plainString || self.kind == .escapedString }

  /// A container is at its end.
  mutating func close(at end: Int, next: Int) {
    self.end = UInt32(end)
    self.nextIndex = UInt32(next)
  }
}

extension [JSONNode] {
  /// The nodes of a whole text.
  init(of text: Span<UInt8>) throws(JSONError) {
    self = []
    var tokens = JSONTokens()
    // Of the containers that have begun and not ended.
    var openIndices: [Int] = []
    while true {
      let token = try tokens.next(text)
      let range = tokens.start..<tokens.position
      switch token {
      case .objectStart, .arrayStart:
        openIndices.append(self.count)
        // Its end is noted when it is reached.
        self.add(tokens.isInObject ? .object : .array, range)
      case .objectEnd, .arrayEnd:
        guard let index = openIndices.popLast() else { continue }
        self[index].close(at: range.upperBound, next: self.count)
      case .name(let source), .string(let source):
        self.add(source.isEscaped ? .escapedString : .plainString, source.range)
      case .integer: self.add(.integer, range)
      case .real: self.add(.real, range)
      case .bool(let flag): self.add(flag ? .true : .false, range)
      case .null: self.add(.null, range)
      case .end: return
      }
    }
  }

  private mutating func add(_ kind: JSONNode.Kind, _ range: Range<Int>) {
    self.append(JSONNode(kind, range, next: self.count + 1))
  }
}

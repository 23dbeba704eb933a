// SPDX-License-Identifier: Apache-2.0

/// Reads a JSON text (RFC 8259) once, from its first byte to its last, and notes where each value is.
///
/// It does not recurse: what is open is in a list, so a text's depth takes nothing of the stack.
struct JSONParser: ~Copyable {
  /// Of values, the innermost included.
  private static let depthLimit = 2_048

  /// What an answer about one job has.
  private static let usualNodes = 32

  private(set) var nodes: [JSONNode] = []
  /// The containers that have begun and not ended.
  private var openNodes: [Int] = []
  private var position = 0

  mutating func parse(_ text: Span<UInt8>) throws(JSONError) {
    // A node counts in 32 bits; nobody here takes a text of a hundredth of that.
    guard text.count < UInt32.max else { throw .malformed(offset: 0) }
    do {
      _ = try UTF8Span(validating: text)
    } catch {
      throw .malformed(offset: error.byteOffsets.lowerBound)
    }
    self.nodes.reserveCapacity(Self.usualNodes)
    var isValueDue = true
    while isValueDue || !self.openNodes.isEmpty {
      isValueDue = isValueDue ? try self.readValue(text) : try self.readOn(text)
    }
    self.skipSpace(text)
    guard self.position == text.count else { throw self.malformed }
  }

  static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
  }

  // MARK: Structure

  /// Reads a scalar or the beginning of a container.
  ///
  /// - Returns: Whether a value must follow right away.
  private mutating func readValue(_ text: Span<UInt8>) throws(JSONError) -> Bool {
    self.skipSpace(text)
    guard self.position < text.count else { throw self.malformed }
    guard self.openNodes.count < Self.depthLimit else { throw .tooDeep }
    switch text[self.position] {
    case UInt8(ascii: "{"): return try self.open(.object, text)
    case UInt8(ascii: "["): return try self.open(.array, text)
    case UInt8(ascii: "\""): try self.readString(text)
    case UInt8(ascii: "t"): try self.read("true", as: .true, text)
    case UInt8(ascii: "f"): try self.read("false", as: .false, text)
    case UInt8(ascii: "n"): try self.read("null", as: .null, text)
    default: try self.readNumber(text)
    }
    return false
  }

  /// Reads what follows a value in the innermost container: a comma and perhaps a name, or the end.
  ///
  /// - Returns: Whether a value must follow right away.
  private mutating func readOn(_ text: Span<UInt8>) throws(JSONError) -> Bool {
    if self.closed(text) { return false }
    guard self.took(UInt8(ascii: ","), text) else { throw self.malformed }
    try self.readNameInObject(text)
    return true
  }

  private mutating func open(
    _ kind: JSONNode.Kind, _ text: Span<UInt8>
  ) throws(JSONError) -> Bool {
    self.openNodes.append(self.nodes.count)
    // Its end is noted when it is reached.
    self.nodes.append(JSONNode(kind, self.position..<self.position, next: 0))
    self.position += 1
    if self.closed(text) { return false }
    try self.readNameInObject(text)
    return true
  }

  /// Whether the innermost container ends here; then it is no longer open.
  private mutating func closed(_ text: Span<UInt8>) -> Bool {
    guard let index = self.openNodes.last else { return false }
    let isObject = self.nodes[index].kind == .object
    guard self.took(isObject ? UInt8(ascii: "}") : UInt8(ascii: "]"), text) else { return false }
    self.nodes[index].close(at: self.position, next: self.nodes.count)
    self.openNodes.removeLast()
    return true
  }

  private mutating func readNameInObject(_ text: Span<UInt8>) throws(JSONError) {
    guard let index = self.openNodes.last, self.nodes[index].kind == .object else { return }
    self.skipSpace(text)
    let name = self.nodes.count
    guard self.position < text.count, text[self.position] == UInt8(ascii: "\"") else {
      throw self.malformed
    }
    try self.readString(text)
    // Names with NUL are refused: in C they would be other names.
    if self.nodes[name].kind == .escapedString {
      guard !JSONEscape.holdsNUL(text.extracting(self.nodes[name].range)) else {
        throw self.malformed
      }
    }
    guard self.took(UInt8(ascii: ":"), text) else { throw self.malformed }
  }

  // MARK: Scalars

  private mutating func readString(_ text: Span<UInt8>) throws(JSONError) {
    self.position += 1
    let start = self.position
    var kind = JSONNode.Kind.plainString
    while true {
      self.position = JSONStringBytes.endOfPlain(in: text, from: self.position)
      guard self.position < text.count else { throw self.malformed }
      if text[self.position] == UInt8(ascii: "\"") { break }
      // Else it is a control character, or an escape.
      guard text[self.position] == UInt8(ascii: "\\"),
        let escape = JSONEscape(in: text, at: self.position)
      else { throw self.malformed }
      self.position += escape.count
      kind = .escapedString
    }
    self.append(kind, from: start)
    self.position += 1
  }

  private mutating func readNumber(_ text: Span<UInt8>) throws(JSONError) {
    let start = self.position
    var kind = JSONNode.Kind.integer
    if self.isAt("-", text) { self.position += 1 }
    if self.isAt("0", text) { self.position += 1 } else { try self.readDigits(text) }
    if self.isAt(".", text) {
      self.position += 1
      kind = .real
      try self.readDigits(text)
    }
    if self.isAt("e", text) || self.isAt("E", text) {
      self.position += 1
      kind = .real
      if self.isAt("+", text) || self.isAt("-", text) { self.position += 1 }
      try self.readDigits(text)
    }
    guard Self.isInRange(text.extracting(start..<self.position), kind) else {
      throw .numberOutOfRange(offset: start)
    }
    self.append(kind, from: start)
  }

  private static func isInRange(_ number: Span<UInt8>, _ kind: JSONNode.Kind) -> Bool {
    guard let utf8 = try? UTF8Span(validating: number) else { return false }
    let digits = String(copying: utf8)
    return kind == .real ? Double(digits)?.isFinite == true : Int64(digits) != nil
  }

  /// One at least.
  private mutating func readDigits(_ text: Span<UInt8>) throws(JSONError) {
    let start = self.position
    while self.position < text.count, 0x30...0x39 ~= text[self.position] { self.position += 1 }
    guard self.position > start else { throw self.malformed }
  }

  private mutating func read(
    _ word: StaticString, as kind: JSONNode.Kind, _ text: Span<UInt8>
  ) throws(JSONError) {
    let start = self.position
    for letter in word.description.utf8 {
      guard self.position < text.count, text[self.position] == letter else { throw self.malformed }
      self.position += 1
    }
    self.append(kind, from: start)
  }

  // MARK: Steps

  private var malformed: JSONError { .malformed(offset: self.position) }

  private mutating func append(_ kind: JSONNode.Kind, from start: Int) {
    self.nodes.append(JSONNode(kind, start..<self.position, next: self.nodes.count + 1))
  }

  private func isAt(_ letter: Unicode.Scalar, _ text: Span<UInt8>) -> Bool {
    self.position < text.count && text[self.position] == UInt8(ascii: letter)
  }

  /// Skips space, and a byte if it is this one.
  private mutating func took(_ byte: UInt8, _ text: Span<UInt8>) -> Bool {
    self.skipSpace(text)
    guard self.position < text.count, text[self.position] == byte else { return false }
    self.position += 1
    return true
  }

  private mutating func skipSpace(_ text: Span<UInt8>) {
    while self.position < text.count, Self.isSpace(text[self.position]) { self.position += 1 }
  }
}

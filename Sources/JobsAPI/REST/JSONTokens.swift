// SPDX-License-Identifier: Apache-2.0

/// One part of a JSON text. A string is where it stands; a number is read, for it must be in range.
enum JSONToken {
  case objectStart, objectEnd, arrayStart, arrayEnd
  case name(JSONStringSource), string(JSONStringSource)
  case integer(Int64), real(Double), bool(Bool), null
  /// Nothing follows but space.
  case end
}

/// Takes a JSON text (RFC 8259) apart, once, from its first byte to its last.
///
/// What is accepted is told at ``JSONValue/init(parsing:)-(Span<UInt8>)``; all that read JSON here
/// read it through this one grammar. It does not recurse, so a text's depth takes nothing of the
/// stack. The text is an argument of each step, and must be the same one each time.
struct JSONTokens: ~Copyable {
  /// Of values, the innermost included.
  private static let depthLimit = 2_048

  /// What may come next.
  private enum Due {
    case wholeText, value, nameOrEnd, elementOrEnd, commaOrEnd, endOfText
  }

  private var due = Due.wholeText
  private var openContainers = JSONNesting()
  /// Where the newest token begins.
  private(set) var start = 0
  /// Where the newest token ends; of a name, the colon behind it.
  private(set) var position = 0

  /// How many containers have begun and not ended.
  var depth: Int { self.openContainers.depth }

  /// Whether the innermost container is an object.
  var isInObject: Bool { self.openContainers.isObject }

  /// The next part of the text; once it has ended, ``JSONToken/end`` for ever.
  mutating func next(_ text: Span<UInt8>) throws(JSONError) -> JSONToken {
    self.skipSpace(text)
    self.start = self.position
    switch self.due {
    case .wholeText:
      try Self.check(text)
      return try self.readValue(text)
    case .value: return try self.readValue(text)
    case .nameOrEnd:
      return self.took(UInt8(ascii: "}"), text) ? self.close() : try self.readName(text)
    case .elementOrEnd:
      return self.took(UInt8(ascii: "]"), text) ? self.close() : try self.readValue(text)
    case .commaOrEnd: return try self.readOn(text)
    case .endOfText:
      guard self.position == text.count else { throw self.malformed }
      return .end
    }
  }

  private static func check(_ text: Span<UInt8>) throws(JSONError) {
    // Some who note places in a text count in 32 bits; nobody here takes a hundredth of that.
    guard text.count < UInt32.max else { throw .malformed(offset: 0) }
    do {
      _ = try UTF8Span(validating: text)
    } catch {
      throw .malformed(offset: error.byteOffsets.lowerBound)
    }
  }

  // MARK: Structure

  private mutating func readValue(_ text: Span<UInt8>) throws(JSONError) -> JSONToken {
    guard self.position < text.count else { throw self.malformed }
    guard self.depth < Self.depthLimit else { throw .tooDeep }
    let token: JSONToken
    switch text[self.position] {
    case UInt8(ascii: "{"): return self.open(.objectStart, then: .nameOrEnd)
    case UInt8(ascii: "["): return self.open(.arrayStart, then: .elementOrEnd)
    case UInt8(ascii: "\""): token = .string(try self.readString(text))
    case UInt8(ascii: "t"): token = try self.read("true", as: .bool(true), text)
    case UInt8(ascii: "f"): token = try self.read("false", as: .bool(false), text)
    case UInt8(ascii: "n"): token = try self.read("null", as: .null, text)
    default: token = try self.readNumber(text)
    }
    self.valueEnded()
    return token
  }

  /// A comma with what it promises, or the end of the innermost container.
  private mutating func readOn(_ text: Span<UInt8>) throws(JSONError) -> JSONToken {
    let isInObject = self.openContainers.isObject
    if self.took(isInObject ? UInt8(ascii: "}") : UInt8(ascii: "]"), text) { return self.close() }
    guard self.took(UInt8(ascii: ","), text) else { throw self.malformed }
    self.skipSpace(text)
    self.start = self.position
    return isInObject ? try self.readName(text) : try self.readValue(text)
  }

  private mutating func readName(_ text: Span<UInt8>) throws(JSONError) -> JSONToken {
    guard self.isAt(UInt8(ascii: "\""), text) else { throw self.malformed }
    let name = try self.readString(text)
    // Names with NUL are refused: in C they would be other names.
    guard !name.isEscaped || !JSONEscape.holdsNUL(text.extracting(name.range)) else {
      throw self.malformed
    }
    self.skipSpace(text)
    guard self.took(UInt8(ascii: ":"), text) else { throw self.malformed }
    self.due = .value
    return .name(name)
  }

  private mutating func open(_ token: JSONToken, then due: Due) -> JSONToken {
    self.position += 1
    self.openContainers.open(isObject: due == .nameOrEnd)
    self.due = due
    return token
  }

  private mutating func close() -> JSONToken {
    let isObject = self.openContainers.isObject
    self.openContainers.close()
    self.valueEnded()
    return isObject ? .objectEnd : .arrayEnd
  }

  private mutating func valueEnded() {
    self.due = self.depth == 0 ? .endOfText : .commaOrEnd
  }

  // MARK: Scalars

  private mutating func readString(_ text: Span<UInt8>) throws(JSONError) -> JSONStringSource {
    self.position += 1
    let start = self.position
    var count = 0
    while true {
      let end = JSONStringBytes.endOfPlain(in: text, from: self.position)
      count += end - self.position
      self.position = end
      guard end < text.count else { throw self.malformed }
      if text[end] == UInt8(ascii: "\"") { break }
      // Else it is a control character, or an escape.
      guard let escape = JSONEscape(in: text, at: end) else { throw self.malformed }
      count += escape.meaningCount
      self.position += escape.count
    }
    self.position += 1
    return JSONStringSource(start..<self.position - 1, count: count)
  }

  private mutating func readNumber(_ text: Span<UInt8>) throws(JSONError) -> JSONToken {
    let isNegative = self.took(UInt8(ascii: "-"), text)
    let integer =
      self.took(UInt8(ascii: "0"), text)
      ? 0 : try self.readInteger(isNegative: isNegative, text)
    var isReal = false
    if self.took(UInt8(ascii: "."), text) {
      isReal = true
      try self.skipDigits(text)
    }
    if self.took(UInt8(ascii: "e"), text) || self.took(UInt8(ascii: "E"), text) {
      isReal = true
      if !self.took(UInt8(ascii: "+"), text) { _ = self.took(UInt8(ascii: "-"), text) }
      try self.skipDigits(text)
    }
    if isReal, let real = self.real(text) { return .real(real) }
    guard !isReal, let integer else { throw .numberOutOfRange(offset: self.start) }
    return .integer(integer)
  }

  /// Digits, one at least; nil if 64 bits do not hold what they say.
  private mutating func readInteger(
    isNegative: Bool, _ text: Span<UInt8>
  ) throws(JSONError) -> Int64? {
    let start = self.position
    try self.skipDigits(text)
    // Nineteen digits fit into the 64 bits of a magnitude.
    guard self.position - start <= 19 else { return nil }
    var magnitude: UInt64 = 0
    for index in start..<self.position {
      magnitude = magnitude &* 10 &+ UInt64(text[index] - UInt8(ascii: "0"))
    }
    guard isNegative else { return Int64(exactly: magnitude) }
    return magnitude <= Int64.min.magnitude ? Int64(truncatingIfNeeded: 0 &- magnitude) : nil
  }

  /// What has been read of a number, as a double; nil if it is beyond one.
  private func real(_ text: Span<UInt8>) -> Double? {
    guard let utf8 = try? UTF8Span(validating: text.extracting(self.start..<self.position)),
      let real = Double(String(copying: utf8)), real.isFinite
    else { return nil }
    return real
  }

  /// One at least.
  private mutating func skipDigits(_ text: Span<UInt8>) throws(JSONError) {
    let start = self.position
    while self.position < text.count, 0x30...0x39 ~= text[self.position] { self.position += 1 }
    guard self.position > start else { throw self.malformed }
  }

  private mutating func read(
    _ word: StaticString, as token: JSONToken, _ text: Span<UInt8>
  ) throws(JSONError) -> JSONToken {
    for letter in word.description.utf8 {
      guard self.took(letter, text) else { throw self.malformed }
    }
    return token
  }

  // MARK: Steps

  private var malformed: JSONError { .malformed(offset: self.position) }

  private func isAt(_ byte: UInt8, _ text: Span<UInt8>) -> Bool {
    self.position < text.count && text[self.position] == byte
  }

  /// Skips a byte if it is this one.
  private mutating func took(_ byte: UInt8, _ text: Span<UInt8>) -> Bool {
    guard self.isAt(byte, text) else { return false }
    self.position += 1
    return true
  }

  private mutating func skipSpace(_ text: Span<UInt8>) {
    while self.position < text.count, Self.isSpace(text[self.position]) { self.position += 1 }
  }

  static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
  }
}

/// Which containers are open, and of which kind: a bit each, so that only what is deeper than any
/// answer asks for memory.
private struct JSONNesting {
  private(set) var depth = 0
  /// Of the innermost 64 at most; the lowest is of the innermost.
  private var kinds: UInt64 = 0
  /// Of those around them, 64 each.
  private var outerKinds: [UInt64] = []

  /// Whether the innermost is an object.
  var isObject: Bool { self.kinds & 1 != 0 }

  mutating func open(isObject: Bool) {
    if self.depth > 0, self.depth.isMultiple(of: 64) { self.outerKinds.append(self.kinds) }
    self.kinds = self.kinds << 1 | (isObject ? 1 : 0)
    self.depth += 1
  }

  mutating func close() {
    self.kinds >>= 1
    self.depth -= 1
    if self.depth.isMultiple(of: 64), let outer = self.outerKinds.popLast() { self.kinds = outer }
  }
}

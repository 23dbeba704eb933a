// SPDX-License-Identifier: Apache-2.0

/// Reads one of AWS's answers straight into values, in one pass over its bytes.
///
/// A member that is null is as good as absent, as AWS's own readers have it; of two members with one
/// name the last wins. A member of another type than AWS's model gives it is noted as ``fault`` and
/// left out, for only the end of the text tells whether it is JSON at all. The text is an argument of
/// each step, and must be the same one each time.
struct ReplyReader: ~Copyable {
  private var tokens = JSONTokens()
  /// Of the newest member.
  private var name: JSONStringSource?
  /// The first value of a wrong type.
  private(set) var fault: JSONShapeError?
  /// True for a document of AWS's front door that says "error" under whatever status it came.
  private(set) var holdsError = false

  /// Forgets the fault that it answers.
  mutating func takeFault() -> JSONShapeError? {
    defer { self.fault = nil }
    return self.fault
  }

  // MARK: Structure

  /// Reads the whole text.
  ///
  /// - Returns: Nil if it is not an object, which then is its fault.
  mutating func answer<Value>(
    _ text: Span<UInt8>, _ read: (inout ReplyReader) throws(JSONError) -> Value
  ) throws(JSONError) -> Value? {
    let value = try self.object(text, read)
    // What follows, if it is not the end, is thrown.
    _ = try self.tokens.next(text)
    return value
  }

  /// Reads a value that is an object.
  ///
  /// - Parameter read: reads all of its members.
  mutating func object<Value>(
    _ text: Span<UInt8>, _ read: (inout ReplyReader) throws(JSONError) -> Value
  ) throws(JSONError) -> Value? {
    let token = try self.tokens.next(text)
    guard case .objectStart = token else {
      try self.leaveOut(token, for: .object, text)
      return nil
    }
    return try read(&self)
  }

  /// Reads a value that is a list of objects. Null elements are dropped.
  mutating func list<Element>(
    _ text: Span<UInt8>, _ readElement: (inout ReplyReader) throws(JSONError) -> Element
  ) throws(JSONError) -> [Element] {
    var elements: [Element] = []
    let name = self.name
    var token = try self.tokens.next(text)
    guard case .arrayStart = token else {
      try self.leaveOut(token, for: .list, text)
      return elements
    }
    while true {
      token = try self.tokens.next(text)
      switch token {
      case .arrayEnd: return elements
      case .objectStart: elements.append(try readElement(&self))
      default:
        self.name = name
        try self.leaveOut(token, for: .object, text)
      }
    }
  }

  /// Goes on to the next member of the innermost object, whose value must then be read or skipped;
  /// nil at the end of the object.
  mutating func nextMember(_ text: Span<UInt8>) throws(JSONError) -> JobsMember? {
    guard case .name(let name) = try self.tokens.next(text) else { return nil }
    self.name = name
    guard name.isEscaped else { return JobsMember(name: text.extracting(name.range)) }
    return JobsMember(name: name.string(in: text).utf8Span.span)
  }

  /// Skips a value.
  mutating func skip(_ text: Span<UInt8>) throws(JSONError) {
    try self.skip(try self.tokens.next(text), text)
  }

  /// Skips the value of a member that is not a part of an answer, unless it says "error".
  mutating func skip(_ member: JobsMember, _ text: Span<UInt8>) throws(JSONError) {
    let token = try self.tokens.next(text)
    switch (member, token) {
    case (.type, .string): self.holdsError = true
    case (.output, .objectStart):
      while let member = try self.nextMember(text) {
        // What lies deeper says nothing.
        try self.skip(member == .type ? .type : .other, text)
      }
    default: try self.skip(token, text)
    }
  }

  // MARK: Values

  mutating func string(_ text: Span<UInt8>) throws(JSONError) -> String? {
    let token = try self.tokens.next(text)
    if case .string(let source) = token { return source.string(in: text) }
    try self.leaveOut(token, for: .text, text)
    return nil
  }

  /// A state, of which no text is made unless it is not known.
  mutating func status(_ text: Span<UInt8>) throws(JSONError) -> JobExecutionStatus? {
    let token = try self.tokens.next(text)
    guard case .string(let source) = token else {
      try self.leaveOut(token, for: .text, text)
      return nil
    }
    guard source.isEscaped else {
      return JobExecutionStatus(awsWord: text.extracting(source.range))
    }
    return JobExecutionStatus(awsWord: source.string(in: text))
  }

  /// Fractions are cut toward zero, for AWS has sent times that have them. Digits in a string count
  /// too, as AWS's own readers have it.
  mutating func number(_ text: Span<UInt8>) throws(JSONError) -> Int64? {
    let token = try self.tokens.next(text)
    switch token {
    case .integer(let number): return number
    case .real(let real):
      if let number = Int64(towardZero: real) { return number }
    case .string(let source):
      if let number = Int64(source.string(in: text)) { return number }
    default: break
    }
    try self.leaveOut(token, for: .number, text)
    return nil
  }

  /// An object of strings. Pairs with a null value are dropped.
  mutating func details(_ text: Span<UInt8>) throws(JSONError) -> StatusDetails? {
    try self.object(text) { json throws(JSONError) in
      var details = StatusDetails.Builder()
      while case .name(let name) = try json.tokens.next(text) {
        let value = try json.string(text)
        details.set(name.string(in: text), to: value)
      }
      return details.details
    }
  }

  /// The job document: text on REST. An object, which is its form over MQTT, is put into text, for
  /// a write that succeeded must not fail here.
  mutating func document(_ text: Span<UInt8>) throws(JSONError) -> String? {
    let token = try self.tokens.next(text)
    let start = self.tokens.start
    switch token {
    case .string(let source): return source.string(in: text)
    case .objectStart:
      try self.skip(token, text)
      return JSONDocument.compact(text.extracting(start..<self.tokens.position))
    default:
      try self.leaveOut(token, for: .text, text)
      return nil
    }
  }

  // MARK: Steps

  /// Skips a value, which is no fault if it is null.
  private mutating func leaveOut(
    _ token: JSONToken, for expected: JSONShapeError.Expected, _ text: Span<UInt8>
  ) throws(JSONError) {
    if case .null = token { return }
    if self.fault == nil {
      let member = self.name?.string(in: text) ?? ""
      self.fault = JSONShapeError(member: member, expected: expected)
    }
    try self.skip(token, text)
  }

  /// Skips what is left of the value that begins with a token.
  private mutating func skip(_ token: JSONToken, _ text: Span<UInt8>) throws(JSONError) {
    switch token {
    case .objectStart, .arrayStart:
      let depth = self.tokens.depth
      while self.tokens.depth >= depth { _ = try self.tokens.next(text) }
    default: break
    }
  }
}

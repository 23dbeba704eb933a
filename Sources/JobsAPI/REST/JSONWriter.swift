// SPDX-License-Identifier: Apache-2.0

/// Writes JSON text, compact, in the order of the calls, without building a tree.
///
/// Objects and arrays are closed by the shape of the calls, so a text is always well formed:
/// ```swift
/// var json = JSONWriter()
/// json.object { json in
///   json.member("jobId", "j1")
///   json.member("startedAt", execution.startedAtSeconds)  // left out when nil
///   json.member("targets", array: { json in json.element("a") })
/// }
/// connection.write(json.bytes)
/// ```
/// Strings go out as UTF-8; only what RFC 8259 section 7 demands is escaped.
package struct JSONWriter {
  /// The text so far.
  package private(set) var bytes: [UInt8]
  private var needsComma = false

  package init(reserving capacity: Int = 256) {
    self.bytes = []
    self.bytes.reserveCapacity(capacity)
  }

  /// Writes the members that `body` adds as one object.
  package mutating func object(_ body: (inout JSONWriter) -> Void) {
    self.nest(UInt8(ascii: "{"), UInt8(ascii: "}"), body)
  }

  /// Writes the elements that `body` adds as one array.
  package mutating func array(_ body: (inout JSONWriter) -> Void) {
    self.nest(UInt8(ascii: "["), UInt8(ascii: "]"), body)
  }

  // MARK: Members of an object. A nil value leaves the member out.

  package mutating func member(_ name: String, _ value: String?) {
    guard let value else { return }
    self.name(name)
    self.element(value)
  }

  package mutating func member(_ name: String, _ value: Int64?) {
    guard let value else { return }
    self.name(name)
    self.element(value)
  }

  package mutating func member(_ name: String, _ value: Bool?) {
    guard let value else { return }
    self.name(name)
    self.element(value)
  }

  package mutating func member(_ name: String, _ value: Double?) {
    guard let value else { return }
    self.name(name)
    self.element(value)
  }

  package mutating func member(_ name: String, object body: (inout JSONWriter) -> Void) {
    self.name(name)
    self.object(body)
  }

  package mutating func member(_ name: String, array body: (inout JSONWriter) -> Void) {
    self.name(name)
    self.array(body)
  }

  package mutating func nullMember(_ name: String) {
    self.name(name)
    self.null()
  }

  // MARK: Elements of an array, or the one value of a text.

  package mutating func element(_ value: String) {
    self.separate()
    self.quote(value)
    self.needsComma = true
  }

  package mutating func element(_ value: Int64) {
    self.raw(String(value))
  }

  package mutating func element(_ value: Bool) {
    self.raw(value ? "true" : "false")
  }

  /// JSON has no infinities and no NaN: they are written as null.
  package mutating func element(_ value: Double) {
    guard value.isFinite else { return self.null() }
    // Swift prints the shortest text that reads back to the same value, as JSON spells it.
    self.raw(value.description)
  }

  package mutating func null() {
    self.raw("null")
  }

  // MARK: Text

  private mutating func nest(_ open: UInt8, _ close: UInt8, _ body: (inout JSONWriter) -> Void) {
    self.separate()
    self.bytes.append(open)
    self.needsComma = false
    body(&self)
    self.bytes.append(close)
    self.needsComma = true
  }

  private mutating func name(_ name: String) {
    self.separate()
    self.quote(name)
    self.bytes.append(UInt8(ascii: ":"))
    self.needsComma = false
  }

  private mutating func raw(_ text: String) {
    self.separate()
    self.bytes.append(contentsOf: text.utf8)
    self.needsComma = true
  }

  private mutating func separate() {
    if self.needsComma { self.bytes.append(UInt8(ascii: ",")) }
  }

  private mutating func quote(_ text: String) {
    self.bytes.append(UInt8(ascii: "\""))
    let bytes = text.utf8Span.span
    var start = 0
    for index in bytes.indices where Self.mustEscape(bytes[index]) {
      self.append(bytes.extracting(start..<index))
      self.escape(bytes[index])
      start = index + 1
    }
    self.append(bytes.extracting(start..<bytes.count))
    self.bytes.append(UInt8(ascii: "\""))
  }

  private static func mustEscape(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
  }

  private mutating func append(_ plain: Span<UInt8>) {
    self.bytes.append(addingCapacity: plain.count) { room in
      for index in plain.indices { room.append(plain[index]) }
    }
  }

  private mutating func escape(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\""): self.bytes.append(contentsOf: #"\""#.utf8)
    case UInt8(ascii: "\\"): self.bytes.append(contentsOf: #"\\"#.utf8)
    case 0x08: self.bytes.append(contentsOf: #"\b"#.utf8)
    case 0x09: self.bytes.append(contentsOf: #"\t"#.utf8)
    case 0x0A: self.bytes.append(contentsOf: #"\n"#.utf8)
    case 0x0C: self.bytes.append(contentsOf: #"\f"#.utf8)
    case 0x0D: self.bytes.append(contentsOf: #"\r"#.utf8)
    case 0..<0x20:
      self.bytes.append(contentsOf: (byte < 0x10 ? #"\u000"# : #"\u001"#).utf8)
      let low = byte & 0xF
      self.bytes.append(low < 10 ? UInt8(ascii: "0") + low : UInt8(ascii: "a") + low - 10)
    default: self.bytes.append(byte)
    }
  }
}

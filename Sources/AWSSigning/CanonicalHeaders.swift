// SPDX-License-Identifier: Apache-2.0

/// The headers of one request as SigV4 wants them: names in lower case and sorted, values trimmed
/// with inner runs of white space made one space, values of one name joined in the order sent.
///
/// The lines and the list of names are written from the one sorted array, so they cannot disagree.
/// Source: AWS General Reference, "Create a canonical request", steps 4 and 5.
struct CanonicalHeaders {
  /// One header: its name and value lie side by side in `bytes`.
  private struct Field {
    var nameStart: Int
    var nameEnd: Int
    var valueEnd: Int
  }

  private var bytes: [UInt8] = []
  private var fields: [Field] = []

  mutating func removeAll() {
    self.bytes.removeAll(keepingCapacity: true)
    self.fields.removeAll(keepingCapacity: true)
  }

  /// Puts a header into its place. Refuses a name that is no token and a value that holds a
  /// control byte: such a header could pass for two.
  mutating func insert(_ name: String, _ value: String) throws(SigningError) {
    let start = self.bytes.count
    guard !name.isEmpty else { throw .invalidHeader(name: name) }
    for byte in name.utf8 {
      guard 0x21...0x7e ~= byte, byte != UInt8(ascii: ":"), byte != UInt8(ascii: ";") else {
        throw .invalidHeader(name: name)
      }
      let isUpper = UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
      self.bytes.append(isUpper ? byte | 0x20 : byte)
    }
    let nameEnd = self.bytes.count
    guard self.appendCollapsed(value) else { throw .invalidHeader(name: name) }
    let field = Field(nameStart: start, nameEnd: nameEnd, valueEnd: self.bytes.count)
    self.place(field)
  }

  /// Appends `name:value\n` for each name.
  func appendLines(to buffer: inout [UInt8]) {
    for index in self.fields.indices {
      let field = self.fields[index]
      if self.repeatsName(at: index) {
        // The line before was ended too early: this value belongs to it.
        buffer[buffer.count - 1] = UInt8(ascii: ",")
      } else {
        buffer.append(contentsOf: self.bytes[field.nameStart..<field.nameEnd])
        buffer.append(UInt8(ascii: ":"))
      }
      buffer.append(contentsOf: self.bytes[field.nameEnd..<field.valueEnd])
      buffer.append(UInt8(ascii: "\n"))
    }
  }

  /// Appends the names, each once, joined with `;`.
  func appendNames(to buffer: inout [UInt8]) {
    for index in self.fields.indices where !self.repeatsName(at: index) {
      if index > 0 { buffer.append(UInt8(ascii: ";")) }
      let field = self.fields[index]
      buffer.append(contentsOf: self.bytes[field.nameStart..<field.nameEnd])
    }
  }

  /// Trims and collapses spaces and tabs. Other control bytes have no place in a header.
  private mutating func appendCollapsed(_ value: String) -> Bool {
    let start = self.bytes.count
    var pendingSpace = false
    for byte in value.utf8 {
      switch byte {
      case UInt8(ascii: " "), UInt8(ascii: "\t"):
        pendingSpace = true
      case 0..<0x20, 0x7f:
        return false
      default:
        if pendingSpace, self.bytes.count > start { self.bytes.append(UInt8(ascii: " ")) }
        pendingSpace = false
        self.bytes.append(byte)
      }
    }
    return true
  }

  /// Insertion keeps equal names in the order sent. Requests have few headers, mostly sent in
  /// order, so the walk from the end is short.
  private mutating func place(_ field: Field) {
    var index = self.fields.count
    while index > 0, self.nameOf(field, precedes: self.fields[index - 1]) { index -= 1 }
    self.fields.insert(field, at: index)
  }

  private func nameOf(_ left: Field, precedes right: Field) -> Bool {
    var leftIndex = left.nameStart
    var rightIndex = right.nameStart
    while leftIndex < left.nameEnd, rightIndex < right.nameEnd {
      let (leftByte, rightByte) = (self.bytes[leftIndex], self.bytes[rightIndex])
      guard leftByte == rightByte else { return leftByte < rightByte }
      leftIndex += 1
      rightIndex += 1
    }
    return leftIndex == left.nameEnd && rightIndex < right.nameEnd
  }

  private func repeatsName(at index: Int) -> Bool {
    guard index > 0 else { return false }
    let (previous, field) = (self.fields[index - 1], self.fields[index])
    // The array is sorted, so what does not come after its neighbour has the same name.
    return !self.nameOf(previous, precedes: field)
  }
}

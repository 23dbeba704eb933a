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
    guard self.appendLowercased(name) else { throw .invalidHeader(name: name) }
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

  /// False if the name is no token (the bytes that may part names and values count, RFC 9110 §5.1).
  private mutating func appendLowercased(_ name: String) -> Bool {
    let name = name.utf8.span
    // Appending nothing to an empty array would write to the storage that all empty arrays share.
    guard !name.isEmpty else { return false }
    var isToken = true
    self.bytes.append(addingCapacity: name.count) { output in
      for index in name.indices {
        let byte = name[index]
        isToken =
          isToken && 0x21...0x7e ~= byte && byte != UInt8(ascii: ":") && byte != UInt8(ascii: ";")
        let isUpper = UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
        output.append(isUpper ? byte | 0x20 : byte)
      }
    }
    return isToken
  }

  /// Trims and collapses spaces and tabs. False if there are other control bytes: they have no
  /// place in a header.
  private mutating func appendCollapsed(_ value: String) -> Bool {
    // As in nearly all values: hosts, stamps, tokens of a kilobyte.
    if value.utf8.span.isVisibleASCII {
      self.bytes.append(contentsOf: value.utf8)
      return true
    }
    let value = value.utf8.span
    var isSound = true
    self.bytes.append(addingCapacity: value.count) { output in
      var pendingSpace = false
      for index in value.indices {
        let byte = value[index]
        if byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") {
          // Spaces before the first byte of the value are never written.
          pendingSpace = output.count > 0
          continue
        }
        isSound = isSound && byte >= 0x20 && byte != 0x7f
        if pendingSpace {
          output.append(UInt8(ascii: " "))
          pendingSpace = false
        }
        output.append(byte)
      }
    }
    return isSound
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

extension Span<UInt8> {
  /// Without a branch in the loop, so that it runs over many bytes at a time.
  var isVisibleASCII: Bool {
    var others: UInt8 = 0
    for index in self.indices {
      // 0x21 to 0x7e become 0 to 0x5d, all else is above.
      others |= self[index] &- 0x21 > 0x5d ? 1 : 0
    }
    return others == 0
  }
}

// SPDX-License-Identifier: Apache-2.0

import Glibc

/// An ordered list of header fields in one flat piece of memory.
///
/// Pseudo-header fields are fields like any other and come first (RFC 9113 §8.3). Values are bytes:
/// whoever wants a `String` asks for it. Building a list costs two allocations, copying it none.
package struct HeaderFields: Sendable {
  /// Where one field lies in `bytes`: the name, then at once its value.
  struct Field: Sendable {
    var start: UInt32
    var nameCount: UInt32
    var valueCount: UInt32
    var isIndexed: Bool

    var nameRange: Range<Int> {
      Int(self.start)..<Int(self.start) + Int(self.nameCount)
    }

    var valueRange: Range<Int> {
      let start = Int(self.start) + Int(self.nameCount)
      return start..<start + Int(self.valueCount)
    }
  }

  /// Whether HPACK may remember an outbound field for the next response (RFC 7541 §6.2).
  package enum Indexing: Sendable {
    /// The same value comes again and again: one or two bytes from the second time on.
    case repeated
    /// The value is this call's own; remembering it would only push out the useful ones.
    case unique
  }

  var bytes: [UInt8]
  var fields: [Field]

  package init() {
    self.bytes = []
    self.fields = []
  }

  /// Reserves room so that a usual request needs no second allocation.
  package init(reservingBytes bytes: Int, fields: Int) {
    self.init()
    self.bytes.reserveCapacity(bytes)
    self.fields.reserveCapacity(fields)
  }

  package var count: Int { self.fields.count }
  package var isEmpty: Bool { self.fields.isEmpty }
}

// MARK: - Reading

extension HeaderFields {
  /// The field at a position, in the order of arrival.
  package subscript(position: Int) -> (name: ArraySlice<UInt8>, value: ArraySlice<UInt8>) {
    let field = self.fields[position]
    return (self.bytes[field.nameRange], self.bytes[field.valueRange])
  }

  /// The length of the name of the field at a position, which tells most names apart.
  package func nameCount(at position: Int) -> Int {
    Int(self.fields[position].nameCount)
  }

  /// Whether the field at a position has this name.
  ///
  /// - Parameter name: In lower case, as HTTP/2 sends names.
  package func isNamed(_ name: StaticString, at position: Int) -> Bool {
    let range = self.fields[position].nameRange
    guard range.count == name.utf8CodeUnitCount else { return false }
    return unsafe self.bytes.withUnsafeBytes { bytes in
      // A name of no bytes is possible in no list (RFC 9113 §8.2), so there is an address. A static
      // string's bytes live as long as the program; `range` is within `bytes`.
      guard let start = bytes.baseAddress else { return true }
      return unsafe memcmp(start + range.lowerBound, name.utf8Start, range.count) == 0
    }
  }

  /// Whether the name of the field at a position ends in `-bin`, as gRPC's binary metadata do.
  package func isBinary(at position: Int) -> Bool {
    let end = self.fields[position].nameRange.upperBound
    return self.nameCount(at: position) > 4 && self.bytes[end - 4] == UInt8(ascii: "-")
      && self.bytes[end - 3] == UInt8(ascii: "b") && self.bytes[end - 2] == UInt8(ascii: "i")
      && self.bytes[end - 1] == UInt8(ascii: "n")
  }

  /// The value of the field at a position, without a copy.
  package func value(at position: Int) -> ArraySlice<UInt8> {
    self.bytes[self.fields[position].valueRange]
  }
}

// MARK: - Building

extension HeaderFields {
  /// Adds a field both of whose parts are known when the program is built.
  ///
  /// - Parameter name: In lower case; a pseudo-header field before all others.
  package mutating func append(_ name: StaticString, _ value: StaticString) {
    // Static strings' bytes live as long as the program.
    unsafe self.append(
      name: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount),
      value: UnsafeBufferPointer(start: value.utf8Start, count: value.utf8CodeUnitCount),
      isIndexed: true)
  }

  /// Adds a field whose value was made at run time, unless HTTP forbids the value.
  ///
  /// - Returns: False if the value holds NUL, CR or LF (RFC 9113 §8.2.1); then nothing was added.
  @discardableResult
  package mutating func append(
    _ name: StaticString, bytes value: Span<UInt8>, _ indexing: Indexing = .unique
  ) -> Bool {
    unsafe value.withUnsafeBufferPointer { value in
      guard unsafe Self.isAllowed(value) else { return false }
      // Both buffers outlive the call, which copies them.
      unsafe self.append(
        name: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount),
        value: value, isIndexed: indexing == .repeated)
      return true
    }
  }

  private static func isAllowed(_ value: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let start = value.baseAddress else { return true }
    // Each looks at no more than the bytes that there are.
    return unsafe memchr(start, 0, value.count) == nil && memchr(start, 0x0A, value.count) == nil
      && memchr(start, 0x0D, value.count) == nil
  }

  /// Adds a field whose value is text made at run time. See ``append(_:bytes:_:)``.
  @discardableResult
  package mutating func append(
    _ name: StaticString, text value: String, _ indexing: Indexing = .unique
  ) -> Bool {
    self.append(name, bytes: value.utf8.span, indexing)
  }

  /// Adds a field both of whose parts were made at run time, unless HTTP forbids one of them.
  ///
  /// - Returns: False if the name is no token in lower case (RFC 9113 §8.2.1), or for the value's sake,
  ///   see ``append(_:bytes:_:)``; then nothing was added.
  @discardableResult
  package mutating func append(
    named name: String, text value: String, _ indexing: Indexing = .unique
  ) -> Bool {
    let isToken = !name.isEmpty && name.utf8.allSatisfy(Self.isTokenByte)
    guard isToken, !value.utf8.contains(where: { $0 == 0 || $0 == 0x0A || $0 == 0x0D }) else {
      return false
    }
    unsafe name.utf8Span.span.withUnsafeBufferPointer { name in
      unsafe value.utf8Span.span.withUnsafeBufferPointer { value in
        // Both buffers outlive the call, which copies them.
        unsafe self.append(name: name, value: value, isIndexed: indexing == .repeated)
      }
    }
    return true
  }

  /// RFC 9110 §5.6.2, less the capitals.
  private static func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
    case UInt8(ascii: "!"), UInt8(ascii: "#")...UInt8(ascii: "'"), UInt8(ascii: "*"),
      UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "^"),
      UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
      true
    default: false
    }
  }

  mutating func append(
    name: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>, isIndexed: Bool
  ) {
    self.fields.append(
      Field(
        start: UInt32(self.bytes.count), nameCount: UInt32(name.count),
        valueCount: UInt32(value.count), isIndexed: isIndexed))
    unsafe self.bytes.append(contentsOf: name)
    unsafe self.bytes.append(contentsOf: value)
  }
}

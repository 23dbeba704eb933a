// SPDX-License-Identifier: Apache-2.0

// StandardServices knows what any gRPC server tells of itself: the messages of health checking and
// reflection, and what the descriptors say. It refuses to know sockets, streams and gRPC's framing,
// and the jobs: to reflection they are names like others.

/// Why bytes are not the encoding of a message.
package enum ProtobufError: Error, Equatable, Sendable {
  /// Cut short, a number of more than ten bytes, field number 0, a group, a wire type unheard of.
  case malformed
  /// The text of a field is not UTF-8, which proto3 demands.
  case invalidText
}

/// Reads a protobuf message field by field, for messages so few and small that generated code would
/// be the greater part. Nothing is copied: values are slices of the message.
///
/// Source: protobuf.dev, "Encoding".
struct ProtobufReader {
  enum Value: Equatable {
    case number(UInt64)
    case bytes(ArraySlice<UInt8>)
    /// Of 4 or 8 bytes; none of our messages has such a field.
    case fixed
  }

  private let bytes: ArraySlice<UInt8>
  private var position: Int

  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    self.position = bytes.startIndex
  }

  /// The next field, or nil at the end.
  mutating func next() throws(ProtobufError) -> (field: Int, value: Value)? {
    guard self.position < self.bytes.endIndex else { return nil }
    let tag = try self.varint()
    // Field numbers have 29 bits.
    guard (1..<1 << 29).contains(tag >> 3) else { throw .malformed }
    let value: Value
    switch tag & 0b111 {
    case 0: value = .number(try self.varint())
    case 1:
      _ = try self.take(8)
      value = .fixed
    case 2: value = .bytes(try self.take(try self.varint()))
    case 5:
      _ = try self.take(4)
      value = .fixed
    default: throw .malformed
    }
    return (Int(tag >> 3), value)
  }

  private mutating func varint() throws(ProtobufError) -> UInt64 {
    var number: UInt64 = 0
    for shift in stride(from: 0, to: 70, by: 7) {
      guard self.position < self.bytes.endIndex else { throw .malformed }
      let byte = self.bytes[self.position]
      self.position += 1
      // Of a tenth byte only the lowest bit is the number's.
      number |= UInt64(byte & 0x7F) << UInt64(shift)
      if byte < 0x80 { return number }
    }
    throw .malformed
  }

  private mutating func take(_ count: UInt64) throws(ProtobufError) -> ArraySlice<UInt8> {
    guard count <= UInt64(self.bytes.endIndex - self.position) else { throw .malformed }
    let end = self.position + Int(count)
    defer { self.position = end }
    return self.bytes[self.position..<end]
  }
}

extension ProtobufReader.Value {
  /// The text of a string field. A field of another wire type is not that field.
  func text() throws(ProtobufError) -> String {
    guard case .bytes(let bytes) = self else { throw .malformed }
    guard let text = String(validating: bytes, as: UTF8.self) else { throw .invalidText }
    return text
  }
}

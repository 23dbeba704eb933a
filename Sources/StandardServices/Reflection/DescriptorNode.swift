// SPDX-License-Identifier: Apache-2.0

/// One message of descriptor.proto with its fields in hand: files, messages, enums and services are
/// all looked into in the same way.
struct DescriptorNode {
  private var fields: [(number: Int, value: ProtobufReader.Value)] = []

  init(_ bytes: ArraySlice<UInt8>) throws(ProtobufError) {
    var reader = ProtobufReader(bytes)
    while let field = try reader.next() {
      self.fields.append((field.field, field.value))
    }
  }

  /// The text of a field that comes once; empty if it does not come.
  func text(_ number: Int) throws(ProtobufError) -> String {
    guard let field = self.fields.last(where: { $0.number == number }) else { return "" }
    return try field.value.text()
  }

  func number(_ number: Int) throws(ProtobufError) -> UInt64 {
    guard let field = self.fields.last(where: { $0.number == number }) else { return 0 }
    guard case .number(let value) = field.value else { throw .malformed }
    return value
  }

  /// The bytes of each occurrence of a field.
  func slices(_ number: Int) throws(ProtobufError) -> [ArraySlice<UInt8>] {
    var slices: [ArraySlice<UInt8>] = []
    for field in self.fields where field.number == number {
      guard case .bytes(let bytes) = field.value else { throw .malformed }
      slices.append(bytes)
    }
    return slices
  }

  /// Each occurrence of a field that is a message.
  func nodes(_ number: Int) throws(ProtobufError) -> [DescriptorNode] {
    var nodes: [DescriptorNode] = []
    for slice in try self.slices(number) { nodes.append(try DescriptorNode(slice)) }
    return nodes
  }
}

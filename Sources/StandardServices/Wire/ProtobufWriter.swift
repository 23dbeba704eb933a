// SPDX-License-Identifier: Apache-2.0

/// Writing the fields of a protobuf message onto the end of a buffer.
///
/// Source: protobuf.dev, "Encoding".
enum ProtobufWriter {
  static func append(_ number: UInt64, as field: Int, to message: inout [UInt8]) {
    self.append(UInt64(field) << 3, to: &message)
    self.append(number, to: &message)
  }

  static func append(_ text: String, as field: Int, to message: inout [UInt8]) {
    self.append(bytes: text.utf8, as: field, to: &message)
  }

  static func append(
    bytes: some Collection<UInt8>, as field: Int, to message: inout [UInt8]
  ) {
    self.append(UInt64(field) << 3 | 2, to: &message)
    self.append(UInt64(bytes.count), to: &message)
    message.append(contentsOf: bytes)
  }

  /// A message within the message.
  static func append(
    as field: Int, to message: inout [UInt8], _ encode: (inout [UInt8]) -> Void
  ) {
    var inner: [UInt8] = []
    encode(&inner)
    self.append(bytes: inner, as: field, to: &message)
  }

  private static func append(_ varint: UInt64, to message: inout [UInt8]) {
    var rest = varint
    while rest >= 0x80 {
      message.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    message.append(UInt8(rest))
  }
}

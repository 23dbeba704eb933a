// SPDX-License-Identifier: Apache-2.0

/// A protobuf encoder and reader in a few lines, apart from the library under test.
/// Source: https://protobuf.dev/programming-guides/encoding.
struct ProtoBytes {
  var bytes: [UInt8] = []

  static func varint(_ value: UInt64) -> [UInt8] {
    var rest = value
    var bytes: [UInt8] = []
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }

  func tag(_ field: Int, wireType: UInt64) -> ProtoBytes {
    ProtoBytes(bytes: self.bytes + Self.varint(UInt64(field) << 3 | wireType))
  }

  func raw(_ more: [UInt8]) -> ProtoBytes {
    ProtoBytes(bytes: self.bytes + more)
  }

  func number(_ field: Int, _ value: Int64) -> ProtoBytes {
    self.tag(field, wireType: 0).raw(Self.varint(UInt64(bitPattern: value)))
  }

  func data(_ field: Int, _ value: [UInt8]) -> ProtoBytes {
    self.tag(field, wireType: 2).raw(Self.varint(UInt64(value.count))).raw(value)
  }

  func text(_ field: Int, _ value: String) -> ProtoBytes {
    self.data(field, Array(value.utf8))
  }

  func pair(_ field: Int, _ name: String, _ value: String) -> ProtoBytes {
    self.data(field, ProtoBytes().text(1, name).text(2, value).bytes)
  }
}

/// The fields of a message in the order of the wire. Traps on what our encoder must never make.
struct ProtoFields {
  enum Value: Equatable {
    case number(Int64)
    case data([UInt8])
  }

  var fields: [(number: Int, value: Value)] = []

  init(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let tag = Self.varint(&rest)
      if tag & 7 == 0 {
        self.fields.append((Int(tag >> 3), .number(Int64(bitPattern: Self.varint(&rest)))))
      } else {
        precondition(tag & 7 == 2)
        let count = Int(Self.varint(&rest))
        self.fields.append((Int(tag >> 3), .data(Array(rest.prefix(count)))))
        precondition(rest.count >= count)
        rest = rest.dropFirst(count)
      }
    }
  }

  private static func varint(_ rest: inout ArraySlice<UInt8>) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: 0, to: 70, by: 7) {
      let byte = rest.removeFirst()
      value |= UInt64(byte & 0x7F) << shift
      if byte & 0x80 == 0 { break }
    }
    return value
  }

  func number(_ field: Int) -> Int64? {
    guard case .number(let value)? = self.fields.last(where: { $0.number == field })?.value else {
      return nil
    }
    return value
  }

  func all(_ field: Int) -> [[UInt8]] {
    self.fields.compactMap { entry in
      guard entry.number == field, case .data(let bytes) = entry.value else { return nil }
      return bytes
    }
  }

  func text(_ field: Int) -> String? {
    self.all(field).last.map { String(decoding: $0, as: UTF8.self) }
  }

  func message(_ field: Int) -> ProtoFields? {
    self.all(field).last.map { ProtoFields($0) }
  }

  func pairs(_ field: Int) -> [String: String] {
    let pairs = self.all(field).map { ProtoFields($0) }
    return Dictionary(
      pairs.map { ($0.text(1) ?? "", $0.text(2) ?? "") }, uniquingKeysWith: { $1 })
  }
}

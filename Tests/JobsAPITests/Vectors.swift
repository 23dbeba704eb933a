// SPDX-License-Identifier: Apache-2.0

import Foundation

/// JSON as a value that can be compared, read by Foundation and not by the code under test.
enum JSONTree: Equatable, Decodable {
  case null
  case bool(Bool)
  case integer(Int64)
  case real(Double)
  case string(String)
  case array([JSONTree])
  case object([String: JSONTree])

  init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if value.decodeNil() {
      self = .null
    } else if let bool = try? value.decode(Bool.self) {
      self = .bool(bool)
    } else if let integer = try? value.decode(Int64.self) {
      self = .integer(integer)
    } else if let real = try? value.decode(Double.self) {
      self = .real(real)
    } else if let string = try? value.decode(String.self) {
      self = .string(string)
    } else if let array = try? value.decode([JSONTree].self) {
      self = .array(array)
    } else {
      self = .object(try value.decode([String: JSONTree].self))
    }
  }

  static func parse(_ bytes: [UInt8]) throws -> JSONTree {
    try JSONDecoder().decode(JSONTree.self, from: Data(bytes))
  }

  subscript(name: String) -> JSONTree? {
    guard case .object(let members) = self else { return nil }
    return members[name]
  }

  var string: String? {
    guard case .string(let string) = self else { return nil }
    return string
  }

  var integer: Int64? {
    guard case .integer(let integer) = self else { return nil }
    return integer
  }

  var bool: Bool? {
    guard case .bool(let bool) = self else { return nil }
    return bool
  }

  var array: [JSONTree]? {
    guard case .array(let array) = self else { return nil }
    return array
  }

  var object: [String: JSONTree]? {
    guard case .object(let object) = self else { return nil }
    return object
  }

  /// Without null members and null elements, at any depth.
  var withoutNulls: JSONTree {
    switch self {
    case .array(let array): .array(array.filter { $0 != .null }.map(\.withoutNulls))
    case .object(let object):
      .object(object.filter { $0.value != .null }.mapValues(\.withoutNulls))
    case .null, .bool, .integer, .real, .string: self
    }
  }
}

/// The cases of a file in Tests/Vectors.
func vectorCases(_ name: String, file: String = #filePath) throws -> [JSONTree] {
  let folder = URL(fileURLWithPath: file).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Vectors")
  let data = try Data(contentsOf: folder.appendingPathComponent(name))
  return try JSONTree.parse(Array(data))["cases"]?.array ?? []
}

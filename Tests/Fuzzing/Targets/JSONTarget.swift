// SPDX-License-Identifier: Apache-2.0

import JobsAPI

/// The input is a JSON text, or is not.
enum JSONTarget {
  static func run(_ bytes: [UInt8]) throws(BrokenClaim) {
    let value: JSONValue
    do {
      value = try JSONValue(parsing: bytes)
    } catch {
      try Self.check(error, in: bytes)
      return
    }
    let tree = Tree(value)
    try claim(String(validating: bytes, as: UTF8.self) != nil, "JSON that is read is UTF-8")

    var writer = JSONWriter()
    tree.write(into: &writer)
    try claim(Self.tree(of: writer.bytes) == tree, "what is written reads back")
    try claim(
      Self.tree(of: Array(value.text.utf8)) == tree, "the text of a value reads back")
    for member in value.members {
      let found = value[member.name]
      try claim((found == nil) == member.value.isNull, "a member is found unless it is null")
    }
    try claim(value.elements.count == tree.elementCount, "elements are counted")
  }

  private static func check(_ error: JSONError, in bytes: [UInt8]) throws(BrokenClaim) {
    switch error {
    case .malformed(let offset), .numberOutOfRange(let offset):
      try claim(0...bytes.count ~= offset, "a fault lies in the text")
    case .tooDeep:
      let brackets = bytes.count { $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "{") }
      try claim(brackets > 1_000, "what is too deep has many brackets")
    }
  }

  private static func tree(of bytes: [UInt8]) -> Tree? {
    (try? JSONValue(parsing: bytes)).map { Tree($0) }
  }
}

/// A JSON value by value.
private indirect enum Tree: Equatable {
  case object([Member])
  case array([Tree])
  case string(String)
  case integer(Int64)
  case real(Double)
  case bool(Bool)
  case null

  struct Member: Equatable {
    var name: String
    var value: Tree
  }

  init(_ value: JSONValue) {
    switch value.kind {
    case .object:
      self = .object(value.members.map { Member(name: $0.name, value: Tree($0.value)) })
    case .array: self = .array(value.elements.map { Tree($0) })
    case .string: self = .string(value.string ?? "")
    case .integer: self = .integer(value.int64 ?? 0)
    case .real: self = .real(value.double ?? .nan)
    case .bool: self = .bool(value.bool ?? false)
    case .null: self = .null
    }
  }

  var elementCount: Int {
    if case .array(let elements) = self { elements.count } else { 0 }
  }

  func write(into json: inout JSONWriter) {
    switch self {
    case .object(let members):
      json.object { json in
        for member in members { member.write(into: &json) }
      }
    case .array(let elements):
      json.array { json in
        for element in elements { element.write(into: &json) }
      }
    case .string(let text): json.element(text)
    case .integer(let number): json.element(number)
    case .real(let number): json.element(number)
    case .bool(let flag): json.element(flag)
    case .null: json.null()
    }
  }
}

extension Tree.Member {
  fileprivate func write(into json: inout JSONWriter) {
    switch self.value {
    case .object(let members):
      json.member(
        self.name,
        object: { json in
          for member in members { member.write(into: &json) }
        })
    case .array(let elements):
      json.member(
        self.name,
        array: { json in
          for element in elements { element.write(into: &json) }
        })
    case .string(let text): json.member(self.name, text)
    case .integer(let number): json.member(self.name, number)
    case .real(let number): json.member(self.name, number)
    case .bool(let flag): json.member(self.name, flag)
    case .null: json.nullMember(self.name)
    }
  }
}

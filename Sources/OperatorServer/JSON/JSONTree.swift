// SPDX-License-Identifier: Apache-2.0

/// A JSON text before it is written (RFC 8259). Members keep their order, so that answers read alike
/// each time.
package enum JSONTree: Equatable, Sendable {
  case null
  case bool(Bool)
  case integer(Int64)
  /// Written with six digits behind the point at the most; what is not finite is written as null,
  /// since JSON has no word for it.
  case number(Double)
  case string(String)
  case array([JSONTree])
  case object([(String, JSONTree)])

  package static func == (left: JSONTree, right: JSONTree) -> Bool {
    left.bytes == right.bytes
  }

  /// The text, without spaces between its parts.
  package var bytes: [UInt8] {
    var bytes: [UInt8] = []
    self.append(to: &bytes)
    return bytes
  }
}

extension JSONTree: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  package init(stringLiteral value: String) { self = .string(value) }
  package init(integerLiteral value: Int64) { self = .integer(value) }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  package init(arrayLiteral elements: JSONTree...) { self = .array(elements) }
  package init(dictionaryLiteral elements: (String, JSONTree)...) { self = .object(elements) }

  /// Null for what there is not.
  package init(_ text: String?) { self = text.map { .string($0) } ?? .null }
  /// Null for what there is not.
  package init(_ number: Double?) { self = number.map { .number($0) } ?? .null }
  /// Null for what there is not, and for what JSON's readers could not hold.
  package init<Number: BinaryInteger>(_ number: Number?) {
    self = number.flatMap { Int64(exactly: $0) }.map { .integer($0) } ?? .null
  }
}

extension JSONTree {
  private func append(to bytes: inout [UInt8]) {
    switch self {
    case .null: bytes.append(contentsOf: "null".utf8)
    case .bool(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
    case .integer(let value): bytes.append(contentsOf: String(value).utf8)
    case .number(let value): Self.append(value, to: &bytes)
    case .string(let text): Self.append(text, to: &bytes)
    case .array(let elements):
      bytes.append(UInt8(ascii: "["))
      for (index, element) in elements.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        element.append(to: &bytes)
      }
      bytes.append(UInt8(ascii: "]"))
    case .object(let members):
      bytes.append(UInt8(ascii: "{"))
      for (index, (name, value)) in members.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        Self.append(name, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        value.append(to: &bytes)
      }
      bytes.append(UInt8(ascii: "}"))
    }
  }

  /// Millionths are exact in a Double far beyond what is shown here; what is not is written as it is.
  private static func append(_ number: Double, to bytes: inout [UInt8]) {
    guard number.isFinite else {
      bytes.append(contentsOf: "null".utf8)
      return
    }
    let millionths = (number * 1_000_000).rounded()
    guard abs(millionths) < 9e15 else {
      bytes.append(contentsOf: "\(number)".utf8)
      return
    }
    let (whole, rest) = Int64(abs(millionths)).quotientAndRemainder(dividingBy: 1_000_000)
    if millionths < 0 { bytes.append(UInt8(ascii: "-")) }
    bytes.append(contentsOf: String(whole).utf8)
    guard rest > 0 else { return }
    var digits = String(rest + 1_000_000).dropFirst()
    while digits.hasSuffix("0") { digits.removeLast() }
    bytes.append(UInt8(ascii: "."))
    bytes.append(contentsOf: digits.utf8)
  }

  private static func append(_ text: String, to bytes: inout [UInt8]) {
    let hex = Array("0123456789abcdef".utf8)
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""): bytes.append(contentsOf: #"\""#.utf8)
      case UInt8(ascii: "\\"): bytes.append(contentsOf: #"\\"#.utf8)
      // A browser that takes JSON for a page finds no tag in it.
      case 0..<0x20, 0x7f, UInt8(ascii: "<"), UInt8(ascii: ">"):
        bytes.append(contentsOf: #"\u00"#.utf8)
        bytes.append(hex[Int(byte >> 4)])
        bytes.append(hex[Int(byte & 15)])
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}

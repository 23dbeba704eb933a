// SPDX-License-Identifier: Apache-2.0

/// A request target cut into the segments of its path and its query, each still as it came.
///
/// Parts are percent-decoded when they are asked for, once, and strictly: a `%` without two hex
/// digits, bytes that are no UTF-8 and bytes that may not stand in a target are refused (RFC 3986
/// §2.1, RFC 9112 §3.2.1). `+` is a plus. Empty segments stay: `/things//jobs` names an empty thing.
package struct RequestTarget: Sendable {
  /// Bytes of path and query.
  package static let limitBytes = 16_384
  /// Segments of a path; the longest path that is served has seven.
  package static let segmentLimit = 16
  /// Parameters of a query.
  package static let parameterLimit = 64

  package private(set) var segments: [Substring]
  private var query: [(name: Substring, value: Substring)] = []

  package init(_ text: String) throws(AWSError) {
    guard text.utf8.count <= Self.limitBytes else {
      throw AWSError(414, "MalformedHttpRequestException", "The request target is too long.")
    }
    guard text.utf8.first == UInt8(ascii: "/"), text.utf8.allSatisfy({ 0x21...0x7e ~= $0 }) else {
      throw .malformedTarget
    }
    let pathEnd = text.utf8.firstIndex(of: UInt8(ascii: "?")) ?? text.endIndex
    let path = text[text.index(after: text.startIndex)..<pathEnd]
    self.segments = Self.split(path, at: UInt8(ascii: "/"), limit: Self.segmentLimit)
    guard self.segments.count <= Self.segmentLimit else { throw .malformedTarget }
    if pathEnd < text.endIndex {
      try self.readQuery(text[text.index(after: pathEnd)...])
    }
  }

  private mutating func readQuery(_ text: Substring) throws(AWSError) {
    let pairs = Self.split(text, at: UInt8(ascii: "&"), limit: Self.parameterLimit)
    guard pairs.count <= Self.parameterLimit else { throw .malformedTarget }
    self.query.reserveCapacity(pairs.count)
    for pair in pairs where !pair.isEmpty {
      let equals = pair.utf8.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
      let value = equals == pair.endIndex ? pair[equals...] : pair[pair.index(after: equals)...]
      self.query.append((name: pair[..<equals], value: value))
    }
  }

  /// One piece more than `limit` is made at most: enough to tell that there are too many.
  private static func split(_ text: Substring, at separator: UInt8, limit: Int) -> [Substring] {
    var pieces: [Substring] = []
    pieces.reserveCapacity(4)
    var start = text.startIndex
    while pieces.count <= limit, let end = text.utf8[start...].firstIndex(of: separator) {
      pieces.append(text[start..<end])
      start = text.utf8.index(after: end)
    }
    pieces.append(text[start...])
    return pieces
  }

  /// A segment of the path, decoded.
  package func label(_ index: Int) throws(AWSError) -> String {
    try PercentDecoding.decode(self.segments[index])
  }

  /// The value of a parameter, decoded; nil if it is absent. Parameters that nobody asks for are
  /// ignored, as AWS does. Twice the same one is refused: the two readers of it might differ.
  package func parameter(_ name: String) throws(AWSError) -> String? {
    var found: Substring?
    for (encoded, value) in self.query where encoded == name {
      guard found == nil else { throw .invalidRequest("The parameter \(name) is given twice.") }
      found = value
    }
    guard let found else { return nil }
    return try PercentDecoding.decode(found)
  }

  /// `true` or `false`, as AWS spells them.
  package func flag(_ name: String) throws(AWSError) -> Bool? {
    switch try self.parameter(name) {
    case nil: return nil
    case "true": return true
    case "false": return false
    default: throw .invalidRequest("The parameter \(name) must be true or false.")
    }
  }

  /// A decimal number of 64 bits, without a plus sign.
  package func integer(_ name: String) throws(AWSError) -> Int64? {
    guard let text = try self.parameter(name) else { return nil }
    guard let number = Self.integer(text) else {
      throw .invalidRequest("The parameter \(name) must be an integer.")
    }
    return number
  }

  /// A decimal number of 64 bits, without a plus sign; nil for any other text.
  package static func integer(_ text: String) -> Int64? {
    text.utf8.first == UInt8(ascii: "+") ? nil : Int64(text)
  }
}

/// Percent-encoding, undone (RFC 3986 §2.1).
enum PercentDecoding {
  static func decode(_ text: Substring) throws(AWSError) -> String {
    guard text.utf8.contains(UInt8(ascii: "%")) else { return String(text) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count)
    var rest = text.utf8.makeIterator()
    while let byte = rest.next() {
      if byte == UInt8(ascii: "%") {
        guard let high = rest.next().flatMap(Self.value), let low = rest.next().flatMap(Self.value)
        else { throw .malformedTarget }
        bytes.append(high << 4 | low)
      } else {
        bytes.append(byte)
      }
    }
    guard let decoded = String(validating: bytes, as: UTF8.self) else { throw .malformedTarget }
    return decoded
  }

  private static func value(ofHexDigit digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    default: nil
    }
  }
}

extension AWSError {
  static let malformedTarget = AWSError.invalidRequest("The request target is malformed.")
}

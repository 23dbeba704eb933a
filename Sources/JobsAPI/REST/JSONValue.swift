// SPDX-License-Identifier: Apache-2.0

/// One value of a parsed JSON text.
///
/// A view: the text and the list of its parts are kept, never changed, as long as any view of them.
/// Looking up a member or an element copies nothing; only what is asked for as a Swift value is made
/// new. What the members mean is not known here.
package struct JSONValue {
  /// What a value is. A number is a real when it was written with a fraction or an exponent.
  package enum Kind: Equatable, Sendable {
    case object, array, string, integer, real, bool, null
  }

  private let document: JSONDocument
  /// Of its node.
  private let index: Int

  /// Reads a whole JSON text (RFC 8259) of any kind.
  ///
  /// The text must be UTF-8 without a byte order mark and must hold nothing after the value.
  /// Nesting deeper than 2048, integers beyond 64 bits, reals beyond a double, halves of surrogate
  /// pairs and NUL in a member's name are refused; NUL in a string is kept. Of two members with one
  /// name the last wins.
  package init(parsing text: Span<UInt8>) throws(JSONError) {
    self.init(0, of: try JSONDocument(parsing: text))
  }

  /// As ``init(parsing:)-(Span<UInt8>)``, for bytes held in an array.
  package init(parsing text: [UInt8]) throws(JSONError) {
    try self.init(parsing: text.span)
  }

  private init(_ index: Int, of document: JSONDocument) {
    self.document = document
    self.index = index
  }

  private var node: JSONNode { self.document.nodes[self.index] }

  package var kind: Kind {
    switch self.node.kind {
    case .object: .object
    case .array: .array
    case .plainString, .escapedString: .string
    case .integer: .integer
    case .real: .real
    case .true, .false: .bool
    case .null: .null
    }
  }

  package var isNull: Bool { self.node.kind == .null }

  package var isObject: Bool { self.node.kind == .object }

  /// The member under a name; nil if there is none, if it is null, or if this is not an object.
  /// AWS's readers drop null members, so an absent one and a null one are the same to us.
  package subscript(name: String) -> JSONValue? {
    guard self.isObject else { return nil }
    var found: Int?
    var index = self.index + 1
    while index < self.node.next {
      if self.document.holds(name, at: index) { found = index + 1 }
      index = self.document.nodes[index + 1].next
    }
    guard let found, self.document.nodes[found].kind != .null else { return nil }
    return JSONValue(found, of: self.document)
  }

  /// The members in the order of the text, nulls included, each name once; empty if this is not an
  /// object.
  package var members: [(name: String, value: JSONValue)] {
    guard self.isObject else { return [] }
    var members: [(name: String, value: JSONValue)] = []
    // By bytes: names that merely look the same are two names.
    var positions: [[UInt8]: Int] = [:]
    var index = self.index + 1
    while index < self.node.next {
      let value = JSONValue(index + 1, of: self.document)
      let name = self.document.string(at: index)
      if let position = positions[Array(name.utf8)] {
        members[position].value = value
      } else {
        positions[Array(name.utf8)] = members.count
        members.append((name, value))
      }
      index = value.node.next
    }
    return members
  }

  /// The elements, nulls included; empty if this is not an array.
  package var elements: [JSONValue] {
    guard self.node.kind == .array else { return [] }
    var elements: [JSONValue] = []
    var index = self.index + 1
    while index < self.node.next {
      elements.append(JSONValue(index, of: self.document))
      index = self.document.nodes[index].next
    }
    return elements
  }

  /// The text of a string, else nil. It may hold NUL.
  package var string: String? {
    self.kind == .string ? self.document.string(at: self.index) : nil
  }

  /// A number as an integer: exact if it was written as one, else cut toward zero.
  /// Nil for anything else and for reals beyond 64 bits.
  package var int64: Int64? {
    switch self.node.kind {
    case .integer: return Int64(self.document.source(at: self.index))
    case .real: return self.double.flatMap { Int64(towardZero: $0) }
    default: return nil
    }
  }

  /// A number as a double, else nil. Integers beyond 2^53 are rounded.
  package var double: Double? {
    switch self.node.kind {
    case .integer, .real: Double(self.document.source(at: self.index))
    default: nil
    }
  }

  package var bool: Bool? {
    switch self.node.kind {
    case .true: true
    case .false: false
    default: nil
    }
  }

  /// This value as JSON text: as it was written, without the space between its parts.
  package var text: String { self.document.compactSource(at: self.index) }
}

/// Why a text is not JSON. `offset` counts bytes from the start of the text.
package enum JSONError: Error, Equatable, Sendable {
  case malformed(offset: Int)
  /// An integer beyond 64 bits, or a real beyond a double.
  case numberOutOfRange(offset: Int)
  case tooDeep
}

extension Int64 {
  /// Nil for what 64 bits do not hold.
  init?(towardZero real: Double) {
    // The bounds are exact as doubles; within them the conversion cuts toward zero.
    guard -0x1p63 <= real, real < 0x1p63 else { return nil }
    self.init(real)
  }
}

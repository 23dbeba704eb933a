// SPDX-License-Identifier: Apache-2.0

/// JSON as AWS speaks it. This file is the only one that knows jansson: it hands out views of the
/// parsed tree and Swift values, never a pointer. It does not know what the members mean.

internal import CJansson

/// One value of a parsed JSON text.
///
/// A view: the tree stays jansson's, is never changed, and lives as long as any view of it.
/// Looking up a member or an element copies nothing; only ``string`` makes something new.
@safe package struct JSONValue {
  /// What a value is. A number is a real when it was written with a fraction or an exponent.
  package enum Kind: Equatable, Sendable {
    case object, array, string, integer, real, bool, null
  }

  private let document: JSONDocument
  // Owned by `document`, which each view keeps alive.
  private let node: UnsafeMutablePointer<json_t>

  /// Reads a whole JSON text (RFC 8259) of any kind.
  ///
  /// The text must be UTF-8 without a byte order mark and must hold nothing after the value.
  /// Nesting deeper than 2048, integers beyond 64 bits and NUL in a member's name are refused;
  /// NUL in a string is kept. Of two members with one name the last wins.
  package init(parsing text: Span<UInt8>) throws(JSONError) {
    let document = try JSONDocument(parsing: text)
    self.document = document
    unsafe self.node = document.root
  }

  /// As ``init(parsing:)-(Span<UInt8>)``, for bytes held in an array.
  package init(parsing text: [UInt8]) throws(JSONError) {
    try self.init(parsing: text.span)
  }

  private init(_ node: UnsafeMutablePointer<json_t>, of document: JSONDocument) {
    self.document = document
    unsafe self.node = node
  }

  package var kind: Kind {
    switch unsafe cjansson_typeof(self.node) {
    case JSON_OBJECT: .object
    case JSON_ARRAY: .array
    case JSON_STRING: .string
    case JSON_INTEGER: .integer
    case JSON_REAL: .real
    case JSON_TRUE, JSON_FALSE: .bool
    default: .null
    }
  }

  package var isNull: Bool { self.kind == .null }

  package var isObject: Bool { self.kind == .object }

  /// The member under a name; nil if there is none, if it is null, or if this is not an object.
  /// AWS's readers drop null members, so an absent one and a null one are the same to us.
  package subscript(name: String) -> JSONValue? {
    let found = unsafe name.utf8Span.span.withUnsafeBytes { bytes in
      let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
      return unsafe start.flatMap { unsafe json_object_getn(self.node, $0, bytes.count) }
    }
    guard let found = unsafe found, unsafe cjansson_typeof(found) != JSON_NULL else { return nil }
    return unsafe JSONValue(found, of: self.document)
  }

  /// The members in the order of the text, nulls included; empty if this is not an object.
  package var members: Members {
    unsafe Members(document: self.document, object: self.node)
  }

  /// The elements, nulls included; empty if this is not an array.
  package var elements: Elements {
    unsafe Elements(document: self.document, array: self.node)
  }

  /// The text of a string, else nil. It may hold NUL.
  package var string: String? {
    guard let start = unsafe json_string_value(self.node) else { return nil }
    let length = unsafe json_string_length(self.node)
    return unsafe String(copying: start, count: length)
  }

  /// A number as an integer: exact if it was written as one, else cut toward zero.
  /// Nil for anything else and for reals beyond 64 bits.
  package var int64: Int64? {
    switch self.kind {
    case .integer: return unsafe Int64(json_integer_value(self.node))
    case .real:
      let real = unsafe json_real_value(self.node)
      // The bounds are exact as doubles; within them the conversion cuts toward zero.
      return -0x1p63 <= real && real < 0x1p63 ? Int64(real) : nil
    case .object, .array, .string, .bool, .null: return nil
    }
  }

  /// A number as a double, else nil. Integers beyond 2^53 are rounded.
  package var double: Double? {
    switch self.kind {
    case .integer, .real: unsafe json_number_value(self.node)
    case .object, .array, .string, .bool, .null: nil
    }
  }

  /// This value as compact JSON text; nil if there is no memory for it.
  package var text: String? {
    let flags = Int(JSON_COMPACT | JSON_ENCODE_ANY)
    let count = unsafe json_dumpb(self.node, nil, 0, flags)
    guard count > 0 else { return nil }
    return unsafe String(unsafeUninitializedCapacity: count) { bytes in
      let start = unsafe UnsafeMutableRawPointer(bytes.baseAddress)?.assumingMemoryBound(
        to: CChar.self)
      return unsafe min(json_dumpb(self.node, start, count, flags), count)
    }
  }

  package var bool: Bool? {
    switch unsafe cjansson_typeof(self.node) {
    case JSON_TRUE: true
    case JSON_FALSE: false
    default: nil
    }
  }
}

extension JSONValue {
  /// The members of an object, in the order of the text.
  @safe package struct Members: Sequence, IteratorProtocol {
    private let document: JSONDocument
    private let object: UnsafeMutablePointer<json_t>
    private var cursor: UnsafeMutableRawPointer?

    fileprivate init(document: JSONDocument, object: UnsafeMutablePointer<json_t>) {
      self.document = document
      unsafe self.object = object
      unsafe self.cursor = json_object_iter(object)
    }

    package mutating func next() -> (name: String, value: JSONValue)? {
      guard let cursor = unsafe self.cursor,
        let name = unsafe json_object_iter_key(cursor),
        let value = unsafe json_object_iter_value(cursor)
      else { return nil }
      let length = unsafe json_object_iter_key_len(cursor)
      unsafe self.cursor = json_object_iter_next(self.object, cursor)
      return unsafe (
        String(copying: name, count: length),
        JSONValue(value, of: self.document)
      )
    }
  }

  /// The elements of an array, in order.
  @safe package struct Elements: Sequence, IteratorProtocol {
    private let document: JSONDocument
    private let array: UnsafeMutablePointer<json_t>
    private var index = 0

    fileprivate init(document: JSONDocument, array: UnsafeMutablePointer<json_t>) {
      self.document = document
      unsafe self.array = array
    }

    package var underestimatedCount: Int {
      unsafe Swift.max(0, json_array_size(self.array) - self.index)
    }

    package mutating func next() -> JSONValue? {
      // jansson answers nil past the end, and for what is not an array.
      guard let element = unsafe json_array_get(self.array, self.index) else { return nil }
      self.index += 1
      return unsafe JSONValue(element, of: self.document)
    }
  }
}

/// Why a text is not JSON. `offset` counts bytes from the start of the text.
package enum JSONError: Error, Equatable, Sendable {
  case malformed(offset: Int)
  /// An integer beyond 64 bits, or a real beyond a double.
  case numberOutOfRange(offset: Int)
  case tooDeep
}

/// The owner of a parsed tree.
@safe private final class JSONDocument {
  // Set once; freed in deinit. Views of the tree hold this object.
  let root: UnsafeMutablePointer<json_t>

  init(parsing text: Span<UInt8>) throws(JSONError) {
    var failure = json_error_t()
    let flags = JSON_DECODE_ANY | JSON_ALLOW_NUL
    let root = unsafe text.withUnsafeBytes { bytes in
      // jansson refuses a null buffer as an argument error; an empty text is merely malformed.
      let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
      return unsafe start.flatMap { unsafe json_loadb($0, bytes.count, Int(flags), &failure) }
    }
    guard let root = unsafe root else { throw JSONError(failure) }
    unsafe self.root = root
  }

  deinit {
    unsafe json_decref(self.root)
  }
}

extension JSONError {
  fileprivate init(_ failure: json_error_t) {
    let offset = Int(failure.position)
    switch unsafe withUnsafePointer(to: failure, { unsafe json_error_code($0) }) {
    case json_error_numeric_overflow: self = .numberOutOfRange(offset: offset)
    case json_error_stack_overflow: self = .tooDeep
    default: self = .malformed(offset: offset)
    }
  }
}

extension String {
  /// Copies text that jansson has checked to be UTF-8.
  fileprivate init(copying start: UnsafePointer<CChar>, count: Int) {
    let bytes = unsafe UnsafeRawBufferPointer(start: start, count: count)
    self = unsafe String(decoding: bytes, as: UTF8.self)
  }
}

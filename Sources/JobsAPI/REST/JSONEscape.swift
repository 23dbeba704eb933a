// SPDX-License-Identifier: Apache-2.0

/// One escape in a JSON string (RFC 8259 §7): what it stands for, and the bytes that it takes.
struct JSONEscape {
  let scalar: Unicode.Scalar
  let count: Int

  /// What it stands for, if that is one byte in UTF-8.
  var asciiByte: UInt8? { self.scalar.isASCII ? UInt8(truncatingIfNeeded: self.scalar.value) : nil }

  /// Bytes of what it stands for, in UTF-8.
  var meaningCount: Int { self.scalar.isASCII ? 1 : self.scalar.utf8.count }

  /// Made part of whoever asks, for job documents are JSON in a string, and escape every few bytes.
  ///
  /// - Returns: Nil if there is no escape, or half of a surrogate pair without the other.
  @inline(__always) init?(in text: Span<UInt8>, at position: Int) {
    guard position + 1 < text.count, text[position] == UInt8(ascii: "\\") else { return nil }
    let letter = text[position + 1]
    if letter == UInt8(ascii: "\"") || letter == UInt8(ascii: "\\") {
      self.init(Unicode.Scalar(letter), count: 2)
    } else {
      self.init(rareIn: text, at: position)
    }
  }

  private init(_ scalar: Unicode.Scalar, count: Int) {
    self.scalar = scalar
    self.count = count
  }

  private init?(rareIn text: Span<UInt8>, at position: Int) {
    if text[position + 1] == UInt8(ascii: "u") {
      self.init(unicodeIn: text, at: position)
    } else {
      guard let scalar = Self.scalar(of: text[position + 1]) else { return nil }
      self.init(scalar, count: 2)
    }
  }

  private init?(unicodeIn text: Span<UInt8>, at position: Int) {
    guard let unit = Self.unit(in: text, at: position) else { return nil }
    if let scalar = Unicode.Scalar(unit) {
      self.init(scalar, count: 6)
    } else {
      guard let low = Self.unit(in: text, at: position + 6), UTF16.isLeadSurrogate(unit),
        UTF16.isTrailSurrogate(low),
        let scalar = Unicode.Scalar(0x1_0000 + UInt32(unit & 0x3FF) << 10 + UInt32(low & 0x3FF))
      else { return nil }
      self.init(scalar, count: 12)
    }
  }

  /// The four hexadecimal digits behind a backslash and a `u`.
  private static func unit(in text: Span<UInt8>, at position: Int) -> UInt16? {
    guard position + 6 <= text.count, text[position] == UInt8(ascii: "\\"),
      text[position + 1] == UInt8(ascii: "u")
    else { return nil }
    var unit: UInt16 = 0
    for index in position + 2..<position + 6 {
      guard let digit = Self.value(ofHexDigit: text[index]) else { return nil }
      unit = unit << 4 | digit
    }
    return unit
  }

  private static func value(ofHexDigit digit: UInt8) -> UInt16? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt16(digit - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt16(digit - UInt8(ascii: "a") + 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt16(digit - UInt8(ascii: "A") + 10)
    default: nil
    }
  }

  private static func scalar(of letter: UInt8) -> Unicode.Scalar? {
    switch letter {
    case UInt8(ascii: "/"): "/"
    case UInt8(ascii: "b"): "\u{8}"
    case UInt8(ascii: "f"): "\u{C}"
    case UInt8(ascii: "n"): "\n"
    case UInt8(ascii: "r"): "\r"
    case UInt8(ascii: "t"): "\t"
    default: nil
    }
  }

  /// Whether one of the escapes in the source of a string stands for NUL.
  static func holdsNUL(_ source: Span<UInt8>) -> Bool {
    var position = 0
    while position < source.count {
      let escape = JSONEscape(in: source, at: position)
      if escape?.scalar == "\0" { return true }
      position += escape?.count ?? 1
    }
    return false
  }
}

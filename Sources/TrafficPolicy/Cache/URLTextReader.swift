// SPDX-License-Identifier: Apache-2.0

/// Reads a text byte by byte for the sake of the URLs in it, whichever way their characters are
/// written there: as they are, as JSON escapes (`\u0026`, `\/`, at any depth of JSON inside of
/// JSON), as percent-encoding (at any depth too), with `&` as HTML's `&amp;`.
///
/// Each byte is passed once and looked at a few times at most, so a text costs its length.
struct URLTextReader {
  enum Symbol: Equatable {
    /// A byte that stands for itself, or a JSON escape of one.
    case literal(UInt8)
    /// Percent-encoded, and so inside of a URL whatever it is.
    case encoded(UInt8)
  }

  private var index = 0

  /// The next symbol of a text, which must be the same each time.
  mutating func next(in text: Span<UInt8>) -> Symbol? {
    guard self.index < text.count else { return nil }
    let byte = text[self.index]
    self.index += 1
    switch byte {
    case UInt8(ascii: "\\"): return .literal(self.readEscape(in: text))
    case UInt8(ascii: "%"): return self.readPercent(in: text)
    case UInt8(ascii: "&"):
      while self.skip([UInt8(ascii: "a"), UInt8(ascii: "m"), UInt8(ascii: "p"), 0x3B], in: text) {}
      return .literal(byte)
    default: return .literal(byte)
    }
  }

  /// What follows a backslash. Several in a row come from JSON inside of JSON. Of other escapes
  /// than these two the backslash is read as a byte of its own.
  private mutating func readEscape(in text: Span<UInt8>) -> UInt8 {
    while self.skip([UInt8(ascii: "\\")], in: text) {}
    if self.skip([UInt8(ascii: "/")], in: text) { return UInt8(ascii: "/") }
    guard self.index < text.count, text[self.index] == UInt8(ascii: "u"),
      let high = Self.hexByte(at: self.index + 1, in: text),
      let low = Self.hexByte(at: self.index + 3, in: text)
    else { return UInt8(ascii: "\\") }
    self.index += 5
    // What is beyond ASCII need only be nothing else.
    return high == 0 ? low : .max
  }

  /// What follows a percent sign: two digits, after any number of `25`, which is the sign encoded.
  private mutating func readPercent(in text: Span<UInt8>) -> Symbol {
    let start = self.index
    while self.skip([UInt8(ascii: "2"), UInt8(ascii: "5")], in: text) {}
    if let byte = Self.hexByte(at: self.index, in: text) {
      self.index += 2
      return .encoded(byte)
    }
    return self.index > start ? .encoded(UInt8(ascii: "%")) : .literal(UInt8(ascii: "%"))
  }

  /// Passes over some bytes if they come next.
  private mutating func skip<let count: Int>(
    _ expected: InlineArray<count, UInt8>, in text: Span<UInt8>
  ) -> Bool {
    guard text.count - self.index >= count else { return false }
    for offset in 0..<count where text[self.index + offset] != expected[offset] { return false }
    self.index += count
    return true
  }

  private static func hexByte(at index: Int, in text: Span<UInt8>) -> UInt8? {
    guard index + 1 < text.count, let high = self.digit(text[index]),
      let low = self.digit(text[index + 1])
    else { return nil }
    return high << 4 | low
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    default: nil
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

/// What is between the quotes of a JSON string (RFC 8259 §7). Documents are long strings, so it is
/// looked at in words of eight bytes.
enum JSONStringBytes {
  /// Where the first byte is that does not stand for itself: a quote, a backslash or a control
  /// character; the end of `text` if there is none.
  static func endOfPlain(in text: Span<UInt8>, from start: Int) -> Int {
    var position = start
    while position < text.count {
      let plainCount = self.plainCount(self.word(in: text, at: position))
      position += plainCount
      guard plainCount == 8 else { break }
    }
    return position
  }

  /// The string, with its escapes resolved. They have been found to be right.
  ///
  /// - Parameter count: Bytes of what it says, or more.
  static func decode(_ source: Span<UInt8>, count: Int) -> String {
    // Whole words are written, of which the last may reach over the end.
    unsafe String(unsafeUninitializedCapacity: count + 8) { buffer in
      // Stores are checked against its bounds, and any bytes are UInt8.
      var room = unsafe MutableRawSpan(_unsafeBytes: UnsafeMutableRawBufferPointer(buffer))
      return self.decode(source, into: &room)
    }
  }

  /// - Returns: How many bytes it says.
  private static func decode(_ source: Span<UInt8>, into room: inout MutableRawSpan) -> Int {
    var (position, count) = (0, 0)
    while position < source.count {
      let word = self.word(in: source, at: position)
      let plainCount = self.plainCount(word)
      room.storeBytes(of: word.littleEndian, toByteOffset: count, as: UInt64.self)
      position += plainCount
      count += plainCount
      guard plainCount < 8 else { continue }
      guard let escape = JSONEscape(in: source, at: position) else { break }
      position += escape.count
      if let byte = escape.asciiByte {
        room.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count += 1
        continue
      }
      for byte in escape.scalar.utf8 {
        room.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count += 1
      }
    }
    return count
  }

  /// Eight bytes of which the first is the lowest. Behind the end of `text` there are quotes.
  private static func word(in text: Span<UInt8>, at position: Int) -> UInt64 {
    if position + 8 <= text.count { return text.word(at: position) }
    var word = Self.each(UInt8(ascii: "\""))
    for index in (position..<text.count).reversed() { word = word << 8 | UInt64(text[index]) }
    return word
  }

  /// How many bytes of a word stand for themselves, before the first that does not.
  ///
  /// A byte that is less than n borrows from its highest bit when n is taken from it (Bit Twiddling
  /// Hacks, "Determine if a word has a byte less than n"). Above the lowest such byte the bits may be
  /// wrong, and are not looked at.
  private static func plainCount(_ word: UInt64) -> Int {
    let control = (word &- self.each(0x20)) & ~word
    let quote = self.zeros(word ^ self.each(UInt8(ascii: "\"")))
    let backslash = self.zeros(word ^ self.each(UInt8(ascii: "\\")))
    return ((control | quote | backslash) & self.each(0x80)).trailingZeroBitCount / 8
  }

  private static func zeros(_ word: UInt64) -> UInt64 { (word &- self.each(1)) & ~word }

  private static func each(_ byte: UInt8) -> UInt64 { 0x0101_0101_0101_0101 &* UInt64(byte) }
}

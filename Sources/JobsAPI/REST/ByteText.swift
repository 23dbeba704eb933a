// SPDX-License-Identifier: Apache-2.0

/// Lets bytes be told apart by `switch`, without a String made of them.
@inline(__always) func ~= (text: StaticString, bytes: Span<UInt8>) -> Bool {
  // Most texts differ in length, which the compiler knows of a literal.
  text.utf8CodeUnitCount == bytes.count && bytes.begin(with: text)
}

extension Span<UInt8> {
  /// - Parameter text: no longer than this.
  fileprivate func begin(with text: StaticString) -> Bool {
    // A literal is there for ever.
    let letters = unsafe Span(
      _unsafeElements: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    var place = 0
    while place + 8 <= letters.count {
      guard self.word(at: place) == letters.word(at: place) else { return false }
      place += 8
    }
    while place < letters.count {
      guard self[place] == letters[place] else { return false }
      place += 1
    }
    return true
  }

  /// Eight bytes that are there, of which the first is the lowest.
  func word(at place: Int) -> UInt64 {
    // Any eight bytes are a number.
    UInt64(
      littleEndian: unsafe self.bytes.unsafeLoadUnaligned(fromByteOffset: place, as: UInt64.self))
  }
}

extension String {
  /// Text that has been found to be UTF-8.
  init(verbatim bytes: Span<UInt8>) {
    do {
      self.init(copying: try UTF8Span(validating: bytes))
    } catch {
      // Not reached: it has been found to be so.
      self = ""
    }
  }
}

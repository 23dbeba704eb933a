// SPDX-License-Identifier: Apache-2.0

/// Finds those frames that libnghttp2 passes over in silence, in whatever pieces the bytes come.
///
/// It drops DATA for a stream that it has forgotten, and looks into no PRIORITY once it is told to
/// keep no priority tree, which is what keeps peers from making it build one.
struct FrameScanner {
  enum Found: Equatable {
    /// The header of a DATA frame was read.
    case data(streamID: Int32)
    /// A RST_STREAM frame was read to its end: what is known of streams may change by it.
    case reset
    /// A PRIORITY frame that makes a stream depend on itself (RFC 7540 §5.3.1).
    case selfDependency
  }

  /// Bytes that say nothing to this scanner; at first the connection preface (RFC 9113 §3.4).
  private var skipped = 24

  /// How much of the frame header (§4.1) was read.
  private var headerBytes = 0
  private var length = 0
  private var type: UInt8 = 0
  private var streamID: UInt32 = 0

  /// Of the payload's first four bytes: how many are to come, and what has.
  private var wordBytesLeft = 0
  private var word: UInt32 = 0

  /// The next thing in these bytes, or nil at their end.
  ///
  /// - Parameter position: Where to go on; moves behind what was found.
  mutating func next(in bytes: Span<UInt8>, from position: inout Int) -> Found? {
    while position < bytes.count {
      if self.wordBytesLeft == 0, self.skipped > 0 {
        let count = min(self.skipped, bytes.count - position)
        self.skipped -= count
        position += count
        continue
      }
      let byte = bytes[position]
      position += 1
      let found = self.wordBytesLeft > 0 ? self.readWord(byte) : self.readHeader(byte)
      if let found { return found }
    }
    return nil
  }

  private mutating func readHeader(_ byte: UInt8) -> Found? {
    switch self.headerBytes {
    case 0: self.length = Int(byte)
    case 1, 2: self.length = self.length << 8 | Int(byte)
    case 3: self.type = byte
    case 4: break  // Flags
    default: self.streamID = self.streamID << 8 | UInt32(byte)
    }
    self.headerBytes += 1
    guard self.headerBytes == 9 else { return nil }
    self.headerBytes = 0
    self.skipped = self.length
    switch (self.type, self.length) {
    case (0x0, _): return .data(streamID: Int32(self.streamID & 0x7FFF_FFFF))
    // PRIORITY and RST_STREAM of any other length are errors that the library knows.
    case (0x2, 5), (0x3, 4):
      self.skipped -= 4
      self.wordBytesLeft = 4
    default: break
    }
    return nil
  }

  private mutating func readWord(_ byte: UInt8) -> Found? {
    self.word = self.word << 8 | UInt32(byte)
    self.wordBytesLeft -= 1
    guard self.wordBytesLeft == 0 else { return nil }
    if self.type == 0x3 { return .reset }
    // The first bit is reserved in one, and says that the dependency is exclusive in the other.
    return (self.word ^ self.streamID) << 1 == 0 ? .selfDependency : nil
  }
}

// SPDX-License-Identifier: Apache-2.0

/// Follows the boundaries of inbound frames (RFC 9113 §4.1), in whatever pieces the bytes come, beside
/// the library that reads them.
///
/// libnghttp2 does not tell of a frame that it ignores, nor of one that has only begun. It drops DATA
/// for a stream that it has forgotten, and looks into no PRIORITY once it is told to keep no
/// priority tree, which is what keeps peers from making it build one. Whoever has to know of such
/// frames, or whether a peer keeps somebody waiting in the middle of one, or how much it sends that
/// costs work and asks for nothing, looks here.
struct FrameScanner {
  enum Found: Equatable {
    /// The header of a DATA frame was read.
    case data(streamID: Int32)
    /// A RST_STREAM frame was read to its end: what is known of streams may change by it.
    case reset
    /// A GOAWAY frame was read to its end: the library may take nothing more.
    case goAway
    /// A PRIORITY frame that makes a stream depend on itself (RFC 7540 §5.3.1).
    case selfDependency
  }

  static let headerByteCount = 9

  /// The frames that were read to their ends.
  private(set) var counts = FrameCounts()

  /// Bytes that say nothing to this scanner: of a payload, and at first the client's preface
  /// (RFC 9113 §3.4).
  private var skipped = 24
  private var isInPreface = true

  /// How much of a frame's header was read.
  private var headerBytes = 0
  private var length = 0
  private var type: UInt8 = 0
  private var flags: UInt8 = 0
  private var streamID: UInt32 = 0

  /// Of the payload's first four bytes: how many are to come, and what has.
  private var wordBytesLeft = 0
  private var word: UInt32 = 0

  /// HEADERS whose block goes on in CONTINUATION.
  private var isInHeaderBlock = false

  /// The client's preface and its first SETTINGS are in.
  var isOpen: Bool { self.counts.total > 0 }

  /// Something has begun that is not whole: the preface, a frame, or a header block.
  var isMidway: Bool {
    self.skipped > 0 || self.headerBytes > 0 || self.wordBytesLeft > 0 || self.isInHeaderBlock
  }

  /// The next thing in these bytes, or nil at their end.
  ///
  /// - Parameter position: Where to go on; moves behind what was found.
  mutating func next(in bytes: Span<UInt8>, from position: inout Int) -> Found? {
    while position < bytes.count {
      if self.wordBytesLeft > 0 {
        position += 1
        if let found = self.readWord(bytes[position - 1]) { return found }
      } else if self.skipped > 0 {
        if let found = self.skip(in: bytes, from: &position) { return found }
      } else if self.headerBytes == 0, bytes.count - position >= Self.headerByteCount {
        position += Self.headerByteCount
        if let found = self.readHeader(bytes, at: position - Self.headerByteCount) { return found }
      } else {
        position += 1
        if let found = self.readHeader(bytes[position - 1]) { return found }
      }
    }
    return nil
  }

  private mutating func skip(in bytes: Span<UInt8>, from position: inout Int) -> Found? {
    let count = min(self.skipped, bytes.count - position)
    self.skipped -= count
    position += count
    guard self.skipped == 0 else { return nil }
    guard !self.isInPreface else {
      self.isInPreface = false
      return nil
    }
    self.frameEnded()
    return self.type == 0x7 ? .goAway : nil
  }

  /// A header that lies in one piece, as nearly all do.
  private mutating func readHeader(_ bytes: Span<UInt8>, at start: Int) -> Found? {
    self.length = Int(bytes[start]) << 16 | Int(bytes[start + 1]) << 8 | Int(bytes[start + 2])
    self.type = bytes[start + 3]
    self.flags = bytes[start + 4]
    self.streamID =
      UInt32(bytes[start + 5]) << 24 | UInt32(bytes[start + 6]) << 16
      | UInt32(bytes[start + 7]) << 8 | UInt32(bytes[start + 8])
    return self.headerEnded()
  }

  private mutating func readHeader(_ byte: UInt8) -> Found? {
    switch self.headerBytes {
    case 0: self.length = Int(byte)
    case 1, 2: self.length = self.length << 8 | Int(byte)
    case 3: self.type = byte
    case 4: self.flags = byte
    default: self.streamID = self.streamID << 8 | UInt32(byte)
    }
    self.headerBytes += 1
    return self.headerBytes == Self.headerByteCount ? self.headerEnded() : nil
  }

  private mutating func headerEnded() -> Found? {
    self.headerBytes = 0
    self.skipped = self.length
    switch (self.type, self.length) {
    // PRIORITY and RST_STREAM of any other length are errors that the library knows.
    case (0x2, 5), (0x3, 4):
      self.skipped -= 4
      self.wordBytesLeft = 4
    case (_, 0): self.frameEnded()
    default: break
    }
    return self.type == 0x0 ? .data(streamID: Int32(self.streamID & 0x7FFF_FFFF)) : nil
  }

  private mutating func readWord(_ byte: UInt8) -> Found? {
    self.word = self.word << 8 | UInt32(byte)
    self.wordBytesLeft -= 1
    guard self.wordBytesLeft == 0 else { return nil }
    if self.skipped == 0 { self.frameEnded() }
    if self.type == 0x3 { return .reset }
    // The first bit is reserved in one, and says that the dependency is exclusive in the other.
    return (self.word ^ self.streamID) << 1 == 0 ? .selfDependency : nil
  }

  private mutating func frameEnded() {
    self.counts.total &+= 1
    switch (self.type, self.flags) {
    case (0x0, let flags):
      if self.length == 0, flags & 0x1 == 0 { self.counts.idleWork &+= 1 }
    case (0x1, let flags), (0x9, let flags): self.isInHeaderBlock = flags & 0x4 == 0
    case (0x3, _): break  // The library limits resets itself.
    case (0x6, let flags) where flags & 0x1 == 0: self.counts.pings &+= 1
    default: self.counts.idleWork &+= 1
    }
  }
}

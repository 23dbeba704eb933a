// SPDX-License-Identifier: Apache-2.0

/// How many frames of each kind a peer sent. Numbers only grow, and wrap round in theory.
package struct FrameCounts: Equatable, Sendable {
  /// PING that is no acknowledgement.
  package var pings = 0
  /// Frames that neither open a call nor carry bytes of one: SETTINGS, PRIORITY, WINDOW_UPDATE, DATA
  /// without bytes or end, acknowledgements, and what no RFC defines.
  package var idleWork = 0
  /// All frames.
  package var total = 0

  package init() {}
}

/// Follows the boundaries of inbound frames (RFC 9113 §4.1), beside the library that reads them.
///
/// libnghttp2 does not tell of a frame that it ignores, nor of one that has only begun. Whoever has to
/// know whether a peer keeps somebody waiting in the middle of one, or sends frames that cost
/// work and ask for nothing, looks here. It judges nothing: what breaks the protocol is the library's.
struct FrameMeter {
  private(set) var counts = FrameCounts()
  /// Bytes of the client's preface (RFC 9113 §3.4) that are yet to come.
  private var prefaceLeft = 24
  private var header = FrameHeader()
  private var payloadLeft = 0
  /// HEADERS whose block goes on in CONTINUATION.
  private var isInHeaderBlock = false

  /// The client's preface and its first SETTINGS are in.
  var isOpen: Bool { self.counts.total > 0 }

  /// Something has begun that is not whole: the preface, a frame, or a header block.
  var isMidway: Bool {
    self.prefaceLeft > 0 || self.header.count > 0 || self.payloadLeft > 0 || self.isInHeaderBlock
  }

  mutating func received(_ bytes: Span<UInt8>) {
    var position = min(bytes.count, self.prefaceLeft)
    self.prefaceLeft -= position
    while position < bytes.count {
      if self.payloadLeft > 0 {
        let part = min(self.payloadLeft, bytes.count - position)
        self.payloadLeft -= part
        position += part
        if self.payloadLeft == 0 { self.frameEnded() }
      } else {
        self.header.append(bytes[position])
        position += 1
        guard self.header.isWhole else { continue }
        self.payloadLeft = self.header.length
        if self.payloadLeft == 0 { self.frameEnded() }
      }
    }
  }

  private mutating func frameEnded() {
    self.counts.total &+= 1
    switch (self.header.type, self.header.flags) {
    case (0x0, let flags):
      if self.header.length == 0, flags & 0x1 == 0 { self.counts.idleWork &+= 1 }
    case (0x1, let flags), (0x9, let flags): self.isInHeaderBlock = flags & 0x4 == 0
    case (0x3, _): break  // The library limits resets itself.
    case (0x6, let flags) where flags & 0x1 == 0: self.counts.pings &+= 1
    default: self.counts.idleWork &+= 1
    }
    self.header = FrameHeader()
  }
}

/// The nine bytes before a frame's payload, as they come in.
private struct FrameHeader {
  private(set) var count = 0
  private(set) var length = 0
  private(set) var type: UInt8 = 0
  private(set) var flags: UInt8 = 0

  var isWhole: Bool { self.count == 9 }

  mutating func append(_ byte: UInt8) {
    switch self.count {
    case 0...2: self.length = self.length << 8 | Int(byte)
    case 3: self.type = byte
    case 4: self.flags = byte
    default: break  // The stream's number.
    }
    self.count += 1
  }
}

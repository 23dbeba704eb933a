// SPDX-License-Identifier: Apache-2.0

// GatewayTestKit is the far end of the wire for tests: it writes and reads HTTP/2 by hand and knows
// nothing of what it tests.

/// One HTTP/2 frame (RFC 9113 §4.1), written and read without the library under test.
package struct Frame: Equatable, Sendable {
  package enum Kind: UInt8, Sendable {
    case data, headers, priority, resetStream, settings, pushPromise, ping, goAway, windowUpdate
    case continuation
  }

  package static let endStream: UInt8 = 0x1
  package static let ack: UInt8 = 0x1
  package static let endHeaders: UInt8 = 0x4

  package var type: UInt8
  package var flags: UInt8
  package var streamID: Int32
  package var payload: [UInt8]

  package init(type: UInt8, flags: UInt8 = 0, streamID: Int32 = 0, payload: [UInt8] = []) {
    self.type = type
    self.flags = flags
    self.streamID = streamID
    self.payload = payload
  }

  package var kind: Kind? { Kind(rawValue: self.type) }
  package var endsStream: Bool { self.flags & Frame.endStream != 0 }

  package var bytes: [UInt8] {
    let count = UInt32(self.payload.count)
    return Array(count.bigEndianBytes.dropFirst()) + [self.type, self.flags]
      + UInt32(bitPattern: self.streamID).bigEndianBytes + self.payload
  }

  /// Cuts what a session wrote into frames; a rest that is no whole frame is left out.
  package static func read(_ bytes: [UInt8]) -> [Frame] {
    var frames: [Frame] = []
    var rest = bytes[...]
    while rest.count >= 9 {
      let head = Array(rest.prefix(9))
      let count = Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2])
      guard rest.count >= 9 + count else { break }
      frames.append(
        Frame(
          type: head[3], flags: head[4], streamID: Int32(bitPattern: UInt32(head[5...8])),
          payload: Array(rest.dropFirst(9).prefix(count))))
      rest = rest.dropFirst(9 + count)
    }
    return frames
  }
}

// MARK: - What a client writes

extension Frame {
  package static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

  package static func settings(_ entries: [(id: UInt16, value: UInt32)] = []) -> Frame {
    Frame(
      type: 4, payload: entries.flatMap { $0.id.bigEndianBytes + $0.value.bigEndianBytes })
  }

  package static let settingsAck = Frame(type: 4, flags: ack)

  package static func headers(
    _ fields: [(String, String)], on streamID: Int32, endStream: Bool = false
  ) -> Frame {
    Frame(
      type: 1, flags: endHeaders | (endStream ? self.endStream : 0), streamID: streamID,
      payload: literals(fields))
  }

  package static func data(_ bytes: [UInt8], on streamID: Int32, endStream: Bool = false) -> Frame {
    Frame(type: 0, flags: endStream ? self.endStream : 0, streamID: streamID, payload: bytes)
  }

  package static func reset(_ streamID: Int32, code: UInt32) -> Frame {
    Frame(type: 3, streamID: streamID, payload: code.bigEndianBytes)
  }

  package static func ping(_ payload: [UInt8], ack: Bool = false) -> Frame {
    Frame(type: 6, flags: ack ? self.ack : 0, payload: payload)
  }

  package static func goAway(code: UInt32) -> Frame {
    Frame(type: 7, payload: UInt32(0).bigEndianBytes + code.bigEndianBytes)
  }

  package static func windowUpdate(_ increment: UInt32, on streamID: Int32) -> Frame {
    Frame(type: 8, streamID: streamID, payload: increment.bigEndianBytes)
  }

  package static func continuation(_ block: [UInt8], on streamID: Int32, last: Bool) -> Frame {
    Frame(type: 9, flags: last ? endHeaders : 0, streamID: streamID, payload: block)
  }

  /// A header block of literals without indexing, new names, no Huffman (RFC 7541 §6.2.2).
  package static func literals(_ fields: [(String, String)]) -> [UInt8] {
    fields.flatMap { [0x00] + self.text($0.0) + self.text($0.1) }
  }

  /// A length with a 7-bit prefix (RFC 7541 §5.1), then the bytes.
  private static func text(_ text: String) -> [UInt8] {
    let bytes = Array(text.utf8)
    guard bytes.count >= 127 else { return [UInt8(bytes.count)] + bytes }
    var length: [UInt8] = [127]
    var rest = bytes.count - 127
    while rest >= 128 {
      length.append(UInt8(rest % 128) | 0x80)
      rest /= 128
    }
    return length + [UInt8(rest)] + bytes
  }
}

extension FixedWidthInteger {
  package var bigEndianBytes: [UInt8] {
    (0..<Self.bitWidth / 8).reversed().map { UInt8(truncatingIfNeeded: self >> ($0 * 8)) }
  }
}

extension UInt32 {
  package init(_ bigEndian: some Collection<UInt8>) {
    self = bigEndian.reduce(0) { $0 << 8 | UInt32($1) }
  }
}

// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import Testing

@testable import HTTP2Engine

@Suite struct FrameScannerTests {
  private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

  private static func frame(
    _ type: UInt8, on streamID: UInt32, _ payload: [UInt8]
  ) -> [UInt8] {
    let length = UInt32(payload.count)
    return (0..<3).reversed().map { UInt8(truncatingIfNeeded: length >> ($0 * 8)) } + [type, 0]
      + (0..<4).reversed().map { UInt8(truncatingIfNeeded: streamID >> ($0 * 8)) } + payload
  }

  private static let script =
    Self.preface + Self.frame(0x4, on: 0, []) + Self.frame(0x1, on: 1, [0x82, 0x84])
    + Self.frame(0x0, on: 1, [1, 2, 3]) + Self.frame(0x2, on: 1, [0, 0, 0, 3, 15])
    + Self.frame(0x3, on: 1, [0, 0, 0, 8]) + Self.frame(0x0, on: 0x8000_0003, [])
    + Self.frame(0x2, on: 3, [0x80, 0, 0, 3, 15]) + Self.frame(0x2, on: 3, [0, 0, 3])
    + Self.frame(0x7, on: 0, [0, 0, 0, 0, 0, 0, 0, 0, 7]) + Self.frame(0x6, on: 0, [])

  private static let found: [FrameScanner.Found] = [
    .data(streamID: 1), .reset, .data(streamID: 3), .selfDependency, .goAway,
  ]

  private func found(in pieces: [ArraySlice<UInt8>]) -> [FrameScanner.Found] {
    var scanner = FrameScanner()
    var all: [FrameScanner.Found] = []
    for piece in pieces {
      var position = 0
      let bytes = Array(piece)
      while let found = scanner.next(in: bytes.span, from: &position) { all.append(found) }
      #expect(position == bytes.count)
    }
    return all
  }

  @Test func `what is passed over in silence is found`() {
    #expect(self.found(in: [Self.script[...]]) == Self.found)
  }

  @Test func `it is found wherever the bytes are cut`() {
    for cut in 0...Self.script.count {
      #expect(self.found(in: [Self.script[..<cut], Self.script[cut...]]) == Self.found)
    }
    #expect(self.found(in: Self.script.indices.map { Self.script[$0...$0] }) == Self.found)
  }

  @Test func `a reset is told when its last byte is read`() {
    let bytes = Self.preface + Self.frame(0x3, on: 1, [0, 0, 0, 8]) + [0, 0]
    var scanner = FrameScanner()
    var position = 0
    #expect(scanner.next(in: bytes.span, from: &position) == .reset)
    #expect(position == bytes.count - 2)
    #expect(scanner.next(in: bytes.span, from: &position) == nil)
  }
}

@Suite struct ClosedStreamsTests {
  @Test func `the end of a stream is remembered`() {
    var closed = ClosedStreams()
    closed.note(1, .finished)
    closed.note(3, .resetByPeer)
    #expect(closed.end(of: 1) == .finished)
    #expect(closed.end(of: 3) == .resetByPeer)
    #expect(closed.end(of: 5) == nil)
  }

  @Test func `the oldest is forgotten first`() {
    var closed = ClosedStreams()
    for number in 0..<ClosedStreams.capacity + 2 { closed.note(Int32(number * 2 + 1), .finished) }
    #expect(closed.end(of: 1) == nil)
    #expect(closed.end(of: 3) == nil)
    #expect(closed.end(of: 5) == .finished)
    #expect(closed.end(of: Int32(ClosedStreams.capacity * 2 + 3)) == .finished)
  }
}

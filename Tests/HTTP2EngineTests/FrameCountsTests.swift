// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import Testing

@testable import HTTP2Engine

/// Where frames begin and end, whatever reads they come in.
struct FrameCountsTests {
  private static let frames: [Frame] = [
    .settings([(3, 100)]), .settingsAck, .ping(Array(repeating: 7, count: 8)),
    .ping(Array(repeating: 7, count: 8), ack: true), .headers(requestFields, on: 1),
    .data([1, 2, 3], on: 1), .data([], on: 1), .data([], on: 1, endStream: true),
    .windowUpdate(10, on: 0), .reset(1, code: 8), Frame(type: 2, payload: [0, 0, 0, 0, 1]),
    Frame(type: 0xBE, payload: [1]),
  ]

  private static var script: [UInt8] { Frame.preface + Self.frames.flatMap(\.bytes) }

  @Test func `every split of the input is counted alike`() {
    let script = Self.script
    for split in 0...script.count {
      var scanner = FrameScanner()
      self.feed(&scanner, Array(script[..<split]))
      #expect(scanner.isMidway == !Self.ends.contains(split), "split at \(split)")
      self.feed(&scanner, Array(script[split...]))
      #expect(!scanner.isMidway)
      #expect(scanner.counts.total == Self.frames.count)
      #expect(scanner.counts.pings == 1)
      // Two SETTINGS, an answered PING, DATA of nothing, WINDOW_UPDATE, PRIORITY and the unknown.
      #expect(scanner.counts.idleWork == 7)
    }
  }

  private func feed(_ scanner: inout FrameScanner, _ bytes: [UInt8]) {
    var position = 0
    while scanner.next(in: bytes.span, from: &position) != nil {}
  }

  /// Positions in the script at which nothing is half said.
  private static var ends: Set<Int> {
    var position = Frame.preface.count
    var ends = Set([position])
    for frame in self.frames {
      position += frame.bytes.count
      ends.insert(position)
    }
    return ends
  }

  @Test func `a header block goes on until its last frame`() {
    var scanner = FrameScanner()
    self.feed(&scanner, Frame.preface)
    #expect(!scanner.isOpen)
    self.feed(&scanner, Frame.settings().bytes)
    #expect(scanner.isOpen)
    var first = Frame.headers(requestFields, on: 1)
    first.flags = 0
    self.feed(&scanner, first.bytes)
    #expect(scanner.isMidway)
    self.feed(&scanner, Frame.continuation([0x82], on: 1, last: false).bytes)
    #expect(scanner.isMidway)
    self.feed(&scanner, Frame.continuation([0x82], on: 1, last: true).bytes)
    #expect(!scanner.isMidway)
  }
}

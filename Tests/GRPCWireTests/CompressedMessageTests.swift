// SPDX-License-Identifier: Apache-2.0

import CompressionEngine
import GRPCWire
import Testing

@Suite struct CompressedMessageTests {
  @Test func `compressed and plain messages take turns, split at any byte`() throws {
    let messages: [[UInt8]] = [[1, 2, 3], [], [UInt8](repeating: 9, count: 300), [7]]
    let body =
      try compressed(messages[0]) + compressed(messages[1]) + framed(messages[2])
      + compressed(messages[3])
    for split in 0...body.count {
      var deframer = MessageDeframer(limitBytes: 300, encoding: .gzip)
      let found =
        try deframer.messages(in: Array(body[..<split]))
        + deframer.messages(in: Array(body[split...]))
      #expect(found == messages)
      try deframer.finish()
    }
  }

  @Test func `the limit holds for what comes out`() throws {
    let body = try compressed([UInt8](repeating: 0, count: 1_001))
    var deframer = MessageDeframer(limitBytes: 1_000, encoding: .gzip)
    #expect(throws: DeframingError.inflatedTooLarge(limitBytes: 1_000)) {
      try deframer.messages(in: body)
    }
    var roomier = MessageDeframer(limitBytes: 1_001, encoding: .gzip)
    #expect(try roomier.messages(in: body).first?.count == 1_001)
    #expect(DeframingError.inflatedTooLarge(limitBytes: 1).status.code == .resourceExhausted)
  }

  @Test func `the limit holds for what comes in, before it has come`() {
    var deframer = MessageDeframer(limitBytes: 1_000, encoding: .gzip)
    #expect(throws: DeframingError.tooLarge(messageBytes: 1_001, limitBytes: 1_000)) {
      try deframer.messages(in: [1, 0, 0, 0x03, 0xE9])
    }
  }

  @Test(
    arguments: [[], [1, 2, 3], [0x1F, 0x8B, 8], [0x78, 0x9C, 3, 0, 0, 0, 0, 1]] as [[UInt8]])
  func `what is no gzip is the caller's fault`(message: [UInt8]) {
    var deframer = MessageDeframer(limitBytes: 1_000, encoding: .gzip)
    #expect(throws: DeframingError.malformedCompression) {
      try deframer.messages(in: framed(message, flag: 1))
    }
    #expect(DeframingError.malformedCompression.status.code == .internal)
  }

  @Test func `an encoding makes no flag valid but 1`() {
    var deframer = MessageDeframer(limitBytes: 1_000, encoding: .gzip)
    #expect(throws: DeframingError.invalidFlag(2)) { try deframer.messages(in: [2]) }
  }

  @Test func `a call takes its one message compressed`() throws {
    var state = UnaryCallState(limitBytes: 100, encoding: .gzip)
    let body = try compressed([4, 5, 6])
    #expect(state.receivedBytes(body.span) == .wait)
    #expect(state.receivedEnd() == .dispatch(message: [4, 5, 6]))
    #expect(state.receivedEnd() == .ignore)
  }

  @Test func `a call whose message is a bomb is over at once`() throws {
    var state = UnaryCallState(limitBytes: 1_000, encoding: .gzip)
    let body = try compressed([UInt8](repeating: 0, count: 100_000))
    guard case .refuse(let status) = state.receivedBytes(body.span) else {
      Issue.record("not refused")
      return
    }
    #expect(status.code == .resourceExhausted)
    #expect(state.receivedBytes(body.span) == .ignore)
    #expect(state.answered() == .discard)
  }

  @Test func `an answer is compressed if that makes it smaller`() throws {
    let message = [UInt8](repeating: 6, count: 2_000)
    let frame = try #require(MessageFraming.compressed(framed(message)))
    #expect(frame.first == 1 && frame.count < 100)
    var deframer = MessageDeframer(limitBytes: 2_000, encoding: .gzip)
    #expect(try deframer.messages(in: frame) == [message])
    #expect(MessageFraming.compressed(framed([1, 2, 3])) == nil)
    #expect(MessageFraming.compressed(framed([])) == nil)
  }
}

private func compressed(_ message: [UInt8]) throws -> [UInt8] {
  var gzip: [UInt8] = []
  try Gzip.deflate(message.span, into: &gzip)
  return framed(gzip, flag: 1)
}

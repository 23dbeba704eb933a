// SPDX-License-Identifier: Apache-2.0

import GRPCWire
import GatewayTestKit
import Testing

@Suite struct MessageDeframerTests {
  @Test func `messages split at any byte come out whole and in order`() throws {
    let messages: [[UInt8]] = [[1, 2, 3], [], [UInt8](repeating: 9, count: 300), [7]]
    let body = messages.flatMap { framed($0) }
    for split in 0...body.count {
      var deframer = MessageDeframer(limitBytes: 300)
      let parts = [Array(body[..<split]), Array(body[split...])]
      var found: [[UInt8]] = []
      for part in parts { found += try deframer.messages(in: part) }
      #expect(found == messages)
      try deframer.finish()
    }
  }

  @Test func `messages fed byte by byte come out whole`() throws {
    let messages: [[UInt8]] = [[1, 2, 3], [], [4]]
    var deframer = MessageDeframer(limitBytes: 10)
    var found: [[UInt8]] = []
    for byte in messages.flatMap({ framed($0) }) { found += try deframer.messages(in: [byte]) }
    #expect(found == messages)
  }

  @Test func `the prefix alone tells that a message is too large`() {
    var deframer = MessageDeframer(limitBytes: 1_000)
    #expect(throws: DeframingError.tooLarge(messageBytes: 1_001, limitBytes: 1_000)) {
      try deframer.messages(in: [0, 0, 0, 0x03, 0xE9])
    }
    var greatest = MessageDeframer(limitBytes: 1_000)
    #expect(throws: DeframingError.tooLarge(messageBytes: 0xFFFF_FFFF, limitBytes: 1_000)) {
      try greatest.messages(in: [0, 0xFF, 0xFF, 0xFF, 0xFF])
    }
  }

  @Test func `a message of exactly the limit is taken`() throws {
    var deframer = MessageDeframer(limitBytes: 1_000)
    let message = [UInt8](repeating: 5, count: 1_000)
    #expect(try deframer.messages(in: framed(message)) == [message])
  }

  @Test(arguments: [
    (UInt8(1), DeframingError.compressedWithoutEncoding), (2, .invalidFlag(2)),
    (255, .invalidFlag(255)),
  ])
  func `a bad flag is told at the first byte`(flag: UInt8, error: DeframingError) {
    var deframer = MessageDeframer(limitBytes: 1_000)
    #expect(throws: error) { try deframer.messages(in: [flag]) }
    #expect(error.status.code == .internal)
  }

  @Test func `an end within a message is an error at every byte`() throws {
    let body = framed([1, 2, 3])
    for count in 0...body.count {
      var deframer = MessageDeframer(limitBytes: 10)
      _ = try deframer.messages(in: Array(body[..<count]))
      #expect(deframer.isBetweenMessages == (count == 0 || count == body.count))
      if count == 0 || count == body.count {
        try deframer.finish()
      } else {
        #expect(throws: DeframingError.truncated) { try deframer.finish() }
      }
    }
  }

  @Test func `random bytes in random pieces never trap and mean the same in one piece`() {
    var random = SplitMix64(seed: 7)
    for _ in 0..<3_000 {
      let bytes = self.randomBody(using: &random)
      var whole = MessageDeframer(limitBytes: 64)
      let expected = Result { () throws(DeframingError) in try whole.messages(in: bytes) }
      var pieces = MessageDeframer(limitBytes: 64)
      var found: [[UInt8]] = []
      let actual = Result { () throws(DeframingError) in
        var rest = bytes[...]
        while !rest.isEmpty {
          let piece = Array(rest.prefix(Int.random(in: 1...9, using: &random)))
          rest = rest.dropFirst(piece.count)
          found += try pieces.messages(in: piece)
        }
        return found
      }
      #expect(actual == expected)
    }
  }

  /// Mostly short messages, sometimes too long a one, sometimes noise.
  private func randomBody(using random: inout SplitMix64) -> [UInt8] {
    var bytes: [UInt8] = []
    for _ in 0..<Int.random(in: 0...5, using: &random) {
      let count = Int.random(in: 0...66, using: &random)
      bytes += framed((0..<count).map { _ in UInt8.random(in: 0...255, using: &random) })
    }
    if !bytes.isEmpty, Int.random(in: 0..<4, using: &random) == 0 {
      bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(
        in: 0...255, using: &random)
    }
    return bytes
  }
}

@Suite struct MessageFramingTests {
  @Test(arguments: [0, 1, 255, 256, 65_536, 70_000])
  func `a framed message is prefix and bytes`(count: Int) {
    let message = [UInt8](repeating: 3, count: count)
    var buffer: [UInt8] = [0xAA]
    MessageFraming.appendMessage(to: &buffer) { $0 += message }
    #expect(buffer == [0xAA] + framed(message))
  }

  @Test func `a failure to encode comes through`() {
    var buffer: [UInt8] = []
    #expect(throws: DeframingError.truncated) {
      try MessageFraming.appendMessage(to: &buffer) { (_) throws(DeframingError) in
        throw .truncated
      }
    }
  }

  @Test func `two messages in one buffer are two messages`() throws {
    var buffer: [UInt8] = []
    for message in [[UInt8(1)], [2, 2]] {
      MessageFraming.appendMessage(to: &buffer) { $0 += message }
    }
    var deframer = MessageDeframer(limitBytes: 10)
    #expect(try deframer.messages(in: buffer) == [[1], [2, 2]])
  }
}

// SPDX-License-Identifier: Apache-2.0

import CompressionEngine
import GatewayTestKit
import Testing

@Suite struct GzipTests {
  @Test(arguments: try GzipVector.load())
  func `vectors inflate to what they say`(vector: GzipVector) throws {
    let inflated = Result { () throws(CompressionError) in
      try Gzip.inflate([UInt8](vector.input).span, limitBytes: 4_096)
    }
    switch vector.error {
    case nil: #expect(try inflated.get() == [UInt8](#require(vector.output)))
    case "truncated": #expect(inflated == .failure(.truncated))
    case "malformed": #expect(inflated == .failure(.malformed))
    case let other: Issue.record("unknown error \(other ?? "")")
    }
  }

  @Test(arguments: [0, 1, 255, 256, 257, 4_096, 65_536, 300_000], [Int32(1), 6, 9])
  func `what is deflated inflates to itself`(count: Int, level: Int32) throws {
    var random = SplitMix64(seed: UInt64(count))
    let message = (0..<count).map { _ in UInt8.random(in: 0...31, using: &random) }
    var deflated: [UInt8] = [0xAA]
    try Gzip.deflate(message.span, into: &deflated, level: level)
    #expect(deflated.removeFirst() == 0xAA)
    #expect(count < 1_000 || deflated.count < count)
    #expect(try Gzip.inflate(deflated.span, limitBytes: count) == message)
  }

  @Test(arguments: [1, 300, 70_000])
  func `the limit is exact`(count: Int) throws {
    let message = [UInt8](repeating: 7, count: count)
    let deflated = try deflate(message)
    #expect(try Gzip.inflate(deflated.span, limitBytes: count) == message)
    #expect(throws: CompressionError.tooLarge(limitBytes: count - 1)) {
      try Gzip.inflate(deflated.span, limitBytes: count - 1)
    }
  }

  @Test func `members count together`() throws {
    let member = try deflate([UInt8](repeating: 7, count: 100))
    let three = member + member + member
    #expect(try Gzip.inflate(three.span, limitBytes: 300).count == 300)
    #expect(throws: CompressionError.tooLarge(limitBytes: 299)) {
      try Gzip.inflate(three.span, limitBytes: 299)
    }
  }

  @Test func `a bomb is given up at the limit, its rest unread`() throws {
    // Sixteen mebibytes of zeros in sixty-odd kibibytes, and broken where only a reader of it all would see.
    let bomb = try deflate([UInt8](repeating: 0, count: 1 << 24))
    let broken = bomb.dropLast(8) + [UInt8](repeating: 0xFF, count: 8)
    #expect(bomb.count < 1 << 17)
    for message in [bomb, Array(broken)] {
      #expect(throws: CompressionError.tooLarge(limitBytes: 65_536)) {
        try Gzip.inflate(message.span, limitBytes: 65_536)
      }
    }
  }

  @Test func `nothing is taken for a message that is cut anywhere`() throws {
    let whole = try deflate(Array("a message, a message, and a message".utf8))
    for count in 0..<whole.count {
      #expect(throws: CompressionError.truncated) {
        try Gzip.inflate(Array(whole[..<count]).span, limitBytes: 1_000)
      }
    }
  }

  @Test func `a changed bit anywhere but in what nobody reads is noticed`() throws {
    let message = Array("a message, a message, and a message".utf8)
    let whole = try deflate(message)
    // Time, extra flags and operating system mean nothing to a message, bit 0 of the flags neither;
    // and one bit fills up the last byte in front of the checksum.
    let unread = Set((4...9).flatMap { $0 * 8..<($0 + 1) * 8 } + [3 * 8, whole.count * 8 - 65])
    for bit in 0..<whole.count * 8 {
      var changed = whole
      changed[bit / 8] ^= 1 << (bit % 8)
      let inflated = Result { () throws(CompressionError) in
        try Gzip.inflate(changed.span, limitBytes: 1_000)
      }
      #expect((try? inflated.get()) == (unread.contains(bit) ? message : nil), "bit \(bit)")
    }
  }

  @Test func `random bytes end in an answer within the limit`() {
    var random = SplitMix64(seed: 3)
    for _ in 0..<5_000 {
      let noise = (0..<Int.random(in: 0...200, using: &random)).map { _ in
        UInt8.random(in: 0...255, using: &random)
      }
      // With a header in front the noise gets as far as the blocks.
      for bytes in [noise, [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF] + noise] {
        let inflated = try? Gzip.inflate(bytes.span, limitBytes: 500)
        #expect((inflated?.count ?? 0) <= 500)
      }
    }
  }
}

private func deflate(_ message: [UInt8]) throws -> [UInt8] {
  var deflated: [UInt8] = []
  try Gzip.deflate(message.span, into: &deflated)
  return deflated
}

// SPDX-License-Identifier: Apache-2.0

import GRPCWire
import GatewayTestKit
import Testing

/// What a caller reads and writes, held against what the gateway writes and reads.
@Suite struct ClientEncodingTests {
  @Test func `base64 is read back, padded or not`() {
    var random = SplitMix64(seed: 1)
    for count in 0..<70 {
      let bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      let text = Base64.encode(bytes.span)
      #expect(Base64.decode(text.span) == bytes)
      let padding = [UInt8](repeating: UInt8(ascii: "="), count: (4 - text.count % 4) % 4)
      #expect(Base64.decode((text + padding).span) == bytes)
    }
  }

  @Test(arguments: ["A", "A===", "AA=A", "AAAAA", "A-_A", "AA A", "===", "é"])
  func `what is no base64 is refused`(text: String) {
    #expect(Base64.decode(Array(text.utf8).span) == nil)
  }

  @Test(arguments: ["", "plain", " edges ", "100%", "é 😀\n", "%25"])
  func `a message is read back`(text: String) {
    let encoded = PercentEncoding.encode(text, limitBytes: 1_000)
    #expect(PercentEncoding.decode(encoded.span) == text)
  }

  @Test func `what is no encoding is taken as it stands`() {
    #expect(PercentEncoding.decode(Array("a%zz%4".utf8).span) == "a%zz%4")
    #expect(PercentEncoding.decode(Array("%c3%a9".utf8).span) == "é")
    #expect(PercentEncoding.decode(Array("%FF".utf8).span) == "\u{FFFD}")
  }

  @Test(arguments: [
    (Duration.zero, "1n"), (.seconds(-1), "1n"), (.nanoseconds(7), "7n"),
    (.milliseconds(99), "99000000n"), (.milliseconds(100), "100000u"), (.seconds(99), "99000000u"),
    (.seconds(100), "100000m"), (.seconds(99_999), "99999000m"), (.seconds(100_000), "100000S"),
    (.milliseconds(100) + .nanoseconds(1), "100001u"), (.seconds(1 << 40), "31536000S"),
  ])
  func `a timeout is written in the finest unit, rounded up`(timeout: Duration, text: String) {
    #expect(GRPCTimeout.encode(timeout) == text)
  }

  @Test func `a timeout that is read back is never shorter`() {
    var random = SplitMix64(seed: 2)
    for _ in 0..<1_000 {
      let timeout = Duration.nanoseconds(Int64(random.next() >> (random.next() % 50 + 10)) + 1)
      let bytes = Array(GRPCTimeout.encode(timeout).utf8)
      let read = GRPCTimeout.parse(bytes.span) ?? .zero
      #expect(read >= min(timeout, GRPCTimeout.greatest))
    }
  }
}

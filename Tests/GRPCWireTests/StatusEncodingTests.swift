// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRPCWire
import GatewayTestKit
import Testing

@Suite struct GRPCStatusTests {
  @Test func `the seventeen codes are numbered and named as gRPC does`() {
    let names = [
      "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND",
      "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
      "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS",
      "UNAUTHENTICATED",
    ]
    #expect(GRPCStatusCode.allCases.map { "\($0.name)" } == names)
    #expect(GRPCStatusCode.allCases.map { "\($0.digits)" } == (0...16).map(String.init))
    #expect(GRPCStatusCode.allCases.map(\.rawValue) == Array(0...16))
  }
}

@Suite struct PercentEncodingTests {
  @Test(arguments: [
    ("", ""), ("plain text", "plain text"), ("100%", "100%25"), ("a\nb", "a%0Ab"),
    ("caf\u{E9}", "caf%C3%A9"), ("\u{1F600}", "%F0%9F%98%80"), ("~", "~"), ("\u{7F}", "%7F"),
    (" edges ", "%20edges%20"), (" ", "%20"), ("a%20b", "a%2520b"), ("\0", "%00"),
    ("quotes \" and \\", "quotes \" and \\"),
  ])
  func `messages are encoded as gRPC says`(text: String, encoded: String) {
    #expect(self.encodedText(of: GRPCStatus(.unknown, text)) == encoded)
  }

  @Test func `a long message is cut between characters`() {
    // Four characters of four, three, two and one bytes.
    let message = "\u{1F600}\u{20AC}\u{E9}a"
    let cuts = ["", "", "", "", "\u{1F600}", "\u{1F600}", "\u{1F600}"]
    for (limit, kept) in cuts.enumerated() {
      let encoded = GRPCStatus(.unknown, message).encodedMessage(limitBytes: limit)
      #expect(String(decoding: encoded, as: UTF8.self).removingPercentEncoding == kept)
    }
    for (limit, kept) in [(7, "\u{1F600}\u{20AC}"), (8, "\u{1F600}\u{20AC}"), (10, message)] {
      let encoded = GRPCStatus(.unknown, message).encodedMessage(limitBytes: limit)
      #expect(String(decoding: encoded, as: UTF8.self).removingPercentEncoding == kept)
    }
    #expect(GRPCStatus(.unknown, message).encodedMessage(limitBytes: -1).isEmpty)
  }

  @Test func `a message is cut to what it takes encoded`() {
    // Encoded, these take one, twelve and three bytes.
    let message = "a\u{1F600}%"
    let cuts = [
      (0, ""), (1, "a"), (12, "a"), (13, "a\u{1F600}"), (15, "a\u{1F600}"), (16, message),
    ]
    for (limit, kept) in cuts {
      #expect(PercentEncoding.prefix(of: message, encodedLimitBytes: limit) == kept)
      #expect(PercentEncoding.encode(kept, limitBytes: 100).count <= limit)
    }
  }

  @Test func `random text comes back from Foundation's decoder`() {
    var random = SplitMix64(seed: 3)
    for _ in 0..<3_000 {
      var scalars = String.UnicodeScalarView()
      for _ in 0..<Int.random(in: 0...40, using: &random) {
        let bound: UInt32 = Bool.random(using: &random) ? 0x80 : 0x11_0000
        if let scalar = Unicode.Scalar(UInt32.random(in: 0..<bound, using: &random)) {
          scalars.append(scalar)
        }
      }
      let message = String(scalars)
      let encoded = GRPCStatus(.unknown, message).encodedMessage()
      #expect(encoded.allSatisfy { (0x20...0x7E).contains($0) })
      let decoded = String(decoding: encoded, as: UTF8.self).removingPercentEncoding
      #expect(decoded.map { Array($0.utf8) } == Array(message.utf8))
    }
  }

  private func encodedText(of status: GRPCStatus) -> String {
    String(decoding: status.encodedMessage(), as: UTF8.self)
  }
}

@Suite struct Base64Tests {
  /// RFC 4648 §10, without the padding.
  @Test(arguments: [
    ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"),
    ("fooba", "Zm9vYmE"), ("foobar", "Zm9vYmFy"),
  ])
  func `the vectors of RFC 4648`(text: String, encoded: String) {
    #expect(Base64.encode(text.utf8.span) == Array(encoded.utf8))
  }

  @Test func `all lengths and all bytes come back from Foundation's decoder`() {
    var random = SplitMix64(seed: 5)
    for count in 0..<300 {
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
      let encoded = String(decoding: Base64.encode(bytes.span), as: UTF8.self)
      let padding = String(repeating: "=", count: (4 - encoded.count % 4) % 4)
      #expect(Data(base64Encoded: encoded + padding) == Data(bytes))
    }
  }
}

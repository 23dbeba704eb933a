// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import GatewayServer

struct ConnectionOpeningTests {
  @Test(arguments: [
    ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ConnectionOpening.http2),
    ("GET / HTTP/1.1\r\n", .http1), ("HEAD /", .http1), ("POST /x", .http1), ("PUT /x", .http1),
    ("PATCH /", .http1), ("DELETE /", .http1), ("OPTIONS *", .http1), ("CONNECT a:1", .http1),
    ("TRACE /", .http1), ("PRIX", .unknown), ("INVALID", .unknown), ("get / HTTP/1.1", .unknown),
    ("\u{16}\u{3}\u{1}", .tls), ("\u{0}\u{0}\u{12}\u{4}", .unknown), (" PRI", .unknown),
  ])
  func `the first bytes tell what a client speaks`(text: String, expected: ConnectionOpening) {
    let bytes = Array(text.utf8)
    #expect(ConnectionOpening(bytes) == expected)
    // However they come, the answer is the same once there is one, and it stays.
    var first: ConnectionOpening?
    for count in 0...bytes.count {
      let opening = ConnectionOpening(bytes.prefix(count))
      if first != nil { #expect(opening == first) }
      first = first ?? opening
    }
    #expect(first == expected)
    #expect(ConnectionOpening(bytes.prefix(ConnectionOpening.byteCount)) != nil)
  }

  @Test func `no bytes tell nothing`() {
    #expect(ConnectionOpening([]) == nil)
    #expect(ConnectionOpening(Array("PRI".utf8)) == nil)
  }

  @Test func `what does not belong on a port is refused there`() {
    #expect(OpeningRefusal(.http1, isSecure: false) == .http1)
    #expect(OpeningRefusal(.tls, isSecure: false) == .tls)
    #expect(OpeningRefusal(.http1, isSecure: true) == .plaintext)
    #expect(OpeningRefusal(.http2, isSecure: true) == .plaintext)
    #expect(OpeningRefusal(.http2, isSecure: false) == nil)
    #expect(OpeningRefusal(.tls, isSecure: true) == nil)
    // The protocol of the port has the better words for it.
    #expect(OpeningRefusal(.unknown, isSecure: false) == nil)
    #expect(OpeningRefusal(.unknown, isSecure: true) == nil)
  }

  @Test func `the door for AWS's clients speaks HTTP/1`() {
    #expect(OpeningRefusal(.http1, isSecure: false, on: .rest) == nil)
    #expect(OpeningRefusal(.http2, isSecure: false, on: .rest) == .http2)
    #expect(OpeningRefusal(.tls, isSecure: false, on: .rest) == .tls)
    #expect(OpeningRefusal(.http1, isSecure: true, on: .rest) == .plaintext)
    #expect(OpeningRefusal(.tls, isSecure: true, on: .rest) == nil)
  }

  @Test(arguments: OpeningRefusal.allCases, [ServedProtocol.grpc, .rest])
  func `an answer is whole and says why`(refusal: OpeningRefusal, port: ServedProtocol) throws {
    let answer = String(decoding: refusal.answer(on: port), as: UTF8.self)
    guard refusal != .silent else {
      #expect(answer.isEmpty)
      return
    }
    let parts = answer.split(separator: "\r\n\r\n", maxSplits: 1)
    try #require(parts.count == 2)
    #expect(parts[0].hasPrefix("HTTP/1.1 400 "))
    #expect(parts[0].contains("content-length: \(parts[1].utf8.count)\r\n"))
    #expect(parts[1] == refusal.words(on: port) + "\n")
  }
}

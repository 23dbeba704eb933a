// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Transport

/// Answers that open a tunnel.
private let acceptances = [
  "HTTP/1.1 200 Connection established\r\n\r\n",
  "HTTP/1.0 200\r\n\r\n",
  "HTTP/1.1 299 \nVia: x\n\n",
  // A length means nothing here (RFC 9110 §9.3.6).
  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
]

private let refusals: [(String, ProxyFailure)] = [
  ("HTTP/1.1 407 Proxy Authentication Required\r\n", .refused(status: 407)),
  ("HTTP/1.1 403 Forbidden\r\n", .refused(status: 403)),
  ("HTTP/1.1 502\r\n", .refused(status: 502)),
  ("HTTP/1.1 302 Found\r\n", .refused(status: 302)),
  ("HTTP/1.1 101 Switching Protocols\r\n", .refused(status: 101)),
  ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 407 No\r\n", .refused(status: 407)),
  ("SSH-2.0-OpenSSH_9.2\r\n", .notHTTP),
  ("HTTP/2 200\n", .notHTTP),
  ("HTTP/1.1 2000\r\n", .notHTTP),
  ("HTTP/1.1 20x OK\r\n", .notHTTP),
  ("HTTP/1.1 099 OK\r\n", .notHTTP),
  ("\r\n", .notHTTP),
  ("\u{15}\u{3}\u{1}\u{0}\u{2}\u{2}\n", .notHTTP),
]

extension TunnelState {
  fileprivate mutating func received(_ text: some Sequence<UInt8>) -> OnBytes {
    self.received(Array(text).span)
  }
}

@Suite struct TunnelStateTests {
  @Test(arguments: acceptances)
  func `an acceptance opens the tunnel, however it is split`(answer: String) {
    let bytes = Array(answer.utf8)
    for split in 0..<bytes.count {
      var state = TunnelState()
      #expect(state.received(bytes[..<split]) == .wait)
      #expect(
        state.received(bytes[split...] + [0x16, 0x03]) == .open(headBytes: bytes.count - split))
      #expect(state.received([0x01]) == .pass)
      #expect(state.closed() == .pass)
    }
  }

  @Test(arguments: refusals)
  func `anything else is a failure at the end of its status line`(
    answer: String, failure: ProxyFailure
  ) {
    let bytes = Array(answer.utf8)
    for split in 0..<bytes.count {
      var state = TunnelState()
      #expect(state.received(bytes[..<split]) == .wait)
      #expect(state.received(bytes[split...]) == .fail(failure))
      #expect(state.received("HTTP/1.1 200 OK\r\n\r\n".utf8) == .drop)
      #expect(state.closed() == .drop)
    }
  }

  @Test(arguments: acceptances)
  func `an answer that is cut off is a failure`(answer: String) {
    let bytes = Array(answer.utf8)
    for cut in 0..<bytes.count {
      var state = TunnelState()
      #expect(state.received(bytes[..<cut]) == .wait)
      #expect(state.closed() == .fail(.closed))
      #expect(state.received(bytes[cut...]) == .drop)
    }
  }

  @Test func `a head has a limit, that of its interim answers included`() {
    let interim = "HTTP/1.1 100 Continue\r\n\r\n"
    for answer in ["x", "HTTP/1.1 200 OK\r\nx: ", String(repeating: interim, count: 3)] {
      let padding = String(repeating: answer == "x" ? "x" : "y", count: 100)
      let bytes = Array((answer + padding).utf8.prefix(100))
      var state = TunnelState(maxHeadBytes: 64)
      #expect(state.received(bytes[..<64]) == .wait)
      #expect(state.received(bytes[64...]) == .fail(.answerTooLong(limit: 64)))
      #expect(state.received(bytes) == .drop)
    }
  }

  @Test func `a head of just the limit is good`() {
    let answer = Array("HTTP/1.1 200 OK\r\n\r\n".utf8)
    var state = TunnelState(maxHeadBytes: answer.count)
    #expect(state.received(answer + [1, 2, 3]) == .open(headBytes: answer.count))
  }

  @Test func `what is asked names the host, and carries the credentials it is given`() {
    let plain = OutboundProxy(host: "proxy", port: 3128)
    #expect(
      plain.request(host: "a.example.com", port: 443)
        == "CONNECT a.example.com:443 HTTP/1.1\r\nHost: a.example.com:443\r\n\r\n")
    let known = OutboundProxy(host: "proxy", port: 3128, authorization: "Basic dTpw")
    #expect(
      known.request(host: "::1", port: 8443)
        == "CONNECT [::1]:8443 HTTP/1.1\r\nHost: [::1]:8443\r\nProxy-Authorization: Basic dTpw\r\n\r\n"
    )
    #expect(plain.request(host: "a\r\nb", port: 1) == nil)
    #expect(
      OutboundProxy(host: "p", port: 1, authorization: "a\r\nb").request(host: "h", port: 1) == nil)
  }

  @Test func `credentials are never shown`() {
    let proxy = OutboundProxy(host: "proxy", port: 3128, authorization: "Basic dTpw")
    var dumped = ""
    dump(proxy, to: &dumped)
    #expect("\(proxy) \(String(reflecting: proxy)) \(dumped)".contains("dTpw") == false)
    #expect("\(proxy)" == "proxy:3128")
  }
}

// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import GatewayClient

@Suite struct GatewayAddressTests {
  @Test(arguments: ["127.0.0.1:50051", "[::1]:1", "gateway.example:65535", "unix:/run/jobs.sock"])
  func `an address is read and written alike`(text: String) {
    #expect(GatewayAddress(text)?.description == text)
  }

  @Test func `an authority is what gRPC's own clients send`() {
    #expect(GatewayAddress("[::1]:7")?.authority == "[::1]:7")
    #expect(GatewayAddress("unix:x")?.authority == "localhost")
    #expect(GatewayAddress("unix:x") == .unix(path: "x"))
    #expect(GatewayAddress("h:7") == .tcp(host: "h", port: 7))
  }

  @Test(arguments: [
    "", "h", "h:", ":1", "h:0", "h:65536", "h:-1", "::1:50051", "[::1]", "[::1:5", "[]:5", "unix:",
    "h :1", "h\n:1", "unix:a\u{0}b", "unix:" + String(repeating: "p", count: 108),
  ])
  func `what is no address is refused`(text: String) {
    #expect(GatewayAddress(text) == nil)
  }
}

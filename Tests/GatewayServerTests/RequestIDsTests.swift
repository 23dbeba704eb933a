// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import GatewayServer

struct RequestIDsTests {
  private func id(offered: String?) -> String {
    RequestIDs(connection: 0xABC).id(offered: offered.map { Array($0.utf8)[...] }, streamID: 7)
  }

  private let made = "0000000000000abc-7"

  @Test func `an id made here is the connection's half and the stream's number`() {
    #expect(self.id(offered: nil) == self.made)
    #expect(RequestIDs(connection: .max).id(streamID: .max) == "ffffffffffffffff-2147483647")
    #expect(RequestIDs(connection: 0).id(streamID: 1) == "0000000000000000-1")
  }

  @Test(arguments: [
    "r", "7f3c-…".replacing("…", with: "a"), "!~", String(repeating: "x", count: 128),
  ])
  func `a plain id is taken as it is`(offered: String) {
    #expect(self.id(offered: offered) == offered)
  }

  @Test(arguments: [
    "", " ", "a b", "a\nb", "a\r\nset-cookie: b", "a\0", "\u{7F}", "é", "\u{1B}[31m",
    String(repeating: "x", count: 129),
  ])
  func `an id that could break out of a line is replaced`(offered: String) {
    #expect(self.id(offered: offered) == self.made)
  }

  @Test func `bytes that are no text are replaced`() {
    #expect(RequestIDs(connection: 0xABC).id(offered: [0xFF], streamID: 7) == self.made)
  }

  @Test func `two connections make different ids`() {
    #expect(RequestIDs().id(streamID: 1) != RequestIDs().id(streamID: 1))
  }
}

// SPDX-License-Identifier: Apache-2.0

import CryptoEngine
import GatewayTestKit
import Testing

@Suite struct TLSConnectionTests {
  private let fixture: TLSFixture

  init() throws {
    self.fixture = try TLSFixture()
  }

  @Test(arguments: [1, 2, 7, 100, 4_096, Int.max])
  func `two engines agree, however their bytes are cut`(pieces: Int) throws {
    let pair = try self.fixture.pair()
    try pair.connect(pieces: pieces)
    let handshake = try #require(pair.client.connection.handshake)
    #expect(handshake.version == .tls13)
    #expect(!handshake.isResumed)
    try pair.client.send("question")
    pair.exchange(pieces: pieces)
    #expect(pair.server.text == "question")
    try pair.server.send("answer")
    pair.exchange(pieces: pieces)
    #expect(pair.client.text == "answer")
  }
}

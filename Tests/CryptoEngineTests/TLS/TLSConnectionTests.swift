// SPDX-License-Identifier: Apache-2.0

import CryptoEngine
import GatewayTestKit
import Testing

@Suite struct TLSConnectionTests {
  private let fixture: TLSFixture

  init() throws {
    self.fixture = try TLSFixture()
  }

  // MARK: - Agreement

  @Test(arguments: [TLSVersion.tls12, .tls13], [1, 2, 7, 100, 4_096, Int.max])
  func `two engines agree, however their bytes are cut`(version: TLSVersion, pieces: Int) throws {
    var fixture = self.fixture
    fixture.client.versions = version...version
    let pair = try fixture.pair()
    try pair.connect(pieces: pieces)
    let handshake = try #require(pair.client.connection.handshake)
    #expect(handshake == pair.server.connection.handshake)
    #expect(handshake.version == version)
    #expect(!handshake.isResumed)
    #expect(handshake.applicationProtocol == nil)
    try pair.client.send("question")
    pair.exchange(pieces: pieces)
    #expect(pair.server.text == "question")
    try pair.server.send("answer")
    pair.exchange(pieces: pieces)
    #expect(pair.client.text == "answer")
  }

  @Test(arguments: [TLSVersion.tls12, .tls13])
  func `the suite has forward secrecy and authenticates its data`(version: TLSVersion) throws {
    var fixture = self.fixture
    fixture.client.versions = version...version
    let pair = try fixture.pair()
    try pair.connect()
    let suite = try #require(pair.client.connection.handshake?.cipherSuite)
    #expect(suite.contains("_GCM_") || suite.contains("_POLY1305_"))
    #expect(version == .tls13 || suite.hasPrefix("TLS_ECDHE_"))
  }

  @Test func `a client shows the name but never an address`() throws {
    let hello = Engine(try self.fixture.endpoint().makeConnection()).take()
    #expect(hello.contains(Array(TLSFixture.host.utf8)))
    let address = Engine(try self.fixture.endpoint("127.0.0.1").makeConnection()).take()
    #expect(!address.contains(Array("127.0.0.1".utf8)))
  }

  @Test(arguments: [
    (["http/1.1"], ["http/1.1"], "http/1.1"),
    (["http/1.1", "h2"], ["h2", "http/1.1"], "h2"),
    (["h2"], [], nil),
    ([], ["h2"], nil),
  ])
  func `the server's first protocol that the client offers is chosen`(
    offered: [String], preferred: [String], chosen: String?
  ) throws {
    var fixture = self.fixture
    fixture.client.applicationProtocols = offered
    fixture.serverProtocols = preferred
    let pair = try fixture.pair()
    try pair.connect()
    #expect(pair.client.connection.handshake?.applicationProtocol == chosen)
    #expect(pair.server.connection.handshake?.applicationProtocol == chosen)
  }

  @Test func `a client that offers other protocols only is refused`() throws {
    var fixture = self.fixture
    fixture.client.applicationProtocols = ["http/1.1"]
    fixture.serverProtocols = ["h2"]
    let pair = try fixture.pair()
    pair.exchange()
    #expect(pair.client.failure == .alertReceived(.noApplicationProtocol))
    #expect(pair.client.failure?.words == "peer refused: no application protocol (alert 120)")
    guard case .nothingInCommon = pair.server.failure else {
      Issue.record("\(String(describing: pair.server.failure))")
      return
    }
    #expect(pair.server.connection.alertSent == .noApplicationProtocol)
  }

  @Test func `no common version is told to both sides`() throws {
    var fixture = self.fixture
    fixture.client.versions = .tls13...(.tls13)
    let client = try fixture.endpoint().makeConnection()
    var settings = TLSServerSettings(identity: try fixture.identity())
    settings.versions = .tls12...(.tls12)
    let pair = EnginePair(
      client: client, server: try TLSServerContext(settings).makeConnection())
    pair.exchange()
    #expect(pair.client.failure == .alertReceived(.protocolVersion))
    #expect(pair.server.failure == .nothingInCommon(reason: "unsupported protocol"))
  }

  // MARK: - Data

  @Test(arguments: [1, 1_000, 16_384, Int.max])
  func `a megabyte arrives whole`(pieces: Int) throws {
    let pair = try self.fixture.pair()
    try pair.connect()
    var random = SplitMix64(seed: 7)
    let bytes = (0..<(pieces == 1 ? 40_000 : 1_000_000)).map { _ in
      UInt8.random(in: 0...255, using: &random)
    }
    var sent = 0
    while sent < bytes.count {
      let rest = Array(bytes[sent...])
      let answer = try pair.server.connection.send(rest.span)
      guard case .accepted(let count) = answer, count > 0 else {
        Issue.record("\(answer)")
        return
      }
      sent += count
      #expect(pair.server.connection.pendingCiphertext <= 131_072 + 16_384 + 256)
      pair.exchange(pieces: pieces)
    }
    #expect(pair.client.plaintext == bytes)
    #expect(pair.client.failure == nil)
  }

  @Test func `what is pending is bounded, and draining makes room`() throws {
    var fixture = self.fixture
    fixture.client.limits.maxPendingBytes = 20_000
    let pair = try fixture.pair()
    try pair.connect()
    let bytes = [UInt8](repeating: 1, count: 100_000)
    #expect(try pair.client.connection.send(bytes.span) == .accepted(2 * 16_384))
    #expect(try pair.client.connection.send(bytes.span) == .accepted(0))
    pair.exchange()
    #expect(pair.server.plaintext.count == 2 * 16_384)
    #expect(try pair.client.connection.send(bytes.span) == .accepted(2 * 16_384))
  }

  @Test func `nothing is sent before the handshake is done`() throws {
    let pair = try self.fixture.pair()
    let bytes: [UInt8] = [1]
    #expect(try pair.client.connection.send(bytes.span) == .notYet)
    #expect(try pair.server.connection.send(bytes.span) == .notYet)
    try pair.connect()
    #expect(pair.server.plaintext == [])
    #expect(try pair.client.connection.send(bytes.span) == .accepted(1))
  }

  @Test func `nothing to send is nothing on the wire`() throws {
    let pair = try self.fixture.pair()
    try pair.connect()
    let nothing: [UInt8] = []
    #expect(try pair.client.connection.send(nothing.span) == .accepted(0))
    #expect(pair.client.take() == [])
    pair.client.receive([])
    #expect(pair.client.failure == nil)
  }

  @Test func `data behind the last handshake message comes with it`() throws {
    let pair = try self.fixture.pair()
    pair.server.receive(pair.client.take())
    pair.client.receive(pair.server.take())
    // The client is done and says more before the server has seen its Finished.
    try pair.client.send("at once")
    pair.server.receive(pair.client.take())
    #expect(pair.server.connection.handshake != nil)
    #expect(pair.server.text == "at once")
  }

  // MARK: - The end

  @Test(arguments: [TLSVersion.tls12, .tls13])
  func `a close is clean once the peer has said so`(version: TLSVersion) throws {
    var fixture = self.fixture
    fixture.client.versions = version...version
    let pair = try fixture.pair()
    try pair.connect()
    try pair.server.send("last words")
    pair.server.connection.close()
    pair.exchange()
    #expect(pair.client.text == "last words")
    #expect(pair.client.isClosedByPeer)
    #expect(pair.client.connection.receivedEndOfInput() == .clean)
    // Aftermath: what follows is ignored, and asking again changes nothing.
    pair.client.receive([1, 2, 3])
    #expect(pair.client.failure == nil)
    #expect(pair.client.connection.receivedEndOfInput() == .clean)
    let bytes: [UInt8] = [1]
    #expect(try pair.server.connection.send(bytes.span) == .closed)
    pair.server.connection.close()
    #expect(pair.server.take() == [])
  }

  @Test(arguments: [TLSVersion.tls12, .tls13])
  func `one side may go on when the other has closed`(version: TLSVersion) throws {
    var fixture = self.fixture
    fixture.client.versions = version...version
    let pair = try fixture.pair()
    try pair.connect()
    pair.client.connection.close()
    pair.exchange()
    #expect(pair.server.isClosedByPeer)
    try pair.server.send("answer to what came before")
    pair.exchange()
    #expect(pair.client.text == "answer to what came before")
    #expect(pair.client.failure == nil)
    #expect(pair.client.connection.receivedEndOfInput() == .truncated)
    pair.server.connection.close()
    pair.exchange()
    #expect(pair.client.connection.receivedEndOfInput() == .clean)
  }

  @Test func `an end without close_notify is a truncation`() throws {
    let pair = try self.fixture.pair()
    try pair.connect()
    try pair.server.send("half of the tru")
    pair.exchange()
    #expect(pair.client.connection.receivedEndOfInput() == .truncated)
  }

  @Test func `a record cut short gives nothing away and is a truncation`() throws {
    let pair = try self.fixture.pair()
    try pair.connect()
    try pair.server.send("the whole truth")
    pair.client.receive(pair.server.take().dropLast())
    #expect(pair.client.text == "")
    #expect(pair.client.failure == nil)
    #expect(pair.client.connection.receivedEndOfInput() == .truncated)
  }

  @Test func `an end within the handshake is told apart`() throws {
    let pair = try self.fixture.pair()
    #expect(pair.client.connection.receivedEndOfInput() == .duringHandshake)
    pair.server.receive(pair.client.take().dropLast())
    #expect(pair.server.connection.receivedEndOfInput() == .duringHandshake)
  }

  @Test func `a close before the handshake is done says nothing`() throws {
    let client = Engine(try self.fixture.endpoint().makeConnection())
    _ = client.take()
    client.connection.close()
    #expect(client.take() == [])
    let bytes: [UInt8] = [1]
    #expect(try client.connection.send(bytes.span) == .closed)
  }

  // MARK: - Limits

  @Test func `an idle connection waits for nothing and holds no bytes`() throws {
    let pair = try self.fixture.pair()
    try pair.connect()
    #expect(pair.client.connection.pendingCiphertext == 0)
    #expect(pair.server.connection.pendingCiphertext == 0)
  }
}

// SPDX-License-Identifier: Apache-2.0

import CryptoEngine
import GatewayTestKit
import Testing

@Suite struct TLSHostilePeerTests {
  private var fixture: TLSFixture

  init() throws {
    self.fixture = try TLSFixture()
  }

  private func client() throws -> Engine {
    Engine(try self.fixture.endpoint().makeConnection())
  }

  private func server() throws -> Engine {
    Engine(try self.fixture.server().makeConnection())
  }

  // MARK: - Not TLS

  @Test(arguments: [1, Int.max])
  func `plain HTTP at the other end is recognised`(pieces: Int) throws {
    let client = try self.client()
    let bytes = Array("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n".utf8)
    var rest = bytes[...]
    while !rest.isEmpty {
      client.receive(rest.prefix(pieces))
      rest = rest.dropFirst(pieces)
    }
    #expect(client.failure == .notTLS(.http))
    #expect(client.failure?.words == "peer speaks plain HTTP on this port, not TLS")
    #expect(client.connection.receivedEndOfInput() == .afterFailure)
  }

  @Test(arguments: [
    ("GET / HTTP/1.1\r\n\r\n", TLSError.PlainProtocol.http),
    ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .http),
    ("POST /things/a/jobs/b HTTP/1.1\r\n", .http),
    ("CONNECT a:443 HTTP/1.1\r\n\r\n", .http),
    ("SSH-2.0-OpenSSH_9.2\r\n", .unknown),
    ("\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}", .unknown),
  ])
  func `a client that speaks something else is recognised`(
    text: String, spoken: TLSError.PlainProtocol
  ) throws {
    let server = try self.server()
    server.receive(Array(text.utf8))
    #expect(server.failure == .notTLS(spoken))
    // Nothing that such a peer could read is sent to it.
    #expect(server.take() == [])
  }

  @Test func `a mail server is not taken for HTTP`() throws {
    let client = try self.client()
    client.receive(Array("220 mail.example.com ESMTP\r\n".utf8))
    #expect(client.failure == .notTLS(.unknown))
  }

  // MARK: - Alerts

  @Test(arguments: [
    (UInt8(40), "handshake failure"), (70, "protocol version"), (80, "internal error"),
    (112, "unrecognized name"), (116, "certificate required"), (255, "unknown"),
  ])
  func `a fatal alert says why the peer refused`(code: UInt8, words: String) throws {
    let client = try self.client()
    client.receive([21, 3, 3, 0, 2, 2, code])
    #expect(client.failure == .alertReceived(TLSAlert(code: code)))
    #expect(client.failure?.words == "peer refused: \(words) (alert \(code))")
  }

  @Test func `close_notify within the handshake is no clean close`() throws {
    let client = try self.client()
    client.receive([21, 3, 3, 0, 2, 1, 0])
    #expect(client.failure != nil)
    #expect(client.connection.handshake == nil)
  }

  @Test func `a failed connection takes nothing more`() throws {
    let client = try self.client()
    client.receive([21, 3, 3, 0, 2, 2, 40])
    let bytes: [UInt8] = [1]
    #expect(throws: TLSError.alreadyFailed) {
      try client.connection.receive(bytes.span) { _ in }
    }
    #expect(throws: TLSError.alreadyFailed) { try client.connection.send(bytes.span) }
    _ = client.take()
    client.connection.close()
    #expect(client.take() == [])
  }

  // MARK: - Tampering

  @Test(arguments: [TLSVersion.tls12, .tls13])
  func `a changed bit in a record is found and nothing of it is handed over`(
    version: TLSVersion
  ) throws {
    var fixture = self.fixture
    fixture.client.versions = version...version
    let pair = try fixture.pair()
    try pair.connect()
    try pair.server.send("pay Alice")
    var record = pair.server.take()
    record[record.count - 3] ^= 1
    pair.client.receive(record)
    #expect(pair.client.plaintext == [])
    guard case .protocolViolation = pair.client.failure else {
      Issue.record("\(String(describing: pair.client.failure))")
      return
    }
    // The peer is told: bad_record_mac.
    #expect(pair.client.connection.alertSent == TLSAlert(code: 20))
    pair.exchange()
    #expect(pair.server.failure == .alertReceived(TLSAlert(code: 20)))
  }

  @Test func `a record that comes twice is refused`() throws {
    let pair = try self.fixture.pair()
    try pair.connect()
    try pair.server.send("once")
    let record = pair.server.take()
    pair.client.receive(record)
    pair.client.receive(record)
    #expect(pair.client.text == "once")
    guard case .protocolViolation = pair.client.failure else {
      Issue.record("\(String(describing: pair.client.failure))")
      return
    }
  }

  // MARK: - Too much

  /// A handshake record with this much of one message in it.
  private func record(_ payload: [UInt8]) -> [UInt8] {
    [22, 3, 3, UInt8(payload.count >> 8), UInt8(payload.count & 255)] + payload
  }

  @Test func `a chain without end is cut off`() throws {
    var fixture = self.fixture
    fixture.client.versions = .tls12...(.tls12)
    fixture.client.limits.maxHandshakeBytes = 40_000
    // The certificates themselves may be as long as they like here.
    fixture.client.limits.maxCertificateBytes = 10_000_000
    let pair = try fixture.pair()
    pair.server.receive(pair.client.take())
    let flight = pair.server.take()
    // ServerHello is the first record, and stays; then comes a Certificate of 9 MB.
    let helloEnd = 5 + Int(flight[3]) << 8 + Int(flight[4])
    pair.client.receive(flight[..<helloEnd])
    #expect(pair.client.failure == nil)
    let length = 9_000_000
    var bytes = self.record(
      [11, UInt8(length >> 16), UInt8(length >> 8 & 255), UInt8(length & 255)])
    for _ in 0..<100 where pair.client.failure == nil {
      pair.client.receive(bytes)
      bytes = self.record([UInt8](repeating: 0, count: 4_000))
    }
    #expect(pair.client.failure == .handshakeTooLong(limit: 40_000))
  }

  @Test func `a certificate message over its limit is refused when it is announced`() throws {
    var fixture = self.fixture
    fixture.client.versions = .tls12...(.tls12)
    fixture.client.limits.maxCertificateBytes = 500
    let pair = try fixture.pair()
    pair.exchange()
    guard case .protocolViolation = pair.client.failure else {
      Issue.record("\(String(describing: pair.client.failure))")
      return
    }
  }

  @Test func `a client hello without end is cut off`() throws {
    let server = try self.server()
    var fed = 0
    var bytes = self.record([1, 1, 0, 0])
    while server.failure == nil, fed < 1_000_000 {
      server.receive(bytes)
      fed += bytes.count
      bytes = self.record([UInt8](repeating: 0, count: 8_000))
    }
    #expect(server.failure != nil)
    #expect(fed < 150_000)
  }

  @Test func `records without content come to an end`() throws {
    let pair = try self.fixture.pair()
    try pair.connect()
    // Records of nothing: libssl allows 32 in a row.
    let nothing: [UInt8] = [23, 3, 3, 0, 0]
    var fed = 0
    while pair.client.failure == nil, fed < 100 {
      pair.client.receive(nothing)
      fed += 1
    }
    #expect(fed < 100)
  }
}

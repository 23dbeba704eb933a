// SPDX-License-Identifier: Apache-2.0

import CryptoEngine
import GatewayTestKit
import Synchronization
import Testing

@Suite struct TLSSessionTests {
  private func fixture(_ version: TLSVersion) throws -> TLSFixture {
    var fixture = try TLSFixture()
    fixture.client.versions = version...version
    return fixture
  }

  /// Connects, says a word each way, closes.
  private func meet(_ endpoint: TLSEndpoint, _ server: TLSServerContext) throws -> EnginePair {
    let pair = EnginePair(
      client: try endpoint.makeConnection(), server: try server.makeConnection())
    try pair.connect()
    try pair.client.send("ping")
    pair.exchange()
    try pair.server.send("pong")
    pair.exchange()
    #expect(pair.client.text == "pong")
    return pair
  }

  private func isResumed(_ pair: EnginePair) -> Bool? {
    let client = pair.client.connection.handshake?.isResumed
    #expect(client == pair.server.connection.handshake?.isResumed)
    return client
  }

  @Test(arguments: [TLSVersion.tls12, .tls13])
  func `a second connection resumes the first`(version: TLSVersion) throws {
    let fixture = try self.fixture(version)
    let (endpoint, server) = (try fixture.endpoint(), try fixture.server())
    #expect(endpoint.rememberedSessions == 0)
    #expect(self.isResumed(try self.meet(endpoint, server)) == false)
    #expect(endpoint.rememberedSessions == (version == .tls13 ? 2 : 1))
    for _ in 0..<5 {
      let pair = try self.meet(endpoint, server)
      #expect(self.isResumed(pair) == true)
      // It is still known whose connection this is.
      #expect(pair.client.connection.peerCertificate?.names == [TLSFixture.host])
    }
    #expect((1...16).contains(endpoint.rememberedSessions))
  }

  @Test func `a session that broke off is resumed all the same`() throws {
    let fixture = try self.fixture(.tls13)
    let (endpoint, server) = (try fixture.endpoint(), try fixture.server())
    // Neither side says goodbye.
    _ = try self.meet(endpoint, server)
    #expect(self.isResumed(try self.meet(endpoint, server)) == true)
  }

  @Test func `a ticket of TLS 1.3 is used once`() throws {
    let fixture = try self.fixture(.tls13)
    let (endpoint, server) = (try fixture.endpoint(), try fixture.server())
    _ = try self.meet(endpoint, server)
    #expect(endpoint.rememberedSessions == 2)
    let hellos = try (0..<3).map { _ in try endpoint.makeConnection() }
    #expect(endpoint.rememberedSessions == 0)
    let resumed = try hellos.map { client in
      let pair = EnginePair(client: client, server: try server.makeConnection())
      try pair.connect()
      return self.isResumed(pair)
    }
    #expect(resumed == [true, true, false])
  }

  @Test func `a session of TLS 1.2 serves many connections at once`() throws {
    let fixture = try self.fixture(.tls12)
    let (endpoint, server) = (try fixture.endpoint(), try fixture.server())
    _ = try self.meet(endpoint, server)
    let clients = try (0..<3).map { _ in try endpoint.makeConnection() }
    for client in clients {
      let pair = EnginePair(client: client, server: try server.makeConnection())
      try pair.connect()
      #expect(self.isResumed(pair) == true)
    }
  }

  @Test(arguments: [0, 1, 3])
  func `no more sessions are kept than allowed`(limit: Int) throws {
    let fixture = try self.fixture(.tls13)
    let endpoint = try fixture.endpoint(sessionLimit: limit)
    let server = try fixture.server()
    let pairs = try (0..<4).map { _ in
      EnginePair(client: try endpoint.makeConnection(), server: try server.makeConnection())
    }
    for pair in pairs { try pair.connect() }
    #expect(endpoint.rememberedSessions == limit)
    #expect(self.isResumed(try self.meet(endpoint, server)) == (limit > 0))
  }

  @Test(arguments: [TLSVersion.tls12, .tls13])
  func `a server that has forgotten the session makes a full handshake`(
    version: TLSVersion
  ) throws {
    let fixture = try self.fixture(version)
    let endpoint = try fixture.endpoint()
    _ = try self.meet(endpoint, try fixture.server())
    let restarted = try fixture.server()
    #expect(self.isResumed(try self.meet(endpoint, restarted)) == false)
    #expect(self.isResumed(try self.meet(endpoint, restarted)) == true)
  }

  @Test func `sessions are no way around the check of another name`() throws {
    let fixture = try self.fixture(.tls13)
    let server = try fixture.server()
    _ = try self.meet(try fixture.endpoint(), server)
    let other = try fixture.endpoint("other.example.com")
    #expect(other.rememberedSessions == 0)
    let pair = EnginePair(
      client: try other.makeConnection(), server: try server.makeConnection())
    pair.exchange()
    guard case .certificateRejected = pair.client.failure else {
      Issue.record("\(String(describing: pair.client.failure))")
      return
    }
  }

  @Test func `a handshake that fails while resuming forgets all sessions`() throws {
    let fixture = try self.fixture(.tls13)
    let (endpoint, server) = (try fixture.endpoint(), try fixture.server())
    _ = try self.meet(endpoint, server)
    _ = try self.meet(endpoint, server)
    let client = Engine(try endpoint.makeConnection())
    #expect(endpoint.rememberedSessions > 0)
    client.receive(Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8))
    #expect(client.failure == .notTLS(.http))
    #expect(endpoint.rememberedSessions == 0)
  }

  @Test(arguments: [TLSVersion.tls12, .tls13])
  func `a client with a certificate resumes too`(version: TLSVersion) throws {
    var fixture = try self.fixture(version)
    var terms = CertificateTerms("device-7")
    terms.purpose = "clientAuth"
    fixture.client.identity = try fixture.identity(fixture.authority.issue(terms))
    fixture.clientTrust = .pem(try fixture.authority.root.pem)
    let (endpoint, server) = (try fixture.endpoint(), try fixture.server())
    _ = try self.meet(endpoint, server)
    let pair = try self.meet(endpoint, server)
    #expect(self.isResumed(pair) == true)
    #expect(pair.server.connection.peerCertificate?.subject == "CN=device-7")
  }

  @Test(arguments: [TLSVersion.tls12, .tls13], [-1, 0, 1])
  func `a ticket does not outlive its client's certificate`(
    version: TLSVersion, secondsOver: Int
  ) throws {
    var fixture = try self.fixture(version)
    var terms = CertificateTerms("device-7")
    terms.purpose = "clientAuth"
    let client = try fixture.authority.issue(terms)
    fixture.client.identity = try fixture.identity(client)
    fixture.clientTrust = .pem(try fixture.authority.root.pem)
    let now = Atomic(0)
    fixture.serverClock = { now.load(ordering: .relaxed) }
    let (endpoint, server) = (try fixture.endpoint(), try fixture.server())
    let first = try self.meet(endpoint, server)
    #expect(self.isResumed(try self.meet(endpoint, server)) == true)
    let over = try #require(first.server.connection.peerCertificate?.notAfterSeconds)
    now.store(over + secondsOver, ordering: .relaxed)
    #expect(self.isResumed(try self.meet(endpoint, server)) == (secondsOver < 0))
  }

  @Test func `one endpoint and one server serve many threads`() async throws {
    let fixture = try self.fixture(.tls13)
    let (endpoint, server) = (try fixture.endpoint(), try fixture.server())
    let resumed = try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<8 {
        group.addTask {
          var resumed = 0
          for _ in 0..<10 {
            let pair = EnginePair(
              client: try endpoint.makeConnection(), server: try server.makeConnection())
            try pair.connect()
            if pair.client.connection.handshake?.isResumed == true { resumed += 1 }
          }
          return resumed
        }
      }
      return try await group.reduce(0, +)
    }
    // Each connection of a task after its first finds at least the ticket of the one before.
    #expect(resumed >= 8 * 9)
    #expect((1...16).contains(endpoint.rememberedSessions))
  }
}

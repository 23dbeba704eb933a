// SPDX-License-Identifier: Apache-2.0

import CryptoEngine
import GatewayTestKit
import Testing

/// Whom a server lets in, and by what names it knows them.
struct TLSClientsTests {
  private let fixture: TLSFixture

  init() throws {
    var fixture = try TLSFixture()
    fixture.clientTrust = .pem(try fixture.authority.root.pem)
    self.fixture = fixture
  }

  private func device(
    _ change: (inout CertificateTerms) -> Void = { _ in }
  ) throws -> TestCertificate {
    var terms = CertificateTerms("device-7")
    terms.purpose = "clientAuth"
    change(&terms)
    return try self.fixture.authority.issue(terms)
  }

  private func exchange(
    _ client: TestCertificate?, _ change: (inout TLSFixture) throws -> Void = { _ in }
  ) throws -> EnginePair {
    var fixture = self.fixture
    fixture.client.identity = try client.map { try fixture.identity($0) }
    try change(&fixture)
    let pair = try fixture.pair()
    pair.exchange()
    return pair
  }

  private func rejection(_ pair: EnginePair) -> CertificateRejection? {
    guard case .certificateRejected(let rejection) = pair.server.failure else { return nil }
    return rejection
  }

  // MARK: - Names

  @Test func `a verified client is known by all its names`() throws {
    let client = try self.device {
      $0.uris = ["spiffe://example.org/thing/press-1", "urn:x"]
      $0.dnsNames = ["Press-1.Plant.example", "*.plant.example"]
      $0.addresses = ["127.0.0.1"]
    }
    let pair = try self.exchange(client)
    #expect(
      pair.server.connection.peerNames
        == PeerNames(
          uris: ["spiffe://example.org/thing/press-1", "urn:x"],
          dnsNames: ["press-1.plant.example", "*.plant.example"], commonName: "device-7"))
  }

  @Test(arguments: [
    "de\u{0}vice", "gerät", "de\u{7f}vice", "tab\tbed", "new\nline",
  ])
  func `a name that is not plain is no name at all`(name: String) throws {
    let pair = try self.exchange(try self.device { $0.commonName = name })
    try pair.connect()
    #expect(pair.server.connection.peerNames == PeerNames())
  }

  @Test(arguments: [(2_048, 1), (2_049, 0)])
  func `a name may have so many bytes`(byteCount: Int, kept: Int) throws {
    let start = "spiffe://td/"
    let uri = start + String(repeating: "a", count: byteCount - start.utf8.count)
    let client = try self.device { $0.uris = [uri] }
    let names = try #require(try self.exchange(client).server.connection.peerNames)
    #expect(names.uris == Array([uri].prefix(kept)))
  }

  @Test func `of many names the first are kept`() throws {
    let many = (0..<40).map { "d\($0).example" }
    let client = try self.device { $0.dnsNames = many }
    let names = try #require(try self.exchange(client).server.connection.peerNames)
    #expect(names.dnsNames == Array(many.prefix(32)))
  }

  @Test func `without a certificate, or without looking at it, nobody has names`() throws {
    let requested = try self.exchange(nil) { $0.clientAuthentication = .requested }
    try requested.connect()
    #expect(requested.server.connection.peerNames == nil)
    let unasked = try self.exchange(try self.device()) { $0.clientTrust = nil }
    try unasked.connect()
    #expect(unasked.server.connection.peerNames == nil)
    var skipping = self.fixture
    skipping.clientTrust = nil
    skipping.client.verification = .insecureSkipVerification
    let pair = try skipping.pair()
    try pair.connect()
    #expect(pair.client.connection.peerNames == nil)
  }

  @Test func `nobody has names before the handshake is done`() throws {
    var fixture = self.fixture
    fixture.client.identity = try fixture.identity(try self.device())
    let pair = try fixture.pair()
    #expect(pair.server.connection.peerNames == nil)
    pair.server.receive(pair.client.take().prefix(50))
    #expect(pair.server.connection.peerNames == nil)
  }

  // MARK: - Requested only

  @Test func `a certificate that was only requested must be good all the same`() throws {
    let stranger = try CertificateAuthority("Stranger").issue(CertificateTerms("device-7"))
    let pair = try self.exchange(stranger) { $0.clientAuthentication = .requested }
    #expect(self.rejection(pair) != nil)
    let known = try self.exchange(try self.device()) { $0.clientAuthentication = .requested }
    try known.connect()
    #expect(known.server.connection.peerNames?.commonName == "device-7")
  }

  // MARK: - Revocation

  @Test func `a revoked client is refused, and others are not`() throws {
    let (good, bad) = (try self.device(), try self.device())
    let list = try self.fixture.authority.intermediate.revocationsPEM([bad])
    try self.exchange(good) { $0.clientRevocationPEM = list }.connect()
    let refused = try self.exchange(bad) { $0.clientRevocationPEM = list }
    #expect(self.rejection(refused)?.reason == "certificate revoked")
    #expect(self.rejection(refused)?.depth == 0)
  }

  @Test func `an authority that its own has revoked takes its clients with it`() throws {
    let authority = self.fixture.authority
    let lists =
      try authority.intermediate.revocationsPEM([])
      + authority.root.revocationsPEM([authority.intermediate])
    let refused = try self.exchange(try self.device()) { $0.clientRevocationPEM = lists }
    #expect(self.rejection(refused)?.reason == "certificate revoked")
    #expect(self.rejection(refused)?.depth == 1)
  }

  @Test func `without a list of its issuer that is in date a client is refused`() throws {
    let authority = self.fixture.authority
    let other = try authority.root.revocationsPEM([])
    let none = try self.exchange(try self.device()) { $0.clientRevocationPEM = other }
    #expect(self.rejection(none)?.reason == "unable to get certificate CRL")
    let old = try authority.intermediate.revocationsPEM([], lastUpdate: -20, nextUpdate: -10)
    let late = try self.exchange(try self.device()) { $0.clientRevocationPEM = old }
    #expect(self.rejection(late)?.reason == "CRL has expired")
    let forged = try CertificateAuthority().intermediate.revocationsPEM([])
    let lied = try self.exchange(try self.device()) { $0.clientRevocationPEM = forged }
    #expect(self.rejection(lied) != nil)
  }

  @Test func `what is no list of revoked certificates makes no context`() throws {
    var fixture = self.fixture
    for text in ["", "nonsense\n"] {
      fixture.clientRevocationPEM = Array(text.utf8)
      #expect(throws: TLSConfigurationError.noRevocationList(source: "the given text")) {
        try fixture.server()
      }
    }
    let broken = "-----BEGIN X509 CRL-----\nMIIB\n-----END X509 CRL-----\n"
    fixture.clientRevocationPEM = Array(broken.utf8)
    let error = #expect(throws: TLSConfigurationError.self) { try fixture.server() }
    guard case .malformedRevocationList("the given text", 1, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  // MARK: - Protocols

  @Test(arguments: [[], ["http/1.1"], ["h2"], ["http/1.1", "h2"]])
  func `a client that offers none of our protocols is told so`(offered: [String]) throws {
    var fixture = self.fixture
    fixture.clientTrust = nil
    fixture.serverProtocols = ["h2"]
    fixture.requiresProtocol = true
    fixture.client.applicationProtocols = offered
    let pair = try fixture.pair()
    pair.exchange()
    if offered.contains("h2") {
      try pair.connect()
      #expect(pair.server.connection.handshake?.applicationProtocol == "h2")
    } else {
      #expect(pair.client.failure == .alertReceived(.noApplicationProtocol))
      guard case .nothingInCommon = pair.server.failure else {
        Issue.record("\(String(describing: pair.server.failure))")
        return
      }
    }
  }

  @Test func `a server knows what it shows`() throws {
    #expect(try self.fixture.server().certificate?.subject == "CN=\(TLSFixture.host)")
  }
}

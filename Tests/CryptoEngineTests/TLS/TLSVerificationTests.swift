// SPDX-License-Identifier: Apache-2.0

import CryptoEngine
import GatewayTestKit
import Testing

@Suite struct TLSVerificationTests {
  private var fixture: TLSFixture

  init() throws {
    self.fixture = try TLSFixture()
  }

  /// Shakes hands with whoever shows this certificate.
  private func meet(
    _ host: String, _ certificate: TestCertificate? = nil
  ) throws -> EnginePair {
    let pair = try self.fixture.pair(host, certificate: certificate)
    pair.exchange()
    return pair
  }

  private func rejection(_ pair: EnginePair) throws -> CertificateRejection {
    guard case .certificateRejected(let rejection) = pair.client.failure else {
      throw Unexpected(failure: pair.client.failure)
    }
    #expect(pair.client.connection.handshake == nil)
    // The server learns that it was its certificate, and nothing of ours reached it.
    if case .alertReceived = pair.server.failure {
    } else {
      Issue.record("\(String(describing: pair.server.failure))")
    }
    #expect(
      pair.client.connection.alertSent
        == {
          if case .alertReceived(let alert) = pair.server.failure { alert } else { nil }
        }())
    #expect(pair.server.plaintext == [])
    return rejection
  }

  private struct Unexpected: Error {
    var failure: TLSError?
  }

  // MARK: - Names

  @Test(arguments: [
    (["a.example.com"], "a.example.com", true),
    (["a.example.com"], "A.Example.COM.", true),
    (["A.EXAMPLE.com"], "a.example.com", true),
    (["a.example.com"], "b.example.com", false),
    (["a.example.com"], "x.a.example.com", false),
    (["a.example.com"], "example.com", false),
    (["b.example.com", "a.example.com"], "a.example.com", true),
    (["*.example.com"], "a.example.com", true),
    (["*.example.com"], "example.com", false),
    (["*.example.com"], "b.a.example.com", false),
    // RFC 9525 §6.3: a wildcard is the whole of the first label.
    (["a*.example.com"], "ab.example.com", false),
    (["*a.example.com"], "ba.example.com", false),
    (["a.*.com"], "a.example.com", false),
    (["*.com"], "example.com", false),
    (["*"], "localhost", false),
    (["localhost"], "localhost", true),
    ([], "a.example.com", false),
  ])
  func `a name is matched as RFC 9525 says`(
    names: [String], host: String, matches: Bool
  ) throws {
    // The common name always matches, and never counts.
    let common = TLSServerName(host)?.text ?? host
    let certificate = try self.fixture.authority.issue(
      CertificateTerms(common, dnsNames: names))
    let pair = try self.meet(host, certificate)
    #expect((pair.client.failure == nil) == matches, "\(pair.client.failure?.words ?? "")")
  }

  @Test(arguments: [
    ("127.0.0.1", ["127.0.0.1"], true),
    ("127.0.0.1", ["127.0.0.2"], false),
    ("::1", ["127.0.0.1", "::1"], true),
    ("0:0:0:0:0:0:0:1", ["::1"], true),
    ("::1", ["::2"], false),
  ])
  func `an address is matched against addresses`(
    host: String, addresses: [String], matches: Bool
  ) throws {
    let certificate = try self.fixture.authority.issue(
      CertificateTerms(host, dnsNames: ["localhost"], addresses: addresses))
    let pair = try self.meet(host, certificate)
    #expect((pair.client.failure == nil) == matches, "\(pair.client.failure?.words ?? "")")
  }

  @Test func `an address that stands among the names does not count`() throws {
    let certificate = try self.fixture.authority.issue(
      CertificateTerms("127.0.0.1", dnsNames: ["127.0.0.1"]))
    let rejection = try self.rejection(self.meet("127.0.0.1", certificate))
    #expect(rejection.reason == "IP address mismatch")
    #expect(rejection.isNameMismatch)
  }

  @Test func `a wrong name is told with the names that would be right`() throws {
    let certificate = try self.fixture.authority.issue(
      CertificateTerms(
        "whoever", dnsNames: ["a.example.com", "*.b.example.com"],
        addresses: ["10.0.0.1", "fd00::1"]))
    let rejection = try self.rejection(self.meet("data.example.com", certificate))
    #expect(rejection.isNameMismatch)
    #expect(rejection.depth == 0)
    #expect(rejection.expected == "data.example.com")
    #expect(
      rejection.certificate?.names == ["a.example.com", "*.b.example.com", "10.0.0.1", "fd00::1"])
    #expect(
      rejection.words
        == "certificate rejected: hostname mismatch (62): it is for a.example.com, "
        + "*.b.example.com, 10.0.0.1, fd00::1, not for data.example.com; at depth 0, "
        + "subject CN=whoever, issuer CN=Test Root Intermediate")
  }

  @Test func `a certificate without any name is said to have none`() throws {
    let certificate = try self.fixture.authority.issue(CertificateTerms("a.example.com"))
    let rejection = try self.rejection(self.meet("a.example.com", certificate))
    #expect(rejection.words.contains("it is for no name at all, not for a.example.com"))
  }

  // MARK: - Time

  @Test func `an expired certificate is told with its dates`() throws {
    var terms = self.fixture.terms
    (terms.notBefore, terms.notAfter) = (-7_200, -3_600)
    let rejection = try self.rejection(
      self.meet(TLSFixture.host, self.fixture.authority.issue(terms)))
    #expect(rejection.reason == "certificate has expired")
    let certificate = try #require(rejection.certificate)
    #expect(certificate.notBefore < certificate.notAfter)
    let dates = "valid from \(certificate.notBefore) to \(certificate.notAfter); at depth 0"
    #expect(rejection.words.contains(dates))
    #expect(certificate.notAfter.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/) != nil)
  }

  @Test func `a certificate of tomorrow is refused`() throws {
    var terms = self.fixture.terms
    (terms.notBefore, terms.notAfter) = (3_600, 7_200)
    let rejection = try self.rejection(
      self.meet(TLSFixture.host, self.fixture.authority.issue(terms)))
    #expect(rejection.reason == "certificate is not yet valid")
  }

  // MARK: - Chains

  @Test func `a certificate that signed itself is refused`() throws {
    let certificate = try TestCertificate(self.fixture.terms)
    let rejection = try self.rejection(self.meet(TLSFixture.host, certificate))
    #expect(rejection.reason == "self-signed certificate")
    #expect(rejection.certificate?.subject == "CN=\(TLSFixture.host)")
  }

  @Test func `a certificate that signed itself is accepted if it is trusted`() throws {
    var fixture = self.fixture
    let certificate = try TestCertificate(fixture.terms)
    fixture.client.verification = .required(trust: .pem(try certificate.pem))
    try fixture.pair(certificate: certificate).connect()
  }

  @Test func `another authority is refused and named`() throws {
    let stranger = try CertificateAuthority("Stranger").issue(self.fixture.terms)
    let rejection = try self.rejection(self.meet(TLSFixture.host, stranger))
    #expect(rejection.reason == "unable to get local issuer certificate")
    #expect(rejection.depth == 1)
    #expect(rejection.certificate?.subject == "CN=Stranger Intermediate")
    #expect(rejection.certificate?.issuer == "CN=Stranger")
  }

  @Test func `an intermediate that is not sent is missed`() throws {
    let leaf = try self.fixture.authority.issue(self.fixture.terms)
    var settings = TLSServerSettings(
      identity: TLSIdentity(certificateChainPEM: try leaf.pem, privateKeyPEM: try leaf.keyPEM))
    settings.versions = .tls12...(.tls13)
    let pair = EnginePair(
      client: try self.fixture.endpoint().makeConnection(),
      server: try TLSServerContext(settings).makeConnection())
    pair.exchange()
    let rejection = try self.rejection(pair)
    #expect(rejection.reason == "unable to get local issuer certificate")
    #expect(rejection.depth == 0)
  }

  @Test func `an intermediate that is trusted needs no root`() throws {
    var fixture = self.fixture
    fixture.client.verification = .required(trust: .pem(try fixture.authority.intermediate.pem))
    try fixture.pair().connect()
  }

  @Test func `a certificate for clients is none for servers`() throws {
    var terms = self.fixture.terms
    terms.purpose = "clientAuth"
    let rejection = try self.rejection(
      self.meet(TLSFixture.host, self.fixture.authority.issue(terms)))
    #expect(rejection.reason == "unsuitable certificate purpose")
  }

  @Test func `a certificate that may not issue issues nothing`() throws {
    let leaf = try self.fixture.authority.issue(CertificateTerms("not an authority"))
    let forged = try TestCertificate(self.fixture.terms, issuer: leaf)
    let rejection = try self.rejection(self.meet(TLSFixture.host, forged))
    #expect(rejection.reason == "invalid CA certificate")
  }

  @Test func `what a certificate says is made safe to print`() throws {
    let certificate = try TestCertificate(
      CertificateTerms("evil\u{1b}[31m\nname\u{202e}" + String(repeating: "x", count: 40)))
    let rejection = try self.rejection(self.meet(TLSFixture.host, certificate))
    #expect(rejection.words.utf8.allSatisfy { 0x20...0x7e ~= $0 })
    #expect(rejection.certificate?.subject.contains("evil") == true)
  }

  @Test func `the names that are told are few`() throws {
    let many = (0..<100).map { "host-\($0).example.com" }
    let certificate = try self.fixture.authority.issue(CertificateTerms("many", dnsNames: many))
    let rejection = try self.rejection(self.meet("other.example.com", certificate))
    #expect(rejection.certificate?.names == Array(many.prefix(16)))
  }

  // MARK: - Without

  @Test func `who skips verification takes anybody, and can see whom`() throws {
    var fixture = self.fixture
    fixture.client.verification = .insecureSkipVerification
    let certificate = try TestCertificate(CertificateTerms("nobody", dnsNames: ["nobody.example"]))
    let pair = try fixture.pair(certificate: certificate)
    try pair.connect()
    let shown = try #require(pair.client.connection.peerCertificate)
    #expect(shown.subject == "CN=nobody")
    #expect(shown.names == ["nobody.example"])
  }

  // MARK: - Clients' certificates

  private func mutual(_ client: TestCertificate?, _ version: TLSVersion) throws -> EnginePair {
    var fixture = self.fixture
    fixture.clientTrust = .pem(try fixture.authority.root.pem)
    fixture.client.identity = try client.map { try fixture.identity($0) }
    fixture.client.versions = version...version
    let pair = try fixture.pair()
    pair.exchange()
    return pair
  }

  @Test(arguments: [TLSVersion.tls12, .tls13])
  func `a server that asks sees who its client is`(version: TLSVersion) throws {
    var terms = CertificateTerms("device-7")
    terms.purpose = "clientAuth"
    let pair = try self.mutual(self.fixture.authority.issue(terms), version)
    try pair.connect()
    #expect(pair.server.connection.peerCertificate?.subject == "CN=device-7")
  }

  @Test(arguments: [TLSVersion.tls12, .tls13])
  func `a client without a certificate is refused`(version: TLSVersion) throws {
    let pair = try self.mutual(nil, version)
    #expect(pair.server.failure == .noCertificate)
    let alert = version == .tls13 ? TLSAlert.certificateRequired : .handshakeFailure
    #expect(pair.client.failure == .alertReceived(alert))
    // In TLS 1.3 the client believes itself connected by then.
    #expect((pair.client.connection.handshake != nil) == (version == .tls13))
  }

  @Test func `a client of another authority is refused`() throws {
    var terms = CertificateTerms("device-7")
    terms.purpose = "clientAuth"
    let stranger = try CertificateAuthority("Stranger").issue(terms)
    let pair = try self.mutual(stranger, .tls13)
    guard case .certificateRejected(let rejection) = pair.server.failure else {
      Issue.record("\(String(describing: pair.server.failure))")
      return
    }
    #expect(rejection.expected == nil)
    #expect(pair.client.failure == .alertReceived(.unknownCA))
  }
}

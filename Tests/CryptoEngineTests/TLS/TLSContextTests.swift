// SPDX-License-Identifier: Apache-2.0

import CryptoEngine
import Foundation
import GatewayTestKit
import Testing

@Suite struct TLSContextTests {
  private let fixture: TLSFixture

  init() throws {
    self.fixture = try TLSFixture()
  }

  private func failure(trusting trust: TLSTrust) -> TLSConfigurationError? {
    var settings = TLSClientSettings()
    settings.verification = .required(trust: trust)
    return self.failure { () throws(TLSConfigurationError) in _ = try TLSClientContext(settings) }
  }

  private func failure(
    _ body: () throws(TLSConfigurationError) -> Void
  ) -> TLSConfigurationError? {
    do throws(TLSConfigurationError) {
      try body()
      return nil
    } catch {
      return error
    }
  }

  private func failure(chain: [UInt8], key: [UInt8]) -> TLSConfigurationError? {
    let identity = TLSIdentity(certificateChainPEM: chain, privateKeyPEM: key)
    return self.failure { () throws(TLSConfigurationError) in
      _ = try TLSServerContext(TLSServerSettings(identity: identity))
    }
  }

  @Test func `the system's store is a store, and it is known where`() {
    #expect(self.failure(trusting: .system) == nil)
    #expect(CryptoLibrary.systemTrust.file.hasPrefix("/"))
    #expect(CryptoLibrary.systemTrust.directories.hasPrefix("/"))
  }

  @Test func `a bundle may hold words and other things besides certificates`() throws {
    let authority = self.fixture.authority
    let bundle =
      try Array("# Corporate roots\r\n\r\n".utf8) + authority.root.keyPEM
      + CertificateAuthority("Other").root.pem + Array("\nThe right one:\n".utf8)
      + authority.root.pem + authority.root.pem
    let path = NSTemporaryDirectory() + "tls-bundle-\(UInt64.random(in: 0...(.max))).pem"
    try Data(bundle).write(to: URL(filePath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    for trust in [TLSTrust.pem(bundle), .file(path: path)] {
      var fixture = self.fixture
      fixture.client.verification = .required(trust: trust)
      try fixture.pair().connect()
    }
  }

  @Test func `a bundle replaces the system's store`() throws {
    // The one that the fixture trusts is not the one that issued.
    var fixture = self.fixture
    fixture.client.verification = .required(trust: .pem(try CertificateAuthority("B").root.pem))
    let pair = try fixture.pair()
    pair.exchange()
    #expect(pair.client.failure != nil)
  }

  @Test func `a bundle that is not there is named`() {
    #expect(
      self.failure(trusting: .file(path: "/nowhere/ca.pem"))
        == .unreadable(path: "/nowhere/ca.pem", reason: "No such file or directory"))
    #expect(self.failure(trusting: .file(path: "/"))?.words == "no PEM certificate in /")
  }

  @Test(arguments: ["", "\n", "hello", "-----BEGIN X-----\nAAAA\n-----END X-----\n"])
  func `a bundle without a certificate is refused`(text: String) {
    #expect(
      self.failure(trusting: .pem(Array(text.utf8))) == .noCertificate(source: "the given text"))
  }

  @Test(arguments: [
    "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n",
    "-----BEGIN CERTIFICATE-----\n",
    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
  ])
  func `a broken certificate is refused, and counted`(text: String) throws {
    let bundle = try self.fixture.authority.root.pem + Array(text.utf8)
    guard case .malformedCertificate(_, number: 2, _) = self.failure(trusting: .pem(bundle)) else {
      Issue.record("\(String(describing: self.failure(trusting: .pem(bundle))))")
      return
    }
  }

  @Test func `a key must be the certificate's`() throws {
    let one = try self.fixture.authority.issue(self.fixture.terms)
    let other = try self.fixture.authority.issue(self.fixture.terms)
    #expect(self.failure(chain: try one.pem, key: try other.keyPEM) == .keyMismatch)
    #expect(self.failure(chain: try one.pem, key: try one.keyPEM) == nil)
  }

  @Test func `a chain must hold a certificate and a key file a key`() throws {
    let one = try self.fixture.authority.issue(self.fixture.terms)
    #expect(
      self.failure(chain: [], key: try one.keyPEM) == .noCertificate(source: "the given text"))
    guard case .privateKey = self.failure(chain: try one.pem, key: try one.pem) else {
      Issue.record("no key was taken for one")
      return
    }
  }

  @Test func `errors name where a text came from`() throws {
    let one = try self.fixture.authority.issue(self.fixture.terms)
    func words(_ change: (inout TLSServerSettings) throws -> Void) throws -> String? {
      var settings = TLSServerSettings(
        identity: TLSIdentity(certificateChainPEM: try one.pem, privateKeyPEM: try one.keyPEM))
      settings.identity.certificateSource = "c.pem"
      settings.identity.keySource = "k.pem"
      settings.clientTrust = .pem(try self.fixture.authority.root.pem, source: "ca.pem")
      settings.clientRevocationSource = "crl.pem"
      try change(&settings)
      do throws(TLSConfigurationError) {
        _ = try TLSServerContext(settings)
        return nil
      } catch {
        return error.words
      }
    }
    #expect(try words { _ in } == nil)
    #expect(
      try words { $0.identity.certificateChainPEM = [] } == "no PEM certificate in c.pem")
    #expect(
      try words { $0.identity.privateKeyPEM = [] }?.hasPrefix("private key in k.pem cannot") == true
    )
    #expect(
      try words { $0.clientTrust = .pem([], source: "ca.pem") } == "no PEM certificate in ca.pem")
    #expect(
      try words { $0.clientRevocationPEM = [] } == "no PEM revocation list in crl.pem")
  }

  @Test func `a key under a passphrase is refused without asking for it`() throws {
    let one = try self.fixture.authority.issue(self.fixture.terms)
    let encrypted = """
      -----BEGIN EC PRIVATE KEY-----
      Proc-Type: 4,ENCRYPTED
      DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF

      AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
      -----END EC PRIVATE KEY-----

      """
    guard case .privateKey = self.failure(chain: try one.pem, key: Array(encrypted.utf8)) else {
      Issue.record("a key under a passphrase was taken")
      return
    }
  }

  @Test(arguments: ["", String(repeating: "x", count: 256)])
  func `a protocol's name has 1 to 255 bytes`(name: String) {
    var settings = TLSClientSettings()
    settings.applicationProtocols = ["h2", name]
    #expect(
      self.failure { () throws(TLSConfigurationError) in _ = try TLSClientContext(settings) }
        == .applicationProtocol(name))
  }

  @Test func `keys are not printed`() throws {
    let identity = try self.fixture.identity()
    var dumped = ""
    dump(identity, to: &dumped)
    #expect(!dumped.contains("45"))
    #expect("\(identity)" == "<redacted>")
    #expect(!String(reflecting: TLSServerSettings(identity: identity)).contains("45, 45"))
  }

  @Test func `a connection outlives the names of its context`() throws {
    var pair: EnginePair? = try self.fixture.pair()
    // Contexts and endpoint are out of scope here; connections hold what they need.
    try pair?.connect()
    pair = nil
  }
}

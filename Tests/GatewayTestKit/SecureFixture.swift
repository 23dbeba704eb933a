// SPDX-License-Identifier: Apache-2.0

package import CryptoEngine

/// One authority, a server that it has named, and clients that believe in it.
package struct SecureFixture: Sendable {
  package static let host = "a.example.com"

  package let server: TLSServerContext
  package let client: TLSClientContext
  package let identity: TLSIdentity
  package let rootPEM: [UInt8]

  package init(
    names: [String] = [Self.host], applicationProtocols: [String] = [],
    version: TLSVersion = .tls13
  ) throws {
    let authority = try CertificateAuthority()
    let certificate = try authority.issue(
      CertificateTerms("server", dnsNames: names, addresses: ["127.0.0.1"]))
    self.rootPEM = try authority.root.pem
    self.identity = TLSIdentity(
      certificateChainPEM: try certificate.chainPEM, privateKeyPEM: try certificate.keyPEM)
    var serverSettings = TLSServerSettings(identity: self.identity)
    serverSettings.applicationProtocols = applicationProtocols
    self.server = try TLSServerContext(serverSettings)
    var clientSettings = TLSClientSettings()
    clientSettings.verification = .required(trust: .pem(self.rootPEM))
    clientSettings.applicationProtocols = applicationProtocols
    clientSettings.versions = version...version
    self.client = try TLSClientContext(clientSettings)
  }

  /// The server by a name, and with it what is remembered of earlier connections.
  package func endpoint(_ host: String = Self.host) throws -> TLSEndpoint {
    guard let name = TLSServerName(host) else { throw CertificateError(step: "name") }
    return TLSEndpoint(name, context: self.client)
  }
}

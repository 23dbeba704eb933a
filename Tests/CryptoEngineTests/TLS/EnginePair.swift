// SPDX-License-Identifier: Apache-2.0

import CryptoEngine
import GatewayTestKit
import Testing

/// One authority, and the settings of peers that believe in it.
struct TLSFixture {
  static let host = "data.jobs.iot.example.com"

  let authority: CertificateAuthority
  var terms = CertificateTerms(Self.host, dnsNames: [Self.host])
  var client = TLSClientSettings()
  var serverProtocols: [String] = []
  var clientTrust: TLSTrust?
  var clientAuthentication = TLSClientAuthentication.required
  var clientRevocationPEM: [UInt8]?
  var requiresProtocol = false
  var serverLimits = TLSLimits()
  /// Nil for the system's.
  var serverClock: (@Sendable () -> Int)?

  init() throws {
    self.authority = try CertificateAuthority()
    self.client.verification = .required(trust: .pem(try self.authority.root.pem))
  }

  func identity(_ certificate: TestCertificate? = nil) throws -> TLSIdentity {
    let certificate = try certificate ?? self.authority.issue(self.terms)
    return TLSIdentity(
      certificateChainPEM: try certificate.chainPEM, privateKeyPEM: try certificate.keyPEM)
  }

  func server(_ certificate: TestCertificate? = nil) throws -> TLSServerContext {
    var settings = TLSServerSettings(identity: try self.identity(certificate))
    settings.applicationProtocols = self.serverProtocols
    settings.clientTrust = self.clientTrust
    settings.clientAuthentication = self.clientAuthentication
    settings.clientRevocationPEM = self.clientRevocationPEM
    settings.requiresApplicationProtocol = self.requiresProtocol
    settings.limits = self.serverLimits
    if let clock = self.serverClock { settings.wallClock = clock }
    return try TLSServerContext(settings)
  }

  func endpoint(_ host: String = Self.host, sessionLimit: Int = 16) throws -> TLSEndpoint {
    TLSEndpoint(
      try #require(TLSServerName(host)), context: try TLSClientContext(self.client),
      sessionLimit: sessionLimit)
  }

  /// A client and a server that have not exchanged a byte.
  func pair(
    _ host: String = Self.host, certificate: TestCertificate? = nil
  ) throws -> EnginePair {
    EnginePair(
      client: try self.endpoint(host).makeConnection(),
      server: try self.server(certificate).makeConnection())
  }
}

/// One end of a connection in memory, and what became of it.
final class Engine {
  let connection: TLSConnection
  var plaintext: [UInt8] = []
  var failure: TLSError?
  var isClosedByPeer = false

  init(_ connection: TLSConnection) {
    self.connection = connection
  }

  func take() -> [UInt8] {
    var bytes: [UInt8] = []
    self.connection.drainCiphertext { bytes.append(copying: $0) }
    return bytes
  }

  func receive(_ bytes: some Collection<UInt8>) {
    guard self.failure == nil else { return }
    let bytes = Array(bytes)
    do throws(TLSError) {
      let answer = try self.connection.receive(bytes.span) {
        self.plaintext.append(copying: $0)
      }
      self.isClosedByPeer = answer == .closedByPeer
    } catch {
      self.failure = error
    }
  }

  func send(_ text: String) throws {
    let bytes = Array(text.utf8)
    #expect(try self.connection.send(bytes.span) == .accepted(bytes.count))
  }

  var text: String { String(decoding: self.plaintext, as: UTF8.self) }
}

/// A client and a server that hand their bytes to each other.
struct EnginePair {
  let client: Engine
  let server: Engine

  init(client: TLSConnection, server: TLSConnection) {
    self.client = Engine(client)
    self.server = Engine(server)
  }

  /// Carries bytes both ways, in pieces, until neither side has more to say.
  func exchange(pieces: Int = .max) {
    while true {
      let fromClient = self.client.take()
      let fromServer = self.server.take()
      if fromClient.isEmpty && fromServer.isEmpty { return }
      Self.deliver(fromClient, to: self.server, pieces: pieces)
      Self.deliver(fromServer, to: self.client, pieces: pieces)
    }
  }

  private static func deliver(_ bytes: [UInt8], to engine: Engine, pieces: Int) {
    var rest = bytes[...]
    while !rest.isEmpty {
      engine.receive(rest.prefix(pieces))
      rest = rest.dropFirst(pieces)
    }
  }

  /// Shakes hands, and fails the test if that does not work out.
  func connect(pieces: Int = .max) throws {
    self.exchange(pieces: pieces)
    try #require(self.client.failure == nil, "\(self.client.failure?.words ?? "")")
    try #require(self.server.failure == nil, "\(self.server.failure?.words ?? "")")
    try #require(self.client.connection.handshake != nil)
    try #require(self.server.connection.handshake != nil)
  }
}

extension [UInt8] {
  fileprivate mutating func append(copying span: Span<UInt8>) {
    // The bytes are copied before the span ends.
    unsafe span.withUnsafeBufferPointer { unsafe self.append(contentsOf: $0) }
  }
}

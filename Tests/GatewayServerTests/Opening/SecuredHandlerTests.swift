// SPDX-License-Identifier: Apache-2.0

import CryptoEngine
import GatewayTestKit
import Logging
import NIOCore
import NIOEmbedded
import Telemetry
import Testing
@testable import Transport

@testable import GatewayServer

struct SecuredHandlerTests {
  private struct NoMemory: Error {}

  private let registry = MetricsRegistry()
  private let channel = EmbeddedChannel()
  private let established: TLSEstablished

  init() throws {
    self.established = TLSEstablished(
      handshake: try Self.handshake(), names: PeerNames(dnsNames: ["press-1"]),
      duration: .milliseconds(1))
  }

  /// What two that mean well agree upon.
  private static func handshake() throws -> TLSHandshake {
    let fixture = try SecureFixture()
    let client = try fixture.endpoint().makeConnection()
    let server = try fixture.server.makeConnection()
    while server.handshake == nil {
      let sent = client.pendingCiphertext + server.pendingCiphertext
      try #require(sent > 0)
      try Self.carry(from: client, to: server)
      try Self.carry(from: server, to: client)
    }
    return try #require(server.handshake)
  }

  private static func carry(from: TLSConnection, to: TLSConnection) throws {
    var bytes: [UInt8] = []
    from.drainCiphertext { span in for index in span.indices { bytes.append(span[index]) } }
    if !bytes.isEmpty { _ = try to.receive(bytes.span) { _ in } }
  }

  /// - Returns: What was put behind the handler, with the peer that it was told of.
  private func begin(isWithoutMemory: Bool = false) throws -> () -> (NextHandler, ConnectionPeer)? {
    let ledger = OpeningLedger(
      registry: self.registry, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    var made: (NextHandler, ConnectionPeer)?
    try self.channel.pipeline.syncOperations.addHandler(
      SecuredHandler(ledger: ledger) { channel, peer in
        if isWithoutMemory { throw NoMemory() }
        let next = NextHandler()
        made = (next, peer)
        try channel.pipeline.syncOperations.addHandler(next)
      })
    try self.channel.connect(to: .init(unixDomainSocketPath: "/peer")).wait()
    return { made }
  }

  private func fire(_ event: any Sendable) {
    self.channel.pipeline.fireUserInboundEventTriggered(event)
  }

  private func handshakes(_ result: String) -> Bool {
    String(decoding: self.registry.exposition(), as: UTF8.self)
      .contains("iot_jobs_gateway_tls_handshakes_total{result=\"\(result)\"} 1")
  }

  @Test func `makes way once the handshake is done, for a peer with its names`() throws {
    let made = try self.begin()
    #expect(made() == nil)
    self.fire(self.established)
    let (next, peer) = try #require(made())
    #expect(peer == .certificate(PeerNames(dnsNames: ["press-1"])))
    #expect(throws: ChannelPipelineError.notFound) {
      try self.channel.pipeline.syncOperations.handler(type: SecuredHandler.self)
    }
    try self.channel.writeInbound(ByteBuffer(string: "PRI"))
    #expect(next.text == "PRI")
    #expect(!next.isAskedToFinish)
    #expect(self.handshakes("full"))
  }

  @Test func `a client without a certificate is anybody`() throws {
    let made = try self.begin()
    var established = self.established
    established.names = nil
    self.fire(established)
    #expect(try #require(made()).1 == .anonymous)
  }

  @Test func `a failure is counted once, whatever follows`() throws {
    let made = try self.begin()
    self.channel.pipeline.fireErrorCaught(TLSFailure.engine(.noCertificate))
    self.channel.pipeline.fireErrorCaught(TLSFailure.closedDuringHandshake)
    #expect(made() == nil)
    #expect(self.handshakes("no_certificate"))
    #expect(!self.handshakes("closed"))
  }

  @Test func `without memory for what is next the connection closes`() throws {
    let made = try self.begin(isWithoutMemory: true)
    self.fire(self.established)
    #expect(made() == nil)
    #expect(!self.channel.isActive)
  }

  @Test func `a drain that began before is told to who is made way for`() throws {
    let made = try self.begin()
    self.fire(ChannelShouldQuiesceEvent())
    self.channel.embeddedEventLoop.advanceTime(by: .milliseconds(999))
    self.fire(self.established)
    #expect(try #require(made()).0.isAskedToFinish)
    self.channel.embeddedEventLoop.advanceTime(by: .seconds(10))
    #expect(self.channel.isActive)
  }

  @Test func `a drain waits a second for a handshake, and no longer`() throws {
    _ = try self.begin()
    self.fire(ChannelShouldQuiesceEvent())
    self.channel.embeddedEventLoop.advanceTime(by: .milliseconds(999))
    #expect(self.channel.isActive)
    self.channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
    #expect(!self.channel.isActive)
    #expect(!self.handshakes("closed"))
  }
}

// SPDX-License-Identifier: Apache-2.0

import CryptoEngine
import NIOCore
import NIOPosix
import Testing
import Transport

@testable import GatewayClient

@Suite(.timeLimit(.minutes(1))) struct GatewayConnectorTests {
  private let loop = MultiThreadedEventLoopGroup.singleton.next()

  @Test func `the time to connect holds for the handshake too`() async throws {
    // Takes connections, and says nothing.
    let silent = try await ServerBootstrap(group: self.loop).bind(host: "127.0.0.1", port: 0).get()
    let port = try #require(silent.localAddress?.port)
    let name = try #require(TLSServerName("localhost"))
    var security = OutboundSecurity(
      TLSEndpoint(name, context: try TLSClientContext(TLSClientSettings())))
    security.handshakeTimeout = .seconds(3_600)
    var connector = GatewayConnector(
      .tcp(host: "127.0.0.1", port: port), security: security, userAgent: "test")
    connector.connectTimeout = .milliseconds(50)
    await #expect(throws: CallFailure.unreachable(.timedOut)) {
      _ = try await connector.connect(on: self.loop)
    }
    try await silent.close()
  }
}

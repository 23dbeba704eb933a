// SPDX-License-Identifier: Apache-2.0

import CryptoEngine
import Foundation
import GatewayTestKit
import NIOCore
import NIOPosix
import Testing
import Transport

/// Secure channels over real sockets, with Python's `ssl` and the `openssl` program at the other end.
///
/// One after the other: a program that is started inherits the pipes of those that run, so that
/// theirs would not end when they do.
@Suite(
  .serialized, .timeLimit(.minutes(1)), .enabled(if: Program.areInstalled("openssl", "python3"))
) struct TLSInteropTests {
  private let loop = MultiThreadedEventLoopGroup.singleton.next()

  // MARK: - As a client

  /// Connects through the production connector, says `ping`, and gives back all that was answered
  /// until the end, and how it ended.
  private func call(
    _ port: Int, _ fixture: SecureFixture, endpoint: TLSEndpoint? = nil
  ) async throws -> Conversation {
    let conversation = Conversation(on: self.loop)
    let endpoint = try endpoint ?? fixture.endpoint()
    let connector = OutboundConnector(
      host: "127.0.0.1", port: port, security: OutboundSecurity(endpoint))
    let channel = try await connector.connect(on: self.loop) { channel in
      try channel.pipeline.syncOperations.addHandler(conversation.makeHandler())
    }.get()
    try await channel.writeAndFlush(ByteBuffer(string: "ping\n"))
    try await conversation.ended.get()
    return conversation
  }

  @Test(arguments: [TLSVersion.tls12, .tls13])
  func `Python's server and we understand each other`(version: TLSVersion) async throws {
    let fixture = try SecureFixture(applicationProtocols: ["http/1.1"], version: version)
    let server = try PythonServer(fixture, then: "tls.unwrap()")
    defer { server.stop() }
    let conversation = try await self.call(server.port, fixture)
    #expect(conversation.text == "\(version.rawValue) http/1.1 a.example.com False ping\n")
    #expect(conversation.failure == nil)
  }

  @Test(arguments: [TLSVersion.tls12, .tls13])
  func `Python's server resumes our sessions`(version: TLSVersion) async throws {
    let fixture = try SecureFixture(applicationProtocols: ["http/1.1"], version: version)
    let server = try PythonServer(fixture, then: "tls.unwrap()")
    defer { server.stop() }
    let endpoint = try fixture.endpoint()
    for isResumed in ["False", "True", "True"] {
      let conversation = try await self.call(server.port, fixture, endpoint: endpoint)
      #expect(
        conversation.text == "\(version.rawValue) http/1.1 a.example.com \(isResumed) ping\n")
    }
  }

  @Test(arguments: ["os.close(tls.detach())", "tls.shutdown(socket.SHUT_WR)"])
  func `a server that hangs up without a goodbye has truncated`(ending: String) async throws {
    let fixture = try SecureFixture()
    let server = try PythonServer(fixture, then: ending)
    defer { server.stop() }
    let conversation = try await self.call(server.port, fixture)
    #expect(conversation.text.hasSuffix("ping\n"))
    #expect(conversation.failure as? TLSFailure == .truncated)
  }

  @Test func `a server of plain HTTP is recognised`() async throws {
    let server = try PythonServer(plainAnswer: "HTTP/1.1 400 Bad Request\r\n\r\n")
    defer { server.stop() }
    do {
      _ = try await self.call(server.port, try SecureFixture())
      Issue.record("shook hands with plain HTTP")
    } catch {
      #expect(ConnectFailure(error) == .tls(.engine(.notTLS(.http))))
    }
  }

  @Test func `a server that hangs up at once is told apart`() async throws {
    let server = try PythonServer(plainAnswer: "")
    defer { server.stop() }
    do {
      _ = try await self.call(server.port, try SecureFixture())
      Issue.record("shook hands with nobody")
    } catch {
      // Whether the kernel says "end" or "reset" depends on when our hello arrives.
      let failure = ConnectFailure(error)
      #expect(failure == .tls(.closedDuringHandshake) || failure == .native(errno: ECONNRESET))
    }
  }

  @Test func `a server that is silent is left`() async throws {
    let server = try PythonServer(plainAnswer: nil)
    defer { server.stop() }
    let security = OutboundSecurity(
      try SecureFixture().endpoint(), handshakeTimeout: .milliseconds(100))
    let connector = OutboundConnector(host: "127.0.0.1", port: server.port, security: security)
    do {
      _ = try await connector.connect(on: self.loop) { _ in }.get()
      Issue.record("shook hands with silence")
    } catch {
      #expect(ConnectFailure(error) == .tls(.handshakeTimedOut(.milliseconds(100))))
    }
  }

  @Test func `a certificate of another name is named in the connect's failure`() async throws {
    let fixture = try SecureFixture(names: ["b.example.com"])
    let server = try PythonServer(fixture, then: "tls.unwrap()")
    defer { server.stop() }
    do {
      _ = try await self.call(server.port, fixture)
      Issue.record("took another's certificate")
    } catch {
      let words = ConnectFailure(error).words
      #expect(words.hasPrefix("TLS: certificate rejected: hostname mismatch (62): it is for "))
      #expect(words.contains("b.example.com, 127.0.0.1, not for a.example.com"))
    }
  }

  // MARK: - As a server

  private func serve(_ fixture: SecureFixture) async throws -> any Channel {
    try await ServerBootstrap(group: self.loop)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandlers(
            TLSHandler(server: fixture.server, on: channel.eventLoop), Echo())
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
  }

  private func openssl(_ server: any Channel, _ options: [String], say: String) throws -> String {
    let port = try #require(server.localAddress?.port)
    return try Program.output(
      ["openssl", "s_client", "-connect", "127.0.0.1:\(port)", "-servername", "a.example.com"]
        + options, input: say)
  }

  @Test(arguments: [TLSVersion.tls12, .tls13])
  func `the openssl client and our server understand each other`(
    version: TLSVersion
  ) async throws {
    let fixture = try SecureFixture(applicationProtocols: ["h2"])
    let root = try TemporaryFile(fixture.rootPEM)
    let server = try await self.serve(fixture)
    let option = version == .tls12 ? "-tls1_2" : "-tls1_3"
    let output = try self.openssl(
      server,
      [
        option, "-alpn", "h2", "-CAfile", root.path, "-verify_return_error", "-verify_hostname",
        "a.example.com", "-ign_eof",
      ], say: "ping\n")
    #expect(output.contains("Verify return code: 0 (ok)"), "\(output)")
    #expect(output.contains("ALPN protocol: h2"))
    #expect(output.contains("echo ping"))
    try await server.close()
  }

  @Test(arguments: ["-tls1", "-tls1_1"])
  func `older versions are refused`(option: String) async throws {
    let server = try await self.serve(try SecureFixture())
    let output = try self.openssl(server, [option, "-cipher", "ALL:@SECLEVEL=0"], say: "")
    #expect(output.contains("alert protocol version"), "\(output)")
    try await server.close()
  }

  @Test(arguments: ["AES128-SHA", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES128-SHA256"])
  func `suites without forward secrecy or authenticated encryption are refused`(
    suite: String
  ) async throws {
    let server = try await self.serve(try SecureFixture())
    let output = try self.openssl(
      server, ["-tls1_2", "-cipher", "\(suite):@SECLEVEL=0"], say: "")
    #expect(output.contains("alert handshake failure"), "\(output)")
    try await server.close()
  }

  @Test func `renegotiation is refused`() async throws {
    let server = try await self.serve(try SecureFixture())
    // The program takes a line of R for the wish to renegotiate.
    let output = try self.openssl(server, ["-tls1_2"], say: "R\n")
    #expect(output.contains("RENEGOTIATING"), "\(output)")
    #expect(output.contains("no renegotiation") || output.contains("unexpected message"))
    #expect(!output.contains("echo"))
    try await server.close()
  }

  @Test func `a key update is followed`() async throws {
    let server = try await self.serve(try SecureFixture())
    let port = try #require(server.localAddress?.port)
    // K changes the program's keys and asks for ours to be changed.
    let output = try Program.converse(
      ["openssl", "s_client", "-connect", "127.0.0.1:\(port)", "-tls1_3"],
      [("K\n", "KEYUPDATE"), ("ping\n", "echo ping")])
    #expect(output.contains("echo ping"), "\(output)")
    try await server.close()
  }
}

/// Answers each line and closes.
private final class Echo: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var answer = ByteBuffer(string: "echo ")
    var bytes = self.unwrapInboundIn(data)
    answer.writeBuffer(&bytes)
    context.writeAndFlush(self.wrapOutboundOut(answer), promise: nil)
    context.close(promise: nil)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}

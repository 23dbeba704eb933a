// SPDX-License-Identifier: Apache-2.0

import CryptoEngine
import GatewayTestKit
import Glibc
import NIOCore
import NIOPosix
import Testing
import Transport

/// Says something as soon as it may, and keeps the answer.
private final class Caller: ChannelInboundHandler, Sendable {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  let answered: EventLoopPromise<String>

  init(_ answered: EventLoopPromise<String>) {
    self.answered = answered
  }

  func channelActive(context: ChannelHandlerContext) {
    context.writeAndFlush(self.wrapOutboundOut(ByteBuffer(string: "hello")), promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    self.answered.succeed(String(buffer: self.unwrapInboundIn(data)))
  }

  func channelInactive(context: ChannelHandlerContext) {
    self.answered.fail(ChannelError.eof)
  }
}

/// Connections through a proxy on a real socket.
@Suite(.serialized, .timeLimit(.minutes(1))) struct OutboundProxyTests {
  private let loop = MultiThreadedEventLoopGroup.singleton.next()
  private let accepted = "HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n"

  private func start(
    _ answer: String?, security: TLSServerContext? = nil
  ) async throws -> ScriptedProxy {
    try await ScriptedProxy.start(on: self.loop, security: security, answer: answer)
  }

  private func connector(
    _ proxy: ScriptedProxy, timeout: Duration = .seconds(5), security: OutboundSecurity? = nil,
    authorization: String? = nil
  ) -> OutboundConnector {
    OutboundConnector(
      // Nobody looks up this name but the proxy.
      host: "jobs.invalid", port: 443, timeout: timeout, security: security,
      proxy: OutboundProxy(host: "127.0.0.1", port: proxy.port, authorization: authorization))
  }

  private func failure(_ connector: OutboundConnector) async -> ConnectFailure? {
    do {
      let channel = try await connector.connect(on: self.loop) { _ in }.get()
      try await channel.close()
      return nil
    } catch {
      return ConnectFailure(error)
    }
  }

  @Test(arguments: [nil, "Basic dXNlcjpwYXNz"])
  func `a tunnel carries the protocol and nothing else does`(authorization: String?) async throws {
    let proxy = try await self.start(self.accepted)
    let answered = self.loop.makePromise(of: String.self)
    let channel = try await self.connector(proxy, authorization: authorization)
      .connect(on: self.loop) {
        try $0.pipeline.syncOperations.addHandler(Caller(answered))
      }.get()
    #expect(try await answered.futureResult.get() == "hello")
    let credentials = authorization.map { "Proxy-Authorization: \($0)\r\n" } ?? ""
    #expect(
      proxy.requests
        == ["CONNECT jobs.invalid:443 HTTP/1.1\r\nHost: jobs.invalid:443\r\n\(credentials)\r\n"])
    try await channel.close()
    try await proxy.stop()
  }

  @Test func `what the far side says at once is not lost`() async throws {
    let proxy = try await self.start(self.accepted + "welcome")
    let answered = self.loop.makePromise(of: String.self)
    let channel = try await self.connector(proxy).connect(on: self.loop) {
      try $0.pipeline.syncOperations.addHandler(Caller(answered))
    }.get()
    #expect(try await answered.futureResult.get() == "welcome")
    try await channel.close()
    try await proxy.stop()
  }

  @Test func `TLS is spoken through the tunnel, with the host behind it`() async throws {
    let fixture = try SecureFixture()
    let proxy = try await self.start(self.accepted, security: fixture.server)
    let answered = self.loop.makePromise(of: String.self)
    let connector = self.connector(proxy, security: OutboundSecurity(try fixture.endpoint()))
    let channel = try await connector.connect(on: self.loop) {
      try $0.pipeline.syncOperations.addHandler(Caller(answered))
    }.get()
    #expect(try await answered.futureResult.get() == "hello")
    try await channel.close()

    let other = self.connector(
      proxy, security: OutboundSecurity(try fixture.endpoint("b.example.com")))
    guard case .tls(.engine)? = await self.failure(other) else {
      Issue.record("another host's certificate was taken")
      return
    }
    try await proxy.stop()
  }

  @Test(arguments: [
    (
      "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n",
      ProxyFailure.refused(status: 407)
    ),
    ("HTTP/1.1 403 Forbidden\r\n\r\n", .refused(status: 403)),
    ("", .closed),
    ("HTTP/1.1 200 OK\r\nx: " + String(repeating: "y", count: 9000), .answerTooLong(limit: 8192)),
    ("+PONG\r\n", .notHTTP),
  ])
  func `a tunnel that is refused is a failure of the proxy's, and nothing stays open`(
    answer: String, failure: ProxyFailure
  ) async throws {
    let fixture = try SecureFixture()
    let proxy = try await self.start(answer)
    #expect(await self.failure(self.connector(proxy)) == .proxy(failure))
    let secure = self.connector(proxy, security: OutboundSecurity(try fixture.endpoint()))
    #expect(await self.failure(secure) == .proxy(failure))
    while proxy.openConnections > 0 { await Task.yield() }
    try await proxy.stop()
  }

  @Test func `a proxy that says nothing is waited for only so long`() async throws {
    let proxy = try await self.start(nil)
    let connector = self.connector(proxy, timeout: .milliseconds(50))
    #expect(await self.failure(connector) == .proxy(.timedOut(.milliseconds(50))))
    try await proxy.stop()
  }

  @Test func `a proxy that is not there is told apart from a host that is not there`() async throws
  {
    let proxy = try await self.start(nil)
    try await proxy.stop()
    let failure = await self.failure(self.connector(proxy))
    #expect(failure == .proxy(.unreachable(.native(errno: ECONNREFUSED))))
    #expect(failure?.words == "proxy: connection refused")
  }

  @Test func `a host that cannot be written is not asked for`() async throws {
    let proxy = try await self.start(self.accepted)
    let connector = OutboundConnector(
      host: "a b", port: 1, proxy: OutboundProxy(host: "127.0.0.1", port: proxy.port))
    #expect(await self.failure(connector) == .proxy(.unwritable))
    #expect(proxy.requests.isEmpty)
    try await proxy.stop()
  }

  @Test(arguments: [
    (ProxyFailure.unreachable(.unresolvable), "proxy: name does not resolve"),
    (.refused(status: 407), "proxy: wants credentials, or others than it was given (407)"),
    (.refused(status: 403), "proxy: forbids this host and port (403)"),
    (.refused(status: 503), "proxy: cannot reach the host itself"),
    (.refused(status: 302), "proxy: answered CONNECT with status 302"),
    (.closed, "proxy: closed the connection without an answer"),
    (.timedOut(.seconds(5)), "proxy: no answer to CONNECT within 5.0 seconds"),
    (.notHTTP, "proxy: the answer to CONNECT is not HTTP"),
    (.answerTooLong(limit: 8192), "proxy: the answer's head is over 8192 bytes"),
    (.unwritable, "proxy: host or credentials hold a byte that no request may"),
  ])
  func `a failure is told in an operator's words`(failure: ProxyFailure, words: String) {
    #expect(ConnectFailure(failure).words == words)
  }
}

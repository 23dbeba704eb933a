// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import NIOPosix
import Synchronization
import Testing
import Transport

private final class Steps: Sendable {
  private let names = Mutex<[String]>([])

  var taken: [String] { self.names.withLock { $0 } }

  func take(_ name: String) {
    self.names.withLock { $0.append(name) }
  }
}

@Suite struct OutboundConnectorTests {
  private let loop = MultiThreadedEventLoopGroup.singleton.next()

  private func listen() async throws -> any Channel {
    try await ServerBootstrap(group: self.loop).bind(host: "127.0.0.1", port: 0).get()
  }

  @Test(arguments: ["127.0.0.1", "localhost"])
  func `a channel is set up in its loop`(host: String) async throws {
    let server = try await self.listen()
    let steps = Steps()
    let loop = self.loop
    let connector = OutboundConnector(host: host, port: try #require(server.localAddress?.port))
    let channel = try await connector.connect(on: loop) {
      steps.take("configure, \($0.eventLoop === loop && loop.inEventLoop)")
    }.get()
    #expect(channel.isActive)
    // A name with several addresses is tried at each in turn.
    #expect(steps.taken.first == "configure, true")
    try await channel.close()
    try await server.close()
  }

  @Test func `the kernel is told to ask a silent peer`() async throws {
    let server = try await self.listen()
    var keepalive = TCPKeepalive()
    keepalive.idle = .milliseconds(20_900)
    keepalive.interval = .seconds(Int.max)
    keepalive.count = 0
    let connector = OutboundConnector(
      host: "127.0.0.1", port: try #require(server.localAddress?.port), keepalive: keepalive)
    let channel = try await connector.connect(on: self.loop) { _ in }.get()
    let options = [TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT]
    let values = try await self.loop.submit {
      try options.map { name in
        try channel.syncOptions?.getOption(.tcpOption(.init(rawValue: name))) ?? 0
      }
    }.get()
    #expect(values == [20, 32_767, 1])
    #expect(try await channel.getOption(.socketOption(.so_keepalive)).get() != 0)
    try await channel.close()
    try await server.close()
  }

  @Test func `a port that nobody listens on refuses`() async throws {
    let server = try await self.listen()
    let port = try #require(server.localAddress?.port)
    try await server.close()
    let connector = OutboundConnector(host: "127.0.0.1", port: port)
    do {
      _ = try await connector.connect(on: self.loop) { _ in }.get()
      Issue.record("connected to nobody")
    } catch {
      #expect(ConnectFailure(error) == .native(errno: ECONNREFUSED))
    }
  }

  @Test func `a channel that cannot be set up is no channel`() async throws {
    let server = try await self.listen()
    struct Refusal: Error {}
    let connector = OutboundConnector(
      host: "127.0.0.1", port: try #require(server.localAddress?.port))
    await #expect(throws: Refusal.self) {
      try await connector.connect(on: self.loop) { _ in throw Refusal() }.get()
    }
    try await server.close()
  }

  @Test(arguments: [
    (ConnectFailure(ChannelError.connectTimeout(.seconds(1))), "connect timed out"),
    (.unresolvable, "name does not resolve"),
    (.native(errno: ECONNREFUSED), "connection refused"),
    (.native(errno: EHOSTUNREACH), "no route to host"),
    (.native(errno: ENETUNREACH), "network is unreachable"),
    (.native(errno: EMFILE), "out of file descriptors"),
    (.native(errno: EADDRNOTAVAIL), "no local port is free"),
    (.native(errno: ECONNRESET), "connection reset"),
    (.native(errno: 9999), "connect failed, errno 9999"),
    (
      ConnectFailure(TLSFailure.closedDuringHandshake),
      "TLS: peer closed the connection during the handshake"
    ),
    (.other("text"), "text"),
  ])
  func `a failure is told in an operator's words`(failure: ConnectFailure, words: String) {
    #expect(failure.words == words)
  }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import NIOCore
import NIOPosix
import Testing
import Transport

struct ListenerTests {
  /// Sends back what comes, and closes when asked to finish.
  private final class Echo: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      context.writeAndFlush(data, promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
      if event is ChannelShouldQuiesceEvent {
        context.close(promise: nil)
      }
    }
  }

  /// Hears nothing.
  private final class Deaf: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
  }

  private let group = MultiThreadedEventLoopGroup.singleton

  /// Reads nothing until `exchange` listens, so that a peer that speaks first is heard.
  private func connect(to listener: Listener) async throws -> any Channel {
    try await ClientBootstrap(group: self.group)
      .channelOption(.autoRead, value: false)
      .connect(to: #require(listener.address.socketAddress)).get()
  }

  /// Waits, by asking the other side, until the connection is served.
  private func exchange(on channel: any Channel) async throws -> String {
    let answer = channel.eventLoop.makePromise(of: String.self)
    try await channel.pipeline.addHandler(FirstBytes(answer)).get()
    try await channel.setOption(.autoRead, value: true).get()
    try await channel.writeAndFlush(ByteBuffer(string: "ping"))
    return try await answer.futureResult.get()
  }

  private final class FirstBytes: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    private let answer: EventLoopPromise<String>
    init(_ answer: EventLoopPromise<String>) { self.answer = answer }
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      self.answer.succeed(String(buffer: Self.unwrapInboundIn(data)))
    }
    func channelInactive(context: ChannelHandlerContext) {
      self.answer.fail(ChannelError.eof)
    }
  }

  @Test(arguments: ["127.0.0.1:0", "[::1]:0"])
  func `port 0 becomes the port that was given`(text: String) async throws {
    let listener = try await Listener.bind(to: ListenAddress(text), on: self.group) { channel in
      try channel.pipeline.syncOperations.addHandler(Echo())
    }
    #expect(!listener.address.description.hasSuffix(":0"))
    let connection = try await self.connect(to: listener)
    #expect(try await self.exchange(on: connection) == "ping")
    #expect(listener.openConnections == 1)
    #expect(await listener.drain(grace: .seconds(30)) == 0)
    try await connection.closeFuture.get()
    #expect(listener.openConnections == 0)
  }

  @Test func `a taken port is an error that names the address`() async throws {
    let first = try await Listener.bind(to: ListenAddress("127.0.0.1:0"), on: self.group) { _ in }
    await #expect {
      try await Listener.bind(to: first.address, on: self.group) { _ in }
    } throws: { error in
      guard case .bindFailed(first.address, let reason) = error as? ListenError else {
        return false
      }
      return reason.contains("in use")
    }
    await first.drain(grace: .zero)
  }

  @Test func `a unix socket serves and takes its file away`() async throws {
    let path = "/tmp/listener-test.\(UInt32.random(in: 0...UInt32.max)).sock"
    for _ in 0..<2 {
      let listener = try await Listener.bind(to: .unix(path: path), on: self.group) { channel in
        try channel.pipeline.syncOperations.addHandler(Echo())
      }
      let connection = try await self.connect(to: listener)
      #expect(try await self.exchange(on: connection) == "ping")
      await listener.drain(grace: .seconds(30))
    }
    await #expect(throws: (any Error).self) {
      try await ClientBootstrap(group: self.group).connect(unixDomainSocketPath: path).get()
    }
  }

  @Test func `a unix socket that is served is not taken over`() async throws {
    let path = "/tmp/listener-test.\(UInt32.random(in: 0...UInt32.max)).sock"
    let first = try await Listener.bind(to: .unix(path: path), on: self.group) { channel in
      try channel.pipeline.syncOperations.addHandler(Echo())
    }
    await #expect {
      try await Listener.bind(to: first.address, on: self.group) { _ in }
    } throws: { error in
      guard case .bindFailed(first.address, let reason) = error as? ListenError else {
        return false
      }
      return reason.contains("in use")
    }
    let connection = try await self.connect(to: first)
    #expect(try await self.exchange(on: connection) == "ping")
    await first.drain(grace: .seconds(30))
  }

  @Test func `a file that is no socket stays`() async throws {
    let path = "/tmp/listener-test.\(UInt32.random(in: 0...UInt32.max)).txt"
    try Data("mine".utf8).write(to: URL(filePath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    await #expect(throws: ListenError.self) {
      try await Listener.bind(to: .unix(path: path), on: self.group) { _ in }
    }
    #expect(try Data(contentsOf: URL(filePath: path)) == Data("mine".utf8))
  }

  @Test(arguments: [(1, 8), (60, 60), (.max, 32_767)])
  func `a TCP peer that vanished is found out`(asked: Int, seconds: Int) async throws {
    let options = self.group.next().makePromise(of: [Int].self)
    let listener = try await Listener.bind(
      to: ListenAddress("127.0.0.1:0"), on: self.group,
      limits: ListenerLimits(peerTimeoutSeconds: asked)
    ) { channel in
      let sync = try #require(channel.syncOptions)
      let names = [TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT, TCP_USER_TIMEOUT]
      let tcp = try names.map { name in try sync.getOption(.tcpOption(.init(rawValue: name))) }
      options.succeed(
        ([try sync.getOption(.socketOption(.so_keepalive))] + tcp).map { Int($0) })
    }
    let connection = try await self.connect(to: listener)
    #expect(
      try await options.futureResult.get() == [1, seconds / 2, seconds / 8, 4, seconds * 1000])
    try await connection.close().get()
    await listener.drain(grace: .zero)
  }

  @Test func `a connection over the limit is closed and not counted`() async throws {
    let listener = try await Listener.bind(
      to: ListenAddress("127.0.0.1:0"), on: self.group, limits: ListenerLimits(connections: 1)
    ) { channel in
      try channel.pipeline.syncOperations.addHandler(Echo())
    }
    let first = try await self.connect(to: listener)
    #expect(try await self.exchange(on: first) == "ping")
    let second = try await self.connect(to: listener)
    try await second.closeFuture.get()
    #expect(listener.openConnections == 1)
    #expect(await listener.drain(grace: .seconds(30)) == 0)
    try await first.closeFuture.get()
  }

  @Test func `a drain closes hard what does not hear`() async throws {
    let listener = try await Listener.bind(to: ListenAddress("127.0.0.1:0"), on: self.group) {
      channel in
      try channel.pipeline.syncOperations.addHandlers(Deaf(), Greeting())
    }
    let connection = try await self.connect(to: listener)
    _ = try await self.exchange(on: connection)
    #expect(await listener.drain(grace: .zero) == 1)
    try await connection.closeFuture.get()
    #expect(await listener.drain(grace: .zero) == 0)
  }

  /// Speaks first, so that the test knows that the connection was taken in.
  private final class Greeting: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    func channelActive(context: ChannelHandlerContext) {
      context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer(string: "hello")), promise: nil)
    }
  }
}

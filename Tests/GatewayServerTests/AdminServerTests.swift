// SPDX-License-Identifier: Apache-2.0

import GatewayServer
import NIOCore
import NIOPosix
import Telemetry
import Testing
import Transport

/// The pages over real sockets, with the pipeline that production has.
struct AdminServerTests {
  private let group = MultiThreadedEventLoopGroup.singleton

  private func bind() async throws -> Listener {
    try await AdminServer.bind(
      to: .ipv4(host: "127.0.0.1", port: 0), on: self.group,
      scrapes: ScrapeDesk(MetricsRegistry(), threads: nil),
      readiness: Readiness())
  }

  /// Sends the text, and gathers what comes until the server closes; `onRead` sees it grow.
  ///
  /// The loop sends it as soon as it is connected. This task may wait behind a thousand others for
  /// longer than the server gives a request.
  private func exchange(
    _ text: String, with listener: Listener, onRead: (String) async -> Void = { _ in }
  ) async throws -> String {
    let address = try #require(listener.address.socketAddress)
    let (chunks, arrivals) = AsyncStream.makeStream(of: ByteBuffer.self)
    _ = try await ClientBootstrap(group: self.group)
      .channelInitializer { channel in
        channel.pipeline.addHandlers(Opening(ByteBuffer(string: text)), Gatherer(arrivals))
      }
      .connect(to: address).get()
    var received = ""
    for await chunk in chunks {
      received += String(buffer: chunk)
      await onRead(received)
    }
    return received
  }

  @Test func `pipelined requests are answered in order, then the connection closes`() async throws {
    let listener = try await self.bind()
    let answer = try await self.exchange(
      "GET /livez HTTP/1.1\r\nHost: h\r\n\r\n"
        + "GET /readyz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
      with: listener)
    #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
    #expect(answer.contains("\r\n\r\nlive\nHTTP/1.1 503 Service Unavailable\r\n"))
    #expect(await listener.drain(grace: .seconds(10)) == 0)
  }

  @Test func `what is no HTTP is answered 400 and closed`() async throws {
    let listener = try await self.bind()
    let answer = try await self.exchange("\u{16}\u{3}\u{1} hello\r\n\r\n", with: listener)
    #expect(answer.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
    #expect(await listener.drain(grace: .seconds(10)) == 0)
  }

  @Test func `an idle connection does not hold the drain`() async throws {
    let listener = try await self.bind()
    let answer = try await self.exchange(
      "GET /livez HTTP/1.1\r\nHost: h\r\n\r\n", with: listener
    ) { received in
      guard received.hasSuffix("live\n") else { return }
      // Returns when the connection is closed, which the client has not asked for.
      #expect(await listener.drain(grace: .seconds(10)) == 0)
    }
    #expect(answer.hasSuffix("\r\n\r\nlive\n"))
  }
}

/// Hands on what comes until the connection is gone, however it went.
private final class Gatherer: ChannelInboundHandler, Sendable {
  typealias InboundIn = ByteBuffer

  private let arrivals: AsyncStream<ByteBuffer>.Continuation

  init(_ arrivals: AsyncStream<ByteBuffer>.Continuation) {
    self.arrivals = arrivals
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    self.arrivals.yield(self.unwrapInboundIn(data))
  }

  func channelInactive(context: ChannelHandlerContext) {
    self.arrivals.finish()
  }

  /// The end follows, and shows what has come by then.
  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}

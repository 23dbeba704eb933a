// SPDX-License-Identifier: Apache-2.0

import CryptoEngine
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import Transport

/// An HTTP server on a real socket that does to each request what the test says.
final class ScriptedServer: Sendable {
  struct Request: Sendable {
    var head: HTTPRequestHead
    var body: String
    /// Counted from zero, over all connections.
    var number: Int
    /// Counted from zero, on its own connection.
    var numberOnConnection: Int
  }

  enum Reaction: Sendable {
    case answer(status: Int = 200, body: String = "{}", headers: [(String, String)] = [])
    /// Bytes as they are, and then perhaps the end.
    case raw(String, thenClose: Bool)
    /// Bytes as they are, and then the end without TLS's goodbye.
    case truncated(String)
    case close
    case silence
  }

  struct Seen: Sendable {
    var connections = 0
    var openConnections = 0
    var requests: [Request] = []
  }

  let port: Int
  private let channel: any Channel
  private let record: Record

  final class Record: Sendable {
    let seen = Mutex(Seen())
  }

  var seen: Seen { self.record.seen.withLock { $0 } }

  private init(channel: any Channel, record: Record) {
    self.channel = channel
    self.port = channel.localAddress?.port ?? 0
    self.record = record
  }

  /// - Parameter security: what each connection speaks TLS with; nil for plain TCP.
  static func start(
    on group: any EventLoopGroup, security: TLSServerContext? = nil,
    react: @escaping @Sendable (Request) -> Reaction
  ) async throws -> ScriptedServer {
    let record = Record()
    let channel = try await ServerBootstrap(group: group)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          record.seen.withLock {
            $0.connections += 1
            $0.openConnections += 1
          }
          channel.closeFuture.whenComplete { _ in
            record.seen.withLock { $0.openConnections -= 1 }
          }
          if let security {
            try channel.pipeline.syncOperations.addHandler(
              TLSHandler(server: security, on: channel.eventLoop))
          }
          try channel.pipeline.syncOperations.addHandlers([
            ByteToMessageHandler(HTTPRequestDecoder()), ScriptHandler(record: record, react: react),
          ])
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    return ScriptedServer(channel: channel, record: record)
  }

  /// Stops to accept; what is open stays open.
  func stop() async throws {
    try await self.channel.close().get()
  }
}

private final class ScriptHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = ByteBuffer

  private let record: ScriptedServer.Record
  private let react: @Sendable (ScriptedServer.Request) -> ScriptedServer.Reaction
  private var head: HTTPRequestHead?
  private var body = ""
  private var count = 0

  init(
    record: ScriptedServer.Record,
    react: @escaping @Sendable (ScriptedServer.Request) -> ScriptedServer.Reaction
  ) {
    self.record = record
    self.react = react
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch self.unwrapInboundIn(data) {
    case .head(let head):
      self.head = head
      self.body = ""
    case .body(let bytes):
      self.body += String(buffer: bytes)
    case .end:
      guard let head = self.head else { return }
      let request = self.record.seen.withLock { seen in
        let request = ScriptedServer.Request(
          head: head, body: self.body, number: seen.requests.count, numberOnConnection: self.count)
        seen.requests.append(request)
        return request
      }
      self.count += 1
      self.carryOut(self.react(request), context)
    }
  }

  private func carryOut(_ reaction: ScriptedServer.Reaction, _ context: ChannelHandlerContext) {
    switch reaction {
    case .answer(let status, let body, let headers):
      var text = "HTTP/1.1 \(status) Status\r\nContent-Length: \(body.utf8.count)\r\n"
      for (name, value) in headers {
        text += "\(name): \(value)\r\n"
      }
      context.writeAndFlush(
        self.wrapOutboundOut(ByteBuffer(string: text + "\r\n" + body)), promise: nil)
    case .raw(let text, let thenClose):
      context.writeAndFlush(self.wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
      if thenClose {
        context.close(promise: nil)
      }
    case .truncated(let text):
      context.writeAndFlush(self.wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
      // Closed from there on, the TLS handler does not hear of it and says nothing.
      let secure = try? context.pipeline.syncOperations.context(handlerType: TLSHandler.self)
      secure?.close(promise: nil)
    case .close:
      context.close(promise: nil)
    case .silence:
      return
    }
  }
}

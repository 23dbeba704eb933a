// SPDX-License-Identifier: Apache-2.0

import CryptoEngine
import GatewayTestKit
import NIOCore
import NIOEmbedded
import Testing
import Transport

/// Stands behind the TLS handler and notes what comes out of it.
final class Recorder: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  var text = ""
  var notes: [String] = []
  var established: TLSEstablished?
  var onRead: ((ChannelHandlerContext) -> Void)?

  func channelActive(context: ChannelHandlerContext) {
    self.notes.append("active")
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let text = String(buffer: self.unwrapInboundIn(data))
    self.text += text
    self.notes.append("read")
    self.onRead?(context)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if let established = event as? TLSEstablished {
      self.established = established
      self.notes.append("established")
    } else if event as? ChannelEvent == .inputClosed {
      self.notes.append("input closed")
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    self.notes.append("\(error)")
  }

  func channelInactive(context: ChannelHandlerContext) {
    self.notes.append("inactive")
  }
}

/// Counts what the TLS handler asks of the socket.
final class SocketProbe: ChannelOutboundHandler {
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  var reads = 0
  var writes = 0
  var closes: [CloseMode] = []

  func read(context: ChannelHandlerContext) {
    self.reads += 1
    context.read()
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    self.writes += 1
    context.write(data, promise: promise)
  }

  func close(
    context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?
  ) {
    self.closes.append(mode)
    // A channel in memory knows no half-close.
    guard mode == .all else {
      promise?.succeed()
      return
    }
    context.close(mode: mode, promise: promise)
  }
}

/// One side: a channel in memory with the TLS handler in it.
struct SecureSide {
  let channel: EmbeddedChannel
  let handler: TLSHandler
  let recorder = Recorder()
  let probe = SocketProbe()

  init(_ make: (any EventLoop) -> TLSHandler) throws {
    self.channel = EmbeddedChannel()
    self.handler = make(self.channel.embeddedEventLoop)
    try self.channel.pipeline.syncOperations.addHandlers([self.probe, self.handler, self.recorder])
    try self.channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
  }

  func write(_ text: String) -> EventLoopFuture<Void> {
    self.channel.writeAndFlush(ByteBuffer(string: text))
  }

  /// Closes the socket as a peer would, without the TLS handler's doing.
  func hangUp() throws {
    try self.channel.pipeline.syncOperations.context(handler: self.probe).close(promise: nil)
  }

  /// All that waits for the other side.
  func takeOutbound() throws -> ByteBuffer {
    var all = ByteBuffer()
    while var buffer = try self.channel.readOutbound(as: ByteBuffer.self) {
      all.writeBuffer(&buffer)
    }
    return all
  }
}

/// A client and a server in memory.
struct SecureChannels {
  let client: SecureSide
  let server: SecureSide

  init(
    _ fixture: SecureFixture, host: String = SecureFixture.host, maxHeldBytes: Int = 1_048_576
  ) throws {
    let endpoint = try fixture.endpoint(host)
    self.client = try SecureSide {
      TLSHandler(client: endpoint, on: $0, maxHeldBytes: maxHeldBytes)
    }
    self.server = try SecureSide { TLSHandler(server: fixture.server, on: $0) }
  }

  /// Carries bytes both ways until nobody has more. What a closed channel would get is dropped.
  func exchange() throws {
    while true {
      let fromClient = try self.client.takeOutbound()
      let fromServer = try self.server.takeOutbound()
      if fromClient.readableBytes == 0 && fromServer.readableBytes == 0 { return }
      try Self.deliver(fromClient, to: self.server)
      try Self.deliver(fromServer, to: self.client)
    }
  }

  static func deliver(_ bytes: ByteBuffer, to side: SecureSide) throws {
    guard bytes.readableBytes > 0, side.channel.isActive else { return }
    try side.channel.writeInbound(bytes)
  }
}

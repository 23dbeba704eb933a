// SPDX-License-Identifier: Apache-2.0

import CryptoEngine
import NIOCore
import NIOPosix
import Synchronization
import Transport

/// A proxy that answers each CONNECT as the test says, and is the far side itself: what comes
/// through the tunnel it sends back, in TLS if it is given a context.
final class ScriptedProxy: Sendable {
  let port: Int
  private let channel: any Channel
  private let record: Record

  final class Record: Sendable {
    let requests = Mutex<[String]>([])
    /// The connections that were accepted and are not closed yet.
    let open = Atomic<Int>(0)
  }

  /// The heads that were received, each whole.
  var requests: [String] { self.record.requests.withLock { $0 } }
  var openConnections: Int { self.record.open.load(ordering: .sequentiallyConsistent) }

  private init(_ channel: any Channel, _ record: Record) {
    self.channel = channel
    self.port = channel.localAddress?.port ?? 0
    self.record = record
  }

  /// - Parameter answer: the bytes of the answer; empty to hang up, nil to say nothing.
  static func start(
    on group: any EventLoopGroup, security: TLSServerContext? = nil, answer: String?
  ) async throws -> ScriptedProxy {
    let record = Record()
    let channel = try await ServerBootstrap(group: group)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          record.open.add(1, ordering: .sequentiallyConsistent)
          channel.closeFuture.whenComplete { _ in
            record.open.subtract(1, ordering: .sequentiallyConsistent)
          }
          try channel.pipeline.syncOperations.addHandler(
            ProxyScript(record: record, security: security, answer: answer))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    return ScriptedProxy(channel, record)
  }

  func stop() async throws {
    try await self.channel.close().get()
  }
}

private final class ProxyScript: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let record: ScriptedProxy.Record
  private let security: TLSServerContext?
  private let answer: String?
  private var head = ""

  init(record: ScriptedProxy.Record, security: TLSServerContext?, answer: String?) {
    self.record = record
    self.security = security
    self.answer = answer
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    self.head += String(buffer: self.unwrapInboundIn(data))
    guard self.head.hasSuffix("\r\n\r\n") else { return }
    self.record.requests.withLock { $0.append(self.head) }
    self.head = ""
    guard let answer = self.answer else { return }
    guard !answer.isEmpty else { return context.close(promise: nil) }
    let pipeline = context.pipeline.syncOperations
    context.writeAndFlush(self.wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
    if let security {
      try? pipeline.addHandler(TLSHandler(server: security, on: context.eventLoop))
    }
    try? pipeline.addHandler(Echo())
    pipeline.removeHandler(context: context, promise: nil)
  }
}

private final class Echo: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    context.writeAndFlush(data, promise: nil)
  }
}

// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Transport

/// Waits behind a ``TLSHandler`` until the handshake is done, and makes way for HTTP/2 then: a client
/// costs no HTTP/2 session before.
final class SecuredHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  /// How long a handshake may go on once the server drains.
  private static let drainPatience = TimeAmount.seconds(1)

  private let ledger: OpeningLedger
  private let proceed: (any Channel, ConnectionPeer) throws -> Void
  private var isDone = false
  private var isDraining = false
  private var timer: Scheduled<Void>?

  /// - Parameter proceed: puts the handlers for what is secured into the pipeline, behind this one.
  init(
    ledger: OpeningLedger, proceed: @escaping (any Channel, ConnectionPeer) throws -> Void
  ) {
    self.ledger = ledger
    self.proceed = proceed
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case let established as TLSEstablished: self.established(context, established)
    case is ChannelShouldQuiesceEvent: self.drainBegan(context)
    default: context.fireUserInboundEventTriggered(event)
    }
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.timer?.cancel()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // The handler before closes the channel, after the alert.
    guard !self.isDone else { return context.fireErrorCaught(error) }
    self.isDone = true
    self.ledger.handshakeFailed(error as? TLSFailure, context.remoteAddress)
  }

  private func drainBegan(_ context: ChannelHandlerContext) {
    guard !self.isDraining else { return }
    self.isDraining = true
    let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
    self.timer = context.eventLoop.assumeIsolated().scheduleTask(in: Self.drainPatience) {
      self.isDone = true
      bound.value.close(promise: nil)
    }
  }

  private func established(_ context: ChannelHandlerContext, _ established: TLSEstablished) {
    self.isDone = true
    self.ledger.handshakeSucceeded(established.handshake)
    do {
      try self.proceed(context.channel, established.names.map { .certificate($0) } ?? .anonymous)
    } catch {
      // For want of memory.
      return context.close(promise: nil)
    }
    if self.isDraining { context.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
    context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
  }
}

// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Transport

/// Waits behind a ``TLSHandler`` until the handshake is done, and makes way for HTTP/2 then: a client
/// costs no HTTP/2 session before.
final class SecuredHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  private let ledger: OpeningLedger
  private let proceed: (any Channel, ConnectionPeer) throws -> Void
  private var isDone = false
  private var isDraining = false

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
    case is ChannelShouldQuiesceEvent: self.isDraining = true
    default: context.fireUserInboundEventTriggered(event)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // The handler before closes the channel, after the alert.
    guard !self.isDone else { return context.fireErrorCaught(error) }
    self.isDone = true
    self.ledger.handshakeFailed(error as? TLSFailure, context.remoteAddress)
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

// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Looks at the first bytes of a connection before anything is spent on it: makes way for whatever
/// speaks the language of the port, and tells others what is spoken here.
final class OpeningHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// How long a client that was refused may take to read why.
  private static let lingerPatience = TimeAmount.seconds(1)

  /// How long a client may take to begin once the server drains.
  private static let drainPatience = TimeAmount.seconds(1)

  private let isSecure: Bool
  private let port: ServedProtocol
  private let deadline: NIODeadline
  private let loop: any EventLoop
  private let ledger: OpeningLedger
  private let proceed: (any Channel) throws -> Void
  private var context: ChannelHandlerContext?
  private var bytes = ByteBuffer()
  private var isRefused = false
  private var isDraining = false
  private var timer: Scheduled<Void>?

  /// - Parameters:
  ///   - deadline: when a client must have said enough to tell what it speaks.
  ///   - proceed: puts the handlers for this port into the pipeline, behind this one.
  init(
    isSecure: Bool, speaking port: ServedProtocol = .grpc, deadline: NIODeadline,
    loop: any EventLoop, ledger: OpeningLedger,
    proceed: @escaping (any Channel) throws -> Void
  ) {
    self.isSecure = isSecure
    self.port = port
    self.deadline = deadline
    self.loop = loop
    self.ledger = ledger
    self.proceed = proceed
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    self.closeSilently(at: self.deadline)
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.timer?.cancel()
    self.context = nil
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !self.isRefused else { return }
    var buffer = self.unwrapInboundIn(data)
    if self.bytes.readableBytes == 0 {
      self.bytes = buffer
    } else {
      self.bytes.writeBuffer(&buffer)
    }
    guard let opening = ConnectionOpening(self.bytes.readableBytesView) else { return }
    if let refusal = OpeningRefusal(opening, isSecure: self.isSecure, on: self.port) {
      self.refuse(context, refusal)
    } else {
      self.makeWay(context)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    self.timer?.cancel()
    context.fireChannelInactive()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case is ChannelShouldQuiesceEvent:
      // What is on its way may still be served.
      self.isDraining = true
      self.closeSilently(at: min(self.deadline, self.loop.now + Self.drainPatience))
    case ChannelEvent.inputClosed as ChannelEvent where !self.isRefused:
      context.close(promise: nil)
    default:
      context.fireUserInboundEventTriggered(event)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}

extension OpeningHandler {
  private func makeWay(_ context: ChannelHandlerContext) {
    self.timer?.cancel()
    do {
      try self.proceed(context.channel)
    } catch {
      // For want of memory.
      return context.close(promise: nil)
    }
    context.fireChannelRead(self.wrapInboundOut(self.bytes))
    if self.isDraining { context.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
    context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
  }

  private func refuse(_ context: ChannelHandlerContext, _ refusal: OpeningRefusal) {
    self.isRefused = true
    self.ledger.refused(refusal, context.remoteAddress, on: self.port)
    let answer = ByteBuffer(bytes: refusal.answer(on: self.port))
    context.writeAndFlush(self.wrapOutboundOut(answer), promise: nil)
    // To close at once, with bytes of the client unread, would throw away what it is told.
    context.close(mode: .output, promise: nil)
    self.close(at: self.loop.now + Self.lingerPatience)
  }

  private func closeSilently(at deadline: NIODeadline) {
    guard !self.isRefused else { return }
    self.timer?.cancel()
    self.timer = self.loop.assumeIsolated().scheduleTask(deadline: deadline) {
      guard let context = self.context else { return }
      self.isRefused = true
      if !self.isDraining { self.ledger.refused(.silent, context.remoteAddress) }
      context.close(promise: nil)
    }
  }

  private func close(at deadline: NIODeadline) {
    self.timer?.cancel()
    self.timer = self.loop.assumeIsolated().scheduleTask(deadline: deadline) {
      self.context?.close(promise: nil)
    }
  }
}

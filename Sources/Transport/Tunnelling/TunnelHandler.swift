// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Asks a proxy for a tunnel, and is gone when there is one.
///
/// To the handlers behind it the channel becomes active when the tunnel is open, so that nothing of
/// theirs is ever sent to the proxy. When there is no tunnel the channel is closed.
final class TunnelHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// Ends when the tunnel is open, else with a ``ProxyFailure``; in the channel's event loop.
  var established: EventLoopFuture<Void> { self.promise.futureResult }

  private let request: String
  private let timeout: Duration
  private let loop: any EventLoop
  private let promise: EventLoopPromise<Void>
  private var state = TunnelState()
  private var timer: Scheduled<Void>?
  private var context: ChannelHandlerContext?

  /// - Parameters:
  ///   - request: the CONNECT request, whole.
  ///   - timeout: bounds the wait for the proxy's answer. The proxy connects in that time.
  init(request: String, timeout: Duration, on loop: any EventLoop) {
    self.request = request
    self.timeout = timeout
    self.loop = loop
    self.promise = loop.makePromise()
  }

  deinit {
    // It never came into a channel. A promise that is done already stays as it is.
    self.promise.fail(ProxyFailure.closed)
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.carryOut(self.state.closed(), context)
    self.context = nil
  }

  func channelActive(context: ChannelHandlerContext) {
    self.timer = self.loop.assumeIsolated().scheduleTask(in: TimeAmount(self.timeout)) {
      guard let context = self.context else { return }
      self.carryOut(self.state.closed(.timedOut(self.timeout)), context)
    }
    context.writeAndFlush(self.wrapOutboundOut(ByteBuffer(string: self.request)), promise: nil)
    // Nobody behind may have asked for bytes yet.
    context.read()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = self.unwrapInboundIn(data)
    switch self.state.received(bytes.readableBytesUInt8Span) {
    case .open(let headBytes):
      bytes.moveReaderIndex(forwardBy: headBytes)
      self.open(context, surplus: bytes)
    case .pass: context.fireChannelRead(data)
    case .fail(let failure): self.fail(failure, context)
    case .wait, .drop: return
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    context.fireChannelReadComplete()
    context.read()
  }

  func channelInactive(context: ChannelHandlerContext) {
    self.carryOut(self.state.closed(), context)
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    self.carryOut(self.state.closed(.unreachable(ConnectFailure(error))), context)
    context.fireErrorCaught(error)
  }

  private func carryOut(_ answer: TunnelState.OnBytes, _ context: ChannelHandlerContext) {
    if case .fail(let failure) = answer { self.fail(failure, context) }
  }

  private func open(_ context: ChannelHandlerContext, surplus: ByteBuffer) {
    self.timer?.cancel()
    context.fireChannelActive()
    if surplus.readableBytes > 0 { context.fireChannelRead(self.wrapInboundOut(surplus)) }
    self.promise.succeed()
    context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
  }

  private func fail(_ failure: ProxyFailure, _ context: ChannelHandlerContext) {
    self.timer?.cancel()
    self.promise.fail(failure)
    context.close(promise: nil)
  }
}

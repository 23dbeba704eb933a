// SPDX-License-Identifier: Apache-2.0

import JobsAPI
package import NIOCore
import Transport

/// Carries out what ``HTTPExchangeState`` answers: one upstream connection's requests and responses.
///
/// Requests come as whole bytes and leave in one write. Responses are read by ``ResponseReader``, from
/// bytes that a request asked for alone.
package final class HTTPExchangeHandler: ChannelInboundHandler {
  package typealias InboundIn = ByteBuffer
  package typealias OutboundOut = ByteBuffer

  /// The connection's place in its pool.
  typealias Seat = (pool: LoopPool, id: PoolState.ConnectionID)

  private var state: HTTPExchangeState
  private var reader = ResponseReader()
  /// Set when the connection is up, nil again when it is closed; nil where there is no pool.
  var seat: Seat?
  /// Exchanges that were begun.
  private(set) var exchanges = 0
  /// What the handshake came to; nil before it, and on a connection without TLS.
  private(set) var tls: TLSEstablished?
  private var context: ChannelHandlerContext?
  private var exchange: HTTPExchange?
  private var response = UpstreamResponse(status: 0)
  /// The one timer of the connection. It stays when an exchange ends, since the next one's deadline
  /// is mostly later: when it comes it looks who is due.
  private var timer: NIOScheduledCallback?
  private var timerDeadline = NIODeadline.distantFuture
  private let firstByteTimeout: TimeAmount?
  private var firstByteDeadline = NIODeadline.distantFuture

  /// - Parameters:
  ///   - maxBodyBytes: the limit on a response's body.
  ///   - firstByteTimeout: the limit from a request to the first byte of its response; nil if only
  ///     the exchange's own deadline counts.
  package init(maxBodyBytes: Int, firstByteTimeout: Duration? = nil) {
    self.state = HTTPExchangeState(maxBodyBytes: maxBodyBytes)
    self.firstByteTimeout = firstByteTimeout.map { TimeAmount($0) }
  }

  /// Puts the handler at the end of a channel's pipeline.
  package func install(in pipeline: ChannelPipeline.SynchronousOperations) throws {
    try pipeline.addHandler(self)
  }

  package func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
  }

  package func handlerRemoved(context: ChannelHandlerContext) {
    self.connectionEnded()
    self.context = nil
  }
}

// MARK: - Ours

extension HTTPExchangeHandler {
  /// Sends the request. The exchange ends later, or at once if the connection turns out to be dead.
  ///
  /// - Parameter reused: the connection has carried an exchange before this one.
  package func begin(_ exchange: HTTPExchange, reused: Bool) {
    guard let context = self.context, context.channel.isActive,
      self.state.begin(reused: reused) == .write
    else {
      exchange.end(.failure(.notSent(reused: reused)))
      self.leave(spent: .peer)
      return
    }
    let now = context.eventLoop.now
    exchange.begin(on: self, now: now)
    self.exchange = exchange
    self.exchanges += 1
    self.firstByteDeadline = self.firstByteTimeout.map { now + $0 } ?? .distantFuture
    self.armTimer(context.eventLoop, deadline: self.nextDeadline(of: exchange))
    let sent = context.eventLoop.makePromise(of: Void.self)
    sent.futureResult.assumeIsolated().whenSuccess { self.state.requestSent() }
    context.writeAndFlush(self.wrapOutboundOut(exchange.request), promise: sent)
  }

  /// An exchange was on before, so that its peer may have left it since: what was made just now, or
  /// to be at hand, is a new connection still.
  var isUsed: Bool { self.exchanges > 0 }

  /// False once the connection is closed, or broken and about to be.
  var isOpen: Bool { self.context?.channel.isActive == true && self.state.isOpen }

  func cancel(_ exchange: HTTPExchange) {
    guard self.exchange === exchange else {
      return
    }
    self.carryOut(self.state.cancelled())
  }

  /// Closes the connection. What is on it fails.
  package func close() {
    self.context?.close(promise: nil)
  }

  private func carryOut(_ answer: HTTPExchangeState.OnClosed) {
    switch answer {
    case .succeed: self.finish(.success(self.takeResponse()), spent: .notKept)
    case .fail(let failure): self.fail(failure)
    case .nothing: return
    }
  }

  /// An idle connection keeps nothing of its last answer.
  private func takeResponse() -> UpstreamResponse {
    defer { self.response = UpstreamResponse(status: 0) }
    return self.response
  }

  /// Gives the connection back first: who waits for it should not wait for the caller's next step.
  private func finish(_ outcome: HTTPExchange.Outcome, spent: PoolState.CloseReason?) {
    let exchange = self.exchange
    self.exchange = nil
    self.leave(spent: spent)
    exchange?.end(outcome)
  }

  private func fail(_ failure: ExchangeFailure) {
    self.finish(.failure(failure), spent: failure.closeReason)
  }

  private func leave(spent: PoolState.CloseReason?) {
    if let seat = self.seat {
      seat.pool.exchangeEnded(on: self, seat.id, spent: spent)
    } else if spent != nil {
      self.close()
    }
  }

  /// Tells the pool, and lets go of it.
  private func connectionEnded() {
    self.timer?.cancel()
    self.timer = nil
    self.carryOut(self.state.closed())
    if let seat = self.seat {
      self.seat = nil
      seat.pool.connectionClosed(self, seat.id, because: .peer)
    }
  }
}

// MARK: - The peer's

extension HTTPExchangeHandler {
  package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let now = context.eventLoop.now
    if self.state.awaitsFirstByte { self.exchange?.receivedBytes(now: now) }
    switch self.state.receivedBytes() {
    case .pass: self.read(self.unwrapInboundIn(data))
    case .close: self.receivedUnasked()
    case .drop: return
    }
  }

  /// The next request on this connection would be answered by what was no answer to it.
  private func receivedUnasked() {
    if let seat = self.seat {
      // The pool must not hand it out before the close is through.
      seat.pool.connectionClosed(self, seat.id, because: .notKept)
    }
    self.close()
  }

  private func read(_ buffer: ByteBuffer) {
    let bytes = buffer.readableBytesUInt8Span
    var position = 0
    do throws(ExchangeFailure.Malformation) {
      while true {
        switch try self.reader.next(in: bytes, from: &position) {
        case .wait: return
        case .head(let head): guard self.received(head) else { return }
        case .body(let range):
          let part = buffer.viewBytes(
            at: buffer.readerIndex + range.lowerBound, length: range.count)
          guard let part, self.receivedBody(part) else { return }
        case .end:
          self.state.receivedEnd()
          // Whatever else came with the response belongs to nobody.
          if position < bytes.count { _ = self.state.receivedBytes() }
          return
        }
      }
    } catch {
      self.carryOut(self.state.malformed(error))
      self.close()
    }
  }

  package func channelReadComplete(context: ChannelHandlerContext) {
    switch self.state.readComplete() {
    case .succeed(let reusable):
      self.finish(.success(self.takeResponse()), spent: reusable ? nil : .notKept)
    case .nothing: return
    }
  }

  package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if let established = event as? TLSEstablished { self.tls = established }
    context.fireUserInboundEventTriggered(event)
  }

  package func channelInactive(context: ChannelHandlerContext) {
    if self.reader.closed() { self.state.receivedEnd() }
    self.connectionEnded()
  }

  package func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // The socket's, or the secure layer's.
    self.carryOut(self.state.closed())
    self.close()
  }

  /// False if the exchange is over.
  private func received(_ head: ResponseHead) -> Bool {
    switch self.state.receivedHead(
      status: head.fields.status, keepAlive: head.keepsAlive, contentLength: head.bodyLength)
    {
    case .read:
      self.response.head = head.fields
      self.response.body.reserveCapacity(head.bodyLength ?? 0)
      return true
    case .skip: return true
    case .fail(let failure):
      self.fail(failure)
      return false
    case .ignore: return false
    }
  }

  /// False if the exchange is over.
  private func receivedBody(_ bytes: ByteBufferView) -> Bool {
    switch self.state.receivedBody(count: bytes.count) {
    case .append:
      self.response.body.append(contentsOf: bytes)
      return true
    case .fail(let failure):
      self.fail(failure)
      return false
    case .ignore: return false
    }
  }
}

// MARK: - Time

extension HTTPExchangeHandler: NIOScheduledCallbackHandler {
  private func armTimer(_ loop: any EventLoop, deadline: NIODeadline) {
    if self.timer != nil {
      guard deadline < self.timerDeadline else {
        return
      }
      self.timer?.cancel()
    }
    // It fails only in a loop that is shutting down, and that closes the connection.
    self.timer = try? loop.assumeIsolated().scheduleCallback(at: deadline, handler: self)
    self.timerDeadline = deadline
  }

  package func handleScheduledCallback(eventLoop: some EventLoop) {
    self.timer = nil
    guard let exchange = self.exchange else {
      return
    }
    let now = eventLoop.now
    if exchange.deadline <= now {
      self.carryOut(self.state.timedOut())
    } else if self.state.awaitsFirstByte, self.firstByteDeadline <= now {
      self.carryOut(self.state.firstByteTimedOut())
    } else {
      self.armTimer(eventLoop, deadline: self.nextDeadline(of: exchange))
    }
  }

  private func nextDeadline(of exchange: HTTPExchange) -> NIODeadline {
    self.state.awaitsFirstByte
      ? min(self.firstByteDeadline, exchange.deadline) : exchange.deadline
  }
}

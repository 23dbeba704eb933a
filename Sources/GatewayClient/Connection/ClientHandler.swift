// SPDX-License-Identifier: Apache-2.0

import GRPCWire
import HTTP2Engine
import NIOCore
import Transport

/// Carries the client's end of one HTTP/2 connection: bytes into the session, events to the calls,
/// requests out.
final class ClientHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// Bytes handed to the channel before it must say that it can take more.
  private static let writeChunkBytes = 65_536

  private let session: HTTP2ClientSession
  private let head: RequestHeadTemplate
  private let loop: any EventLoop
  private var calls: [Int32: ClientCall] = [:]
  private var context: ChannelHandlerContext?
  private var isReading = false
  private var isClosing = false
  /// The gateway takes nothing new, and closes when it is done.
  private var isGoingAway = false
  /// Why there is no connection any more, once there is none.
  private var end: CallFailure?

  init(session: HTTP2ClientSession, head: RequestHeadTemplate, loop: any EventLoop) {
    self.session = session
    self.head = head
    self.loop = loop
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    if context.channel.isActive { self.flush() }
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
  }

  func channelActive(context: ChannelHandlerContext) {
    self.flush()
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    self.endCalls(.connectionEnded("the gateway closed the connection"))
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !self.isClosing else { return }
    self.isReading = true
    let buffer = self.unwrapInboundIn(data)
    do {
      try self.session.receive(buffer.readableBytesUInt8Span)
      self.handleEvents()
    } catch {
      self.handleEvents()
      self.failed(error)
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    self.isReading = false
    self.flush()
    context.fireChannelReadComplete()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable { self.flush() }
    context.fireChannelWritabilityChanged()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    self.endCalls(.connectionEnded(ConnectFailure(error).words))
    self.isClosing = true
    context.close(promise: nil)
  }
}

// MARK: - Calls

extension ClientHandler {
  /// Opens a call. One that cannot be opened has failed when it is returned.
  func open(_ path: String, _ message: [UInt8], _ options: RequestOptions) -> ClientCall {
    if let end = self.end { return Self.failed(end) }
    guard !self.isClosing, self.context != nil else { return Self.failed(.notTaken) }
    var body: [UInt8] = []
    body.reserveCapacity(message.count + MessageFraming.prefixBytes)
    MessageFraming.appendMessage(to: &body) { $0 += message }
    let headers = self.head.headers(path: path, options)
    guard case .queued(let streamID) = self.session.submitRequest(headers, body: body) else {
      return Self.failed(.notTaken)
    }
    let call = ClientCall(streamID: streamID, messageLimitBytes: options.messageLimitBytes)
    self.calls[streamID] = call
    call.timer = self.loop.assumeIsolated().scheduleTask(in: TimeAmount(options.timeout)) {
      self.giveUp(call, .deadlineExceeded)
    }
    if !self.isReading { self.flush() }
    return call
  }

  /// Ends a call before its time; does nothing to one that has ended.
  func giveUp(_ call: ClientCall, _ why: CallFailure) {
    guard !call.isOver else { return }
    self.finish(call, call.state.closed(why))
    guard let streamID = call.streamID else { return }
    self.session.resetStream(streamID, code: .cancel)
    if !self.isReading { self.flush() }
  }

  /// Gives back what was withheld, now that all that was there is taken.
  func taken(_ call: ClientCall) {
    guard call.isTaken, call.withheldBytes > 0, let streamID = call.streamID else { return }
    self.session.consume(call.withheldBytes, on: streamID)
    call.withheldBytes = 0
    if !self.isReading { self.flush() }
  }

  private static func failed(_ failure: CallFailure) -> ClientCall {
    let call = ClientCall(streamID: nil, messageLimitBytes: 0)
    call.end(.failure(failure))
    return call
  }

  private func finish(_ call: ClientCall, _ answer: ResponseState.OnEnd) {
    switch answer {
    case .ended(let end): call.end(end.status.code == .ok ? .success(end) : .failure(.refused(end)))
    case .failed(let failure): call.end(.failure(failure))
    case .ignore: break
    }
  }

  /// Ends what is open, and what will be opened, for the same reason. The first reason counts.
  private func endCalls(_ failure: CallFailure) {
    self.end = self.end ?? failure
    let calls = self.calls.values
    self.calls = [:]
    for call in calls { self.finish(call, call.state.closed(self.end ?? failure)) }
  }
}

// MARK: - Inbound

extension ClientHandler {
  private func handleEvents() {
    while let event = self.session.nextEvent() { self.handle(event) }
  }

  private func handle(_ event: HTTP2ClientEvent) {
    switch event {
    case .responseHeaders(let streamID, let fields):
      guard let call = self.calls[streamID] else { return }
      self.received(ResponseMetadata(fields), on: call)
    case .data(let streamID, let bytes): self.received(bytes, on: streamID)
    case .trailers(let streamID, let fields):
      guard let call = self.calls[streamID] else { return }
      self.finish(call, call.state.receivedTrailers(ResponseMetadata(fields)))
      self.reset(call)
    case .responseEnded(let streamID):
      // Trailers have said how it ended, if there were any.
      guard let call = self.calls[streamID] else { return }
      self.finish(call, call.state.closed(CallFailure(closedWith: .noError)))
      self.reset(call)
    case .streamClosed(let streamID, let code):
      guard let call = self.calls.removeValue(forKey: streamID) else { return }
      self.finish(call, call.state.closed(CallFailure(closedWith: code)))
    case .goAwayReceived: self.isGoingAway = true
    }
  }

  private func received(_ head: ResponseMetadata, on call: ClientCall) {
    switch call.state.receivedHead(head) {
    case .opened: call.append(.head(head))
    case .ended(let end):
      self.finish(call, .ended(end))
      self.reset(call)
    case .failed(let failure):
      self.finish(call, .failed(failure))
      self.reset(call)
    case .ignore: break
    }
  }

  private func received(_ bytes: ReceivedBytes, on streamID: Int32) {
    guard let call = self.calls[streamID] else {
      return self.session.consume(bytes.count, on: streamID)
    }
    var messages: [[UInt8]] = []
    let failure = self.session.withBytes(of: bytes) { bytes in
      call.state.receivedData(bytes, into: &messages)
    }
    for message in messages { call.append(.message(message)) }
    if call.isTaken {
      self.session.consume(bytes.count, on: streamID)
    } else {
      call.withheldBytes += bytes.count
    }
    guard let failure else { return }
    self.finish(call, .failed(failure))
    self.reset(call)
  }

  /// Nothing more is wanted of a stream whose call is over: neither what a server sends behind the
  /// status nor the rest of a request that it has answered early. Most are closed by now.
  private func reset(_ call: ClientCall) {
    if let streamID = call.streamID { self.session.resetStream(streamID, code: .cancel) }
  }
}

// MARK: - Outbound

extension ClientHandler {
  /// Says goodbye and closes. What is open fails.
  func close() {
    guard let context = self.context, !self.isClosing else { return }
    self.endCalls(.notTaken)
    self.session.terminate()
    self.flush()
    guard !self.isClosing else { return }
    self.isClosing = true
    context.close(promise: nil)
  }

  private func flush() {
    guard let context = self.context, !self.isClosing, context.channel.isActive else { return }
    do {
      while context.channel.isWritable, self.session.wantsWrite {
        var buffer = context.channel.allocator.buffer(capacity: 1_024)
        _ = try self.session.drainOutbound(atMost: Self.writeChunkBytes) { buffer.append($0) }
        guard buffer.readableBytes > 0 else { break }
        context.writeAndFlush(self.wrapOutboundOut(buffer), promise: nil)
      }
    } catch {
      return self.failed(error)
    }
    self.handleEvents()
    guard self.session.isFinished else { return }
    // The last call after a GOAWAY has ended, or the engine has found fault with what it read.
    self.endCalls(
      self.isGoingAway
        ? .notTaken : .connectionEnded("what answers does not speak HTTP/2 as it must"))
    self.isClosing = true
    context.close(promise: nil)
  }

  private func failed(_ error: HTTP2SessionError) {
    self.endCalls(.connectionEnded("HTTP/2 failed: \(error)"))
    guard let context = self.context, !self.isClosing else { return }
    self.isClosing = true
    var farewell = context.channel.allocator.buffer(capacity: 64)
    // A GOAWAY that tells why, if the session can still say it.
    _ = try? self.session.drainOutbound(atMost: Self.writeChunkBytes) { farewell.append($0) }
    context.writeAndFlush(self.wrapOutboundOut(farewell), promise: nil)
    context.close(promise: nil)
  }
}

extension ByteBuffer {
  fileprivate mutating func append(_ bytes: Span<UInt8>) {
    // The raw view is copied before the span ends.
    unsafe _ = self.writeBytes(bytes.bytes)
  }
}

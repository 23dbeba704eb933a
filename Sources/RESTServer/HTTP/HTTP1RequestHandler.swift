// SPDX-License-Identifier: Apache-2.0

// HTTP/1.1 for short requests: whole requests in, whole answers out. What they mean is not known
// here; what may be done when is decided in HTTP1Exchange.

import JobsAPI
import NIOCore
import NIOHTTP1

/// Collects the requests of one connection, has them answered one at a time, and writes the answers.
final class HTTP1RequestHandler<Responder: RequestResponder>: ChannelDuplexHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundIn = Never
  typealias OutboundOut = ByteBuffer

  private enum Inbound {
    case part(HTTPServerRequestPart)
    case unreadable(HTTP1Exchange.Refusal)
  }

  private let responder: Responder
  private let executor: any TaskExecutor
  private let settings: HTTP1Settings
  private var exchange: HTTP1Exchange
  private var writer: ResponseWriter
  /// What request ids are made of.
  private var random: DistinctNumbers

  private var context: ChannelHandlerContext?
  private var request: ServerRequest?
  private var task: Task<Void, Never>?
  private var timer: Scheduled<Void>?
  /// What came while an answer was pending.
  private var heldBack = CircularBuffer<Inbound>()
  private var readHeldBack = false
  private var isFeeding = false
  private var needsFlush = false
  private var memory: HeldMemory

  init(
    responder: Responder, executor: any TaskExecutor, settings: HTTP1Settings,
    random: DistinctNumbers
  ) {
    self.responder = responder
    self.executor = executor
    self.settings = settings
    self.exchange = HTTP1Exchange(limits: settings.exchange, now: .now())
    self.writer = ResponseWriter(epochSeconds: settings.wallClock())
    self.random = random
    self.memory = HeldMemory(settings.memory)
  }

  // MARK: Events

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    let limits = self.settings.exchange
    self.startTimer(at: .now() + min(limits.receive, limits.send), in: context)
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
  }

  func channelInactive(context: ChannelHandlerContext) {
    self.timer?.cancel()
    self.heldBack.removeAll()
    self.memory.release()
    switch self.exchange.connectionClosed() {
    case .cancelResponder: self.task?.cancel()
    case .ignore: break
    }
    self.task = nil
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    self.take(.part(Self.unwrapInboundIn(data)), context)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    self.flushIfNeeded(context)
    context.fireChannelReadComplete()
  }

  /// A peer that takes no answers gets no more of them.
  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable {
      self.exchange.outboundFreed()
      self.giveMemoryBack(context)
      self.feed(context)
      self.flushIfNeeded(context)
    } else {
      self.exchange.outboundBlocked(now: .now())
    }
    context.fireChannelWritabilityChanged()
  }

  /// A peer that sends on while its answer is pending fills its own socket, not our memory.
  func read(context: ChannelHandlerContext) {
    if self.exchange.takesInput {
      context.read()
    } else {
      self.readHeldBack = true
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    switch error {
    case HTTPParserError.headerOverflow:
      self.take(.unreadable(.headersTooLarge), context)
    case is HTTPParserError:
      self.take(.unreadable(.malformed), context)
    case is ByteToMessageDecoderError:
      // More of what could not be read; its refusal is on its way, and then the connection closes.
      break
    default:
      context.close(promise: nil)
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard event is ChannelShouldQuiesceEvent else {
      context.fireUserInboundEventTriggered(event)
      return
    }
    switch self.exchange.drainRequested() {
    case .close: context.close(promise: nil)
    case .finish, .ignore: break
    }
  }

  // MARK: In

  /// Bytes came that are not read yet.
  func bytesCame() {
    self.exchange.receivedBytes(now: .now())
  }

  private func take(_ inbound: Inbound, _ context: ChannelHandlerContext) {
    guard !self.isFeeding, self.exchange.takesInput else {
      self.heldBack.append(inbound)
      return
    }
    self.isFeeding = true
    self.received(inbound, context)
    self.isFeeding = false
    self.feed(context)
  }

  /// Feeds what was held back, until an answer is pending. An answer that is there at once comes
  /// back to this loop, not to another one inside it.
  private func feed(_ context: ChannelHandlerContext) {
    guard !self.isFeeding else { return }
    self.isFeeding = true
    while !self.heldBack.isEmpty, self.exchange.takesInput {
      let inbound = self.heldBack.removeFirst()
      self.received(inbound, context)
    }
    self.isFeeding = false
    if self.readHeldBack, self.exchange.takesInput {
      self.readHeldBack = false
      context.read()
    }
  }

  private func received(_ inbound: Inbound, _ context: ChannelHandlerContext) {
    switch inbound {
    case .part(.head(let head)): self.received(head, context)
    case .part(.body(let bytes)): self.received(bytes, context)
    case .part(.end): self.receivedEnd(context)
    case .unreadable(let refusal): self.failedToParse(refusal, context)
    }
  }

  private func received(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    guard head.isUnambiguous else { return self.failedToParse(.malformed, context) }
    let onHead = self.exchange.receivedHead(
      keepAlive: head.isKeepAlive && !head.leavesHTTP1,
      declaredBytes: head.headers.first(name: "content-length").flatMap { Int($0) },
      expectsContinue: head.headers.first(name: "expect")?.lowercased() == "100-continue",
      now: .now())
    switch onHead {
    case .collect:
      self.begin(head, context)
    case .inviteBody:
      guard self.begin(head, context) else { return }
      var buffer = context.channel.allocator.buffer(capacity: 32)
      ResponseWriter.inviteBody(into: &buffer)
      context.writeAndFlush(Self.wrapOutboundOut(buffer), promise: nil)
    case .refuse(let refusal):
      self.refuse(refusal, context)
    case .ignore:
      break
    }
  }

  /// - Returns: False if there is no room for the request, which is over then.
  @discardableResult
  private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) -> Bool {
    guard self.memory.begin() else {
      self.refuseForMemory(context)
      return false
    }
    self.request = ServerRequest(
      method: head.method, target: head.uri, headers: head.headers,
      id: RandomUUID(using: &self.random).text,
      receivedAtSeconds: self.settings.wallClock())
    return true
  }

  private func refuseForMemory(_ context: ChannelHandlerContext) {
    switch self.exchange.memoryRefused() {
    case .refuse(let refusal): self.refuse(refusal, context)
    case .ignore: break
    }
  }

  private func received(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
    switch self.exchange.receivedBody(count: bytes.readableBytes) {
    case .append:
      guard self.memory.charge(bytes.readableBytes) else { return self.refuseForMemory(context) }
      self.request?.append(bytes)
    case .refuse(let refusal):
      self.refuse(refusal, context)
    case .ignore:
      break
    }
  }

  private func receivedEnd(_ context: ChannelHandlerContext) {
    switch self.exchange.receivedEnd() {
    case .respond:
      if let request = self.request { self.ask(request, context) }
    case .ignore:
      break
    }
  }

  private func failedToParse(
    _ refusal: HTTP1Exchange.Refusal, _ context: ChannelHandlerContext
  ) {
    switch self.exchange.failedToParse(refusal) {
    case .refuse(let refusal): self.refuse(refusal, context)
    case .ignore: break
    }
  }

  // MARK: Out

  private func ask(_ request: ServerRequest, _ context: ChannelHandlerContext) {
    let responder = self.responder
    let loop = context.eventLoop
    let this = NIOLoopBound(self, eventLoop: loop)
    self.task = Task.immediate(executorPreference: self.executor) {
      let response = await responder.respond(to: request, on: loop)
      this.value.answered(response)
    }
    // An answer that came at once leaves nothing to cancel.
    if self.request == nil { self.task = nil }
  }

  private func answered(_ response: ServerResponse) {
    let request = self.request
    self.task = nil
    self.request = nil
    let last = response.delivery != .whole
    switch self.exchange.answered(last: last, now: .now()) {
    case .write(let keepAlive):
      guard let context = self.context, let request else { return }
      if response.delivery == .dropped {
        context.close(promise: nil)
        return
      }
      self.write(response, to: request, keepAlive: keepAlive, context)
      if !keepAlive { self.closeAfterFlush(context) }
      self.feed(context)
      // While a read is being fed its end flushes, for all answers at once.
      if !self.isFeeding { self.flushIfNeeded(context) }
    case .discard:
      break
    }
  }

  private func write(
    _ response: ServerResponse, to request: ServerRequest, keepAlive: Bool,
    _ context: ChannelHandlerContext
  ) {
    var buffer = context.channel.allocator.buffer(capacity: 384 + response.body.count)
    self.writer.write(
      response, requestID: request.id, epochSeconds: request.receivedAtSeconds,
      isHead: request.method == .HEAD, keepAlive: keepAlive, into: &buffer)
    self.memory.chargeAnyway(buffer.readableBytes)
    context.write(Self.wrapOutboundOut(buffer), promise: nil)
    self.needsFlush = true
  }

  private func flushIfNeeded(_ context: ChannelHandlerContext) {
    guard self.needsFlush else { return }
    self.needsFlush = false
    context.flush()
    self.giveMemoryBack(context)
  }

  /// What the channel holds still is counted until it is writable again: then it is little.
  private func giveMemoryBack(_ context: ChannelHandlerContext) {
    if context.channel.isWritable, self.request == nil { self.memory.release() }
  }

  /// Answers what nobody was asked about, and ends the connection.
  private func refuse(_ refusal: HTTP1Exchange.Refusal, _ context: ChannelHandlerContext) {
    self.request = nil
    let request = ServerRequest(
      method: .GET, target: "", id: RandomUUID(using: &self.random).text,
      receivedAtSeconds: self.settings.wallClock())
    let response = refusal.response
    self.settings.refused(response.status)
    self.write(response, to: request, keepAlive: false, context)
    self.closeAfterFlush(context)
  }

  /// Ends our side, then gives the peer a moment to read: closing at once, with its bytes unread,
  /// would reset the connection and could take the answer with it (RFC 9112 §9.6).
  private func closeAfterFlush(_ context: ChannelHandlerContext) {
    self.needsFlush = false
    self.timer?.cancel()
    context.flush()
    context.close(mode: .output, promise: nil)
    let channel = context.channel
    self.timer = context.eventLoop.scheduleTask(in: self.settings.linger) {
      channel.close(promise: nil)
    }
  }

  // MARK: Time

  private func startTimer(at deadline: NIODeadline, in context: ChannelHandlerContext) {
    let this = NIOLoopBound(self, eventLoop: context.eventLoop)
    self.timer = context.eventLoop.scheduleTask(deadline: deadline) { this.value.timerFired() }
  }

  private func timerFired() {
    guard let context = self.context else { return }
    switch self.exchange.timerFired(now: .now()) {
    case .close: context.close(promise: nil)
    case .refuse(let refusal): self.refuse(refusal, context)
    case .checkAgain(let deadline): self.startTimer(at: deadline, in: context)
    case .stop: break
    }
  }
}

extension ServerRequest {
  /// Mostly the whole body comes in one part, which is then taken as it is.
  fileprivate mutating func append(_ bytes: ByteBuffer) {
    if self.body.readableBytes == 0 {
      self.body = bytes
    } else {
      self.body.writeImmutableBuffer(bytes)
    }
  }
}

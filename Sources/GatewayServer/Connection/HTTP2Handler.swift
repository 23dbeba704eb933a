// SPDX-License-Identifier: Apache-2.0

import Authorization
import GRPCWire
import HTTP2Engine
import JobsAPI
import Logging
import NIOCore
import Telemetry
import Transport

/// Carries one HTTP/2 connection: bytes into the session, events to the calls, bytes out again.
///
/// What arrives in one read is answered in one write. While the peer does not take what is
/// written, nothing more is read from it either, so a peer that only sends cannot make this
/// process hold its answers.
final class HTTP2Handler: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = Never
  typealias OutboundOut = ByteBuffer

  /// Bytes handed to the channel before it must say that it can take more.
  static var writeChunkBytes: Int { 65_536 }

  /// Room for the answers of one small burst without growing.
  static var usualWriteBytes: Int { 1_024 }

  /// How long a peer may take to confirm the shutdown notice. A round trip is what it should take.
  static var shutdownNoticePatience: TimeAmount { .seconds(1) }

  /// How long a peer may take to read its last answers.
  static var lastWritePatience: TimeAmount { .seconds(10) }

  /// How long a peer that was sent everything may take to close.
  static var lingerPatience: TimeAmount { .seconds(1) }

  let session: HTTP2Session
  let service: RPCService
  let standard: StandardMethods
  let reporting: CallReporting
  let limits: CallLimits
  let logger: Logger
  /// Names this connection's calls when their callers do not.
  let requestIDs: RequestIDs
  let loop: any EventLoop
  /// Who is at the other end; set before the first request is read.
  var peer = ConnectionPeer.anonymous
  /// Who the peer is, by the names that the connection itself vouches for.
  private(set) lazy var peerIdentity = CallerIdentity(self.peer)
  /// Who may call what; nil when neither a policy nor the audit log asks who calls. Set with `peer`.
  var accessControl: AccessControl?
  /// Made for the first call that asks.
  var access: ConnectionAccess?
  /// Unary calls, by stream.
  var calls: [Int32: RPC] = [:]
  /// Streamed calls, by stream.
  var streams: [Int32: StreamedRPC] = [:]
  var deadlineTimer = DeadlineTimer()
  let terms: ConnectionTerms
  var memory: ConnectionMemory
  /// Of health checks and reflection.
  var standardMemory: ConnectionMemory
  var traffic = ConnectionTraffic()
  var watch: ConnectionWatch
  var police: FramePolice
  var glance: NIOScheduledCallback?
  /// What the memory budget was last charged for bytes that the channel holds.
  var chargedBuffered = 0

  private(set) var context: ChannelHandlerContext?
  private(set) var holdsRead = false
  private var isReading = false
  private var flushIsDue = false
  private var drain = Drain.notBegun
  private(set) var isClosing = false
  private var lingerTimer: Scheduled<Void>?

  private enum Drain {
    case notBegun
    case noticeSent
    case finished
  }

  init(
    session: HTTP2Session, service: RPCService, standard: StandardMethods,
    reporting: CallReporting, limits: CallLimits, terms: ConnectionTerms = ConnectionTerms(),
    logger: Logger, loop: any EventLoop
  ) {
    self.session = session
    self.service = service
    self.standard = standard
    self.reporting = reporting
    self.limits = limits
    self.logger = logger
    self.requestIDs = RequestIDs()
    self.loop = loop
    self.terms = terms
    self.memory = terms.memoryOfConnection()
    self.standardMemory = terms.standardMemoryOfConnection()
    let now = loop.now
    self.watch = ConnectionWatch(
      terms.limits, jitter: Double(self.requestIDs.number % 1_024) / 1_023, now: now)
    self.police = FramePolice(leastPingInterval: terms.limits.leastPingInterval, now: now)
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    self.lookAgain()
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
    self.lingerTimer?.cancel()
    self.glance?.cancel()
    self.abandonCalls()
    self.charge(buffered: 0)
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !self.isClosing else { return }
    self.isReading = true
    let buffer = self.unwrapInboundIn(data)
    self.traffic.bytesReceived &+= buffer.readableBytes
    do {
      try self.session.receive(buffer.readableBytesUInt8Span)
      self.handleEvents()
      self.judgeFrames()
    } catch {
      self.handleEvents()
      self.connectionFailed(error)
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    self.isReading = false
    self.flush()
    context.fireChannelReadComplete()
  }

  func read(context: ChannelHandlerContext) {
    if context.channel.isWritable {
      context.read()
    } else {
      self.holdsRead = true
    }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable {
      self.flush()
      if self.holdsRead {
        self.holdsRead = false
        context.read()
      }
    }
    context.fireChannelWritabilityChanged()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is ChannelShouldQuiesceEvent { self.beginDrain() }
    context.fireUserInboundEventTriggered(event)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    self.logger.debug("connection failed", metadata: [LogKey.error: "\(error)"])
    self.close(context)
  }
}

// MARK: - The loop

extension HTTP2Handler {
  /// This handler for closures that come back to its loop.
  var bound: NIOLoopBound<HTTP2Handler> {
    // Asked for from the handler's own events only, so the channel's loop is the current one.
    NIOLoopBound(self, eventLoop: self.loop)
  }

  func schedule(
    in delay: TimeAmount, _ body: @escaping (HTTP2Handler) -> Void
  ) -> Scheduled<Void> {
    self.loop.assumeIsolated().scheduleTask(in: delay) { body(self) }
  }
}

// MARK: - Outbound

extension HTTP2Handler {
  /// Writes at the end of this turn of the loop, so that answers of one turn share a write.
  func flushSoon() {
    // The end of a read flushes anyway.
    guard !self.flushIsDue, !self.isReading else { return }
    self.flushIsDue = true
    self.loop.assumeIsolated().execute {
      self.flushIsDue = false
      self.flush()
    }
  }

  func flush() {
    guard let context = self.context, !self.isClosing else { return }
    do {
      while context.channel.isWritable, self.session.wantsWrite {
        var buffer = context.channel.allocator.buffer(capacity: Self.usualWriteBytes)
        _ = try self.session.drainOutbound(atMost: Self.writeChunkBytes) { buffer.append($0) }
        guard buffer.readableBytes > 0 else { break }
        context.writeAndFlush(self.wrapOutboundOut(buffer), promise: nil)
      }
    } catch {
      return self.connectionFailed(error)
    }
    if !context.channel.isWritable || self.chargedBuffered > 0 { self.chargeBuffered(context) }
    // Writing closes streams, and the last one to close may end the connection.
    self.handleEvents()
    if self.session.isFinished { self.closeAfterWrites(context) }
  }

  private func connectionFailed(_ error: HTTP2SessionError) {
    self.logger.debug("HTTP/2 connection failed", metadata: [LogKey.error: "\(error)"])
    guard let context = self.context, !self.isClosing else { return }
    var farewell = context.channel.allocator.buffer(capacity: 64)
    // A GOAWAY that tells why, if the session can still say it.
    _ = try? self.session.drainOutbound(atMost: Self.writeChunkBytes) { farewell.append($0) }
    context.writeAndFlush(self.wrapOutboundOut(farewell), promise: nil)
    self.closeAfterWrites(context)
  }

  func close(_ context: ChannelHandlerContext) {
    self.isClosing = true
    self.abandonCalls()
    context.close(promise: nil)
  }

  /// Lets what is written reach the peer, then closes.
  ///
  /// To close at once would throw away what the kernel has not taken yet, and with bytes of the
  /// peer unread it would reset the connection: answers to updates that were made would be lost.
  func closeAfterWrites(_ context: ChannelHandlerContext) {
    guard !self.isClosing else { return }
    self.isClosing = true
    self.abandonCalls()
    // Whatever the peer still sends is read and ignored; its end of the connection closes ours.
    let written = context.close(mode: .output)
    self.lingerAtMost(Self.lastWritePatience)
    let handler = self.bound
    written.whenComplete { _ in handler.value.lingerAtMost(Self.lingerPatience) }
  }

  private func lingerAtMost(_ patience: TimeAmount) {
    self.lingerTimer?.cancel()
    guard self.context?.channel.isActive == true else { return }
    self.lingerTimer = self.schedule(in: patience) { $0.context?.close(promise: nil) }
  }

  private func abandonCalls() {
    for call in self.calls.values {
      self.abandon(call)
    }
    self.calls.removeAll()
    for rpc in self.streams.values {
      self.abandon(rpc)
    }
    self.streams.removeAll()
    self.deadlineTimer.stop()
  }
}

// MARK: - Drain

extension HTTP2Handler {
  /// Whether the peer was asked to open no more streams.
  var isDraining: Bool { self.drain != .notBegun }

  /// Asks the peer to open no more streams; those on their way are still served (RFC 9113 §6.8).
  func beginDrain() {
    guard self.drain == .notBegun else { return }
    self.drain = .noticeSent
    self.watch.drainBegan()
    // What watchers of health are told of it comes before the notice.
    self.drainStreams()
    self.flush()
    self.session.beginShutdown()
    self.flushSoon()
    // A peer that never confirms must not hold the drain.
    _ = self.schedule(in: Self.shutdownNoticePatience) { $0.finishDrain() }
  }

  /// The notice was confirmed, or its time is up; a confirmation that nobody asked for is ignored.
  func finishDrain() {
    guard self.drain == .noticeSent else { return }
    self.drain = .finished
    self.session.finishShutdown()
    self.flushSoon()
  }
}

extension ByteBuffer {
  fileprivate mutating func append(_ bytes: Span<UInt8>) {
    // The raw view is copied before the span ends.
    unsafe _ = self.writeBytes(bytes.bytes)
  }
}

// SPDX-License-Identifier: Apache-2.0

import HTTP2Engine
import Logging
import NIOCore
import Telemetry

// What happens to a connection as time goes by, and to a peer that sends too much.

extension HTTP2Handler: NIOScheduledCallbackHandler {
  func handleScheduledCallback(eventLoop: some EventLoop) {
    self.glance = nil
    guard let context = self.context, context.channel.isActive, !self.isClosing else { return }
    self.session.sweepStalled(after: self.terms.limits.stalledSweeps)
    let now = self.loop.now
    for due in self.watch.glanced(self.currentGlance(context), now: now) {
      switch due {
      case .rest: self.rest()
      case .ping: self.session.ping()
      case .drain(let reason): self.drainFor(reason)
      case .close(let reason): return self.closeFor(reason, context)
      }
    }
    self.endSlowRequests()
    self.endSlowStreamedRequests()
    self.session.sweepAnswered()
    self.flush()
    self.lookAgain()
  }

  func lookAgain() {
    let next = self.watch.nextGlance(after: self.loop.now)
    // The event loop refuses only when it shuts down, and then nobody waits for anything.
    self.glance = try? self.loop.assumeIsolated().scheduleCallback(at: next, handler: self)
  }

  private func currentGlance(_ context: ChannelHandlerContext) -> ConnectionGlance {
    self.chargeBuffered(context)
    let buffered = self.chargedBuffered
    return ConnectionGlance(
      isOpen: self.session.isOpen,
      // The rest of a frame that is not read for now is not late.
      isMidway: self.session.isMidway && !self.holdsRead,
      framesReceived: self.session.frameCounts.total, bytesReceived: self.traffic.bytesReceived,
      // Of bodies only: whoever leaves answers lying and takes acknowledgements takes nothing.
      bytesTaken: self.session.sentBodyBytes &- buffered,
      hasUnsent: buffered > 0 || !context.channel.isWritable || self.session.unsentBytes > 0,
      openStreams: self.session.openStreamCount, streamsOpened: self.traffic.streamsOpened)
  }

  /// Charges the budget for what the channel holds now: bytes that have left the session, and with
  /// them the charge of their call, while the peer does not take them.
  func chargeBuffered(_ context: ChannelHandlerContext) {
    // A channel that cannot say what it holds says at least whether it takes more.
    let options = context.channel.syncOptions
    self.charge(buffered: (try? options?.getOption(.bufferedWritableBytes)) ?? 0)
  }

  func charge(buffered: Int) {
    self.memory.chargeAnyway(buffered - self.chargedBuffered)
    self.chargedBuffered = buffered
  }

  /// Nothing is said, so nothing is needed to say it.
  private func rest() {
    self.session.releaseMemory()
    if self.calls.isEmpty { self.calls = [:] }
    if self.streams.isEmpty { self.streams = [:] }
  }

  private func drainFor(_ reason: ConnectionWatch.Reason) {
    self.terms.connectionEnded(ConnectionEnd(reason))
    self.beginDrain()
  }

  private func closeFor(_ reason: ConnectionWatch.Reason, _ context: ChannelHandlerContext) {
    self.logger.debug("connection ended", metadata: [LogKey.reason: "\(reason.rawValue)"])
    // A connection that had reached its age was counted when its drain began.
    if reason != .age { self.terms.connectionEnded(ConnectionEnd(reason)) }
    switch reason {
    case .write, .keepalive:
      // Whoever takes nothing or says nothing is told nothing.
      self.close(context)
    case .age, .idle:
      self.end(code: .noError, debug: reason.rawValue, context)
    case .handshake, .frame:
      self.end(code: .enhanceYourCalm, debug: reason.rawValue, context)
    }
  }

  private func end(code: HTTP2ErrorCode, debug: String, _ context: ChannelHandlerContext) {
    self.session.goAway(code: code, debug: debug)
    self.flush()
    self.closeAfterWrites(context)
  }

  /// Ends the connection of a peer that makes work without end.
  func judgeFrames() {
    let judgement = self.police.received(
      self.session.frameCounts, answers: self.traffic.answers, now: { self.loop.now })
    guard case .refuse(let reason) = judgement, let context = self.context, !self.isClosing
    else { return }
    self.logger.debug("connection ended", metadata: [LogKey.reason: "\(reason.rawValue)"])
    self.terms.connectionEnded(reason)
    // The metric's word is the one that clients of gRPC know.
    self.end(code: .enhanceYourCalm, debug: reason.rawValue, context)
  }

  private func endSlowRequests() {
    guard !self.calls.isEmpty else { return }
    let now = ContinuousClock.now
    for call in self.calls.values where !call.hasRequestEnded && !call.isCounted {
      guard call.startedAt.duration(to: now) >= Duration(self.terms.limits.requestTimeout)
      else { continue }
      self.requestTimedOut(call)
    }
  }
}

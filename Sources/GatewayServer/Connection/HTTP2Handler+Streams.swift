// SPDX-License-Identifier: Apache-2.0

import GRPCWire
import HTTP2Engine
import JobWatching
import JobsAPI
import NIOCore

// Streamed calls: each is asked for an answer when there is room for one, and for the next when the
// peer's windows have let that one pass; requests are read when there is nothing left to answer.

extension HTTP2Handler {
  func open(
    _ streamID: Int32, _ method: StandardMethod, _ head: RequestHead, _ fields: RequestFields,
    _ requestID: String
  ) {
    let handler = self.bound
    let loop = self.loop
    let caller = StreamedCaller(
      requestID: requestID, access: self.connectionAccess(), authorization: fields.authorization)
    let call = self.standard.begin(method, by: caller, on: loop) {
      // From whatever thread the news comes.
      loop.execute { handler.value.newsArrived(on: streamID) }
    }
    guard let call else { return self.refuseUnknownMethod(streamID, requestID) }
    guard self.charge(MemoryBudget.bytesPerCall, of: method) == .admit else {
      return self.refuseForMemory(streamID, requestID)
    }
    let rpc = StreamedRPC(
      streamID: streamID, method: method, requestID: requestID, call: call,
      requestLimitBytes: self.limits.requestBytes, encoding: head.encoding, openedAt: self.loop.now)
    rpc.isDraining = method.endsOnDrain && self.isDraining
    self.streams[streamID] = rpc
    self.reporting.began(.standard(method))
    if let timeout = head.timeout { rpc.dueAt = self.watchDeadline(in: TimeAmount(timeout)) }
    if let refusal = self.refusal(of: method) { return self.end(rpc, refusal) }
    // It may be over before its request is read.
    self.advance(rpc)
  }

  /// Why one more call of a method that watches jobs is one too many; nil if it is not.
  private func refusal(of method: StandardMethod) -> RPCFailure? {
    guard method.isWatching, let limit = self.standard.watches?.settings.watchersPerConnection
    else { return nil }
    let open = self.streams.values.count { $0.method.isWatching && !$0.isCounted }
    return open > limit ? .tooManyWatches(limit, "watches and waits on one connection") : nil
  }

  func receivedStreamed(_ bytes: ReceivedBytes, on streamID: Int32) {
    guard let rpc = self.streams[streamID], !rpc.isCounted else {
      return self.session.consume(bytes.count, on: streamID)
    }
    guard self.charge(bytes.count, of: rpc.method) == .admit else {
      self.session.consume(bytes.count, on: streamID)
      return self.end(rpc, StatusMapping.memoryFull)
    }
    rpc.chargedBytes += bytes.count
    rpc.requestBytes += bytes.count
    switch self.session.withBytes(of: bytes, { rpc.state.receivedBytes($0) }) {
    case .look: self.advance(rpc)
    case .ignore: self.session.consume(bytes.count, on: streamID)
    }
  }

  func streamedRequestEnded(_ streamID: Int32) {
    guard let rpc = self.streams[streamID], rpc.state.receivedEnd() == .look else { return }
    rpc.isRequestWhole = true
    self.advance(rpc)
  }

  private func newsArrived(on streamID: Int32) {
    guard let rpc = self.streams[streamID] else { return }
    self.advance(rpc)
  }

  func responseDrained(on streamID: Int32) {
    guard let rpc = self.streams[streamID] else { return }
    rpc.isSending = false
    self.giveBack(rpc.sendingBytes, of: rpc)
    self.advance(rpc)
  }

  /// Says what there is to say, as far as there is room.
  private func advance(_ rpc: StreamedRPC) {
    while !rpc.isSending, !rpc.isCounted {
      switch rpc.call.nextAnswer() {
      case .message(let frame): self.send(frame, rpc)
      case .lastMessage(let frame): return self.sendLast(frame, rpc)
      case .end(let failure): return self.end(rpc, failure)
      case .wait:
        guard self.takeRequest(rpc) else { return }
      }
    }
  }

  /// - Returns: Whether the call may have something to say now.
  private func takeRequest(_ rpc: StreamedRPC) -> Bool {
    if rpc.isDraining {
      self.end(rpc, StatusMapping.connectionClosing)
      return false
    }
    var consumed = 0
    let request = rpc.state.nextRequest(consumed: &consumed)
    self.session.consume(consumed, on: rpc.streamID)
    guard self.chargeRequests(of: rpc, handedOut: request) == .admit else {
      self.end(rpc, StatusMapping.memoryFull)
      return false
    }
    switch request {
    case .message(let message):
      rpc.call.received(message)
      return true
    case .ended where !rpc.wasToldEnd:
      rpc.wasToldEnd = true
      rpc.call.requestEnded()
      return true
    case .refuse(let status):
      self.end(rpc, RPCFailure(status))
      return false
    case .wait, .ended, .ignore:
      return false
    }
  }
}

// MARK: - Answers

extension HTTP2Handler {
  private func send(_ frame: [UInt8], _ rpc: StreamedRPC) {
    self.begin(rpc)
    rpc.isSending = true
    rpc.sendingBytes = frame.count
    self.chargeAnyway(frame.count, to: rpc)
    self.traffic.answers &+= 1
    _ = self.session.push(frame, on: rpc.streamID)
    self.flushSoon()
  }

  /// Most calls say one thing and are over, and then that goes as a unary answer does.
  private func sendLast(_ frame: [UInt8], _ rpc: StreamedRPC) {
    self.chargeAnyway(frame.count, to: rpc)
    guard !rpc.hasBegun else {
      _ = self.session.push(frame, on: rpc.streamID)
      return self.end(rpc, nil)
    }
    guard rpc.state.ended() == .send else { return }
    let response = RPCResponse.message(frame, requestID: rpc.requestID, to: rpc.encoding)
    _ = self.session.submitResponse(response, on: rpc.streamID)
    self.over(rpc, nil)
  }

  private func begin(_ rpc: StreamedRPC) {
    guard !rpc.hasBegun else { return }
    rpc.hasBegun = true
    let headers = RPCResponse.streamHeaders(requestID: rpc.requestID, to: rpc.encoding)
    _ = self.session.beginResponse(headers, on: rpc.streamID)
  }

  /// Ends a call with a failure, or with OK.
  private func end(_ rpc: StreamedRPC, _ failure: RPCFailure?) {
    guard rpc.state.ended() == .send else { return }
    switch failure {
    case nil:
      self.begin(rpc)
      _ = self.session.endResponse(with: RPCResponse.okTrailers, on: rpc.streamID)
    case let failure? where rpc.hasBegun:
      // What the caller has not taken yet matters less than that it is over.
      _ = self.session.endResponse(
        with: RPCResponse.trailers(for: failure), discardingUnsent: rpc.isSending,
        on: rpc.streamID)
    case let failure?:
      var response = RPCResponse.failure(failure, requestID: rpc.requestID)
      if rpc.encoding == .gzip { RPCResponse.encode(&response, ifAbove: nil) }
      _ = self.session.submitResponse(response, on: rpc.streamID)
    }
    self.over(rpc, failure)
  }

  private func over(_ rpc: StreamedRPC, _ failure: RPCFailure?) {
    guard !rpc.isCounted else { return }
    rpc.isCounted = true
    self.traffic.answers &+= 1
    let figures = CallFigures(method: .standard(rpc.method), code: failure?.code ?? .ok)
    rpc.call.stopped(figures.code)
    self.reporting.ended(figures) {
      CallReport(
        method: figures.method, context: CallContext(requestID: rpc.requestID),
        caller: self.peerIdentity, call: rpc.call.asked, failure: failure, trace: UpstreamTrace(),
        startedAt: rpc.startedAt, endedAt: .now)
    }
    self.flushSoon()
  }

  func deadlinePassed(_ rpc: StreamedRPC) {
    self.end(
      rpc, RPCFailure(.deadlineExceeded, .deadlineExceeded, message: "the call's deadline passed"))
  }

  /// The stream is gone, so nobody waits for answers.
  func abandon(_ rpc: StreamedRPC) {
    _ = rpc.state.streamClosed()
    self.over(rpc, StatusMapping.abandoned)
    self.giveBack(rpc.chargedBytes, of: rpc)
  }

  /// Charges what is kept of the requests now. Inflated it may be more than came.
  private func chargeRequests(
    of rpc: StreamedRPC, handedOut request: StreamedCallState.OnNextRequest
  ) -> MemoryBudget.OnCharge {
    var held = rpc.state.heldBytes
    if rpc.method.requests == .one {
      // Of one message nothing is done with before the call is.
      if case .message(let message) = request { held += message.count }
      held = max(held, rpc.requestBytes)
    }
    let more = held - rpc.requestBytes
    if more > 0, self.charge(more, of: rpc.method) == .refuse { return .refuse }
    rpc.requestBytes = held
    if more < 0 { self.giveBack(-more, of: rpc) } else { rpc.chargedBytes += more }
    return .admit
  }

  /// Calls that watch jobs are charged as operations are, so that however many there are, health checks
  /// keep their part.
  private func charge(_ count: Int, of method: StandardMethod) -> MemoryBudget.OnCharge {
    method.isWatching ? self.memory.charge(count) : self.standardMemory.charge(count)
  }

  private func chargeAnyway(_ count: Int, to rpc: StreamedRPC) {
    if rpc.method.isWatching {
      self.memory.chargeAnyway(count)
    } else {
      self.standardMemory.chargeAnyway(count)
    }
    rpc.chargedBytes += count
  }

  private func giveBack(_ count: Int, of rpc: StreamedRPC) {
    if rpc.method.isWatching {
      self.memory.giveBack(count)
    } else {
      self.standardMemory.giveBack(count)
    }
    rpc.chargedBytes -= count
  }

  /// Ends calls whose one message had its time to come in. A caller may wait as it likes between
  /// messages of which it may send many.
  func endSlowStreamedRequests() {
    let (now, timeout) = (self.loop.now, self.terms.limits.requestTimeout)
    for rpc in self.streams.values where rpc.method.requests == .one && !rpc.isRequestWhole {
      if now - rpc.openedAt >= timeout { self.end(rpc, StatusMapping.requestTimedOut) }
    }
  }

  /// Calls without an end of their own say what they still have to say and end.
  func drainStreams() {
    for rpc in self.streams.values where rpc.method.endsOnDrain && !rpc.isCounted {
      rpc.isDraining = true
      if rpc.isSending { self.end(rpc, StatusMapping.connectionClosing) } else { self.advance(rpc) }
    }
  }
}

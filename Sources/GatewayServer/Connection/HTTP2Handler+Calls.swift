// SPDX-License-Identifier: Apache-2.0

import GRPCWire
import HTTP2Engine
import JobsAPI
import NIOCore

// Unary calls: bytes fill the request, its end starts the call, the outcome answers the stream.

extension HTTP2Handler {
  func open(
    _ streamID: Int32, _ operation: JobsOperation, _ head: RequestHead, _ fields: RequestFields,
    _ requestID: String
  ) {
    let now = ContinuousClock.now
    var context = CallContext(
      requestID: requestID, deadline: head.timeout.map { now.advanced(by: $0) })
    context.cacheControl = fields.cacheControl
    context.traceparent = fields.traceparent
    context.tracestate = fields.tracestate
    self.reporting.trace(operation, in: &context, startedAt: now)
    let call = RPC(
      streamID: streamID, operation: operation, context: context, head: head, startedAt: now,
      requestLimitBytes: self.limits.requestBytes)
    self.calls[streamID] = call
    if let timeout = head.timeout { self.watchDeadline(of: call, in: TimeAmount(timeout)) }
    self.reporting.began(.operation(operation))
    if let failure = self.identify(call, by: fields.authorization) {
      if call.state.answered() == .send { self.answer(call, failure) }
    } else if head.timeout == .zero {
      // The rest of the request may be here before the timer is asked.
      self.deadlinePassed(call)
    }
  }

  func received(_ bytes: ReceivedBytes, for call: RPC) {
    guard !call.isCounted else { return }
    guard self.memory.charge(bytes.count) == .admit else {
      guard call.state.answered() == .send else { return }
      return self.answer(call, StatusMapping.memoryFull)
    }
    call.chargedBytes += bytes.count
    let answer = self.session.withBytes(of: bytes) { call.state.receivedBytes($0) }
    if case .refuse(let status) = answer { return self.answer(call, RPCFailure(status)) }
    guard call.encoding == .gzip, self.chargeInflated(call) == .refuse else { return }
    guard call.state.answered() == .send else { return }
    self.answer(call, StatusMapping.memoryFull)
  }

  /// Charges what a message takes beyond the bytes that it came in.
  private func chargeInflated(_ call: RPC) -> MemoryBudget.OnCharge {
    let more = call.state.heldBytes - (call.chargedBytes - MemoryBudget.bytesPerCall)
    guard more > 0 else { return .admit }
    guard self.memory.charge(more) == .admit else { return .refuse }
    call.chargedBytes += more
    return .admit
  }

  func requestEnded(_ call: RPC) {
    call.hasRequestEnded = true
    switch call.state.receivedEnd() {
    case .ignore: break
    case .refuse(let status): self.answer(call, RPCFailure(status))
    case .dispatch(let message): self.dispatch(call, message)
    }
  }

  private func dispatch(_ rpc: RPC, _ message: [UInt8]) {
    let call: JobsCall
    do {
      call = try JobsCall(rpc.operation, wire: message.span)
    } catch {
      guard rpc.state.answered() == .send else { return }
      return self.answer(rpc, RPCFailure(error))
    }
    if let failure = rpc.access?.authorize(call) {
      rpc.call = call
      guard rpc.state.answered() == .send else { return }
      return self.answer(rpc, failure)
    }
    if let outcome = self.service.outcomeAtHand(of: call, in: rpc.context) {
      return self.callEnded(rpc, call, outcome)
    }
    let streamID = rpc.streamID
    // Reset in the same flight ("rapid reset"): nothing is begun that is to be stopped at once.
    guard self.session.isOpen(streamID) else { return }
    // Whatever ends the call from now on, its report can tell what was asked.
    rpc.call = call
    let handler = self.bound
    let task = self.service.start(call, in: rpc.context) { outcome in
      // A call whose stream is gone was counted when the stream went.
      guard let rpc = handler.value.calls[streamID] else { return }
      handler.value.callEnded(rpc, call, outcome)
    }
    // An answer that came at once leaves nothing to cancel.
    if !rpc.isCounted { rpc.task = task }
  }
}

// MARK: - Outcomes

extension HTTP2Handler {
  private func callEnded(_ rpc: RPC, _ call: JobsCall, _ outcome: consuming RPCOutcome) {
    guard rpc.state.answered() == .send else { return }
    switch consume outcome {
    case .reply(let reply):
      let response = RPCResponse.reply(reply, requestID: rpc.context.requestID)
      self.submit(response, to: rpc)
      self.report(rpc, call, nil, reply.trace)
    case .failure(let failure):
      rpc.call = call
      self.answer(rpc, StatusMapping.failure(for: failure, of: call))
    }
  }

  func deadlinePassed(_ rpc: RPC) {
    switch rpc.state.deadlinePassed() {
    case .ignore: break
    case .refuse:
      self.answer(rpc, StatusMapping.deadlinePassed(rpc.operation, mayHaveBeenApplied: false))
    case .cancelAndRefuse:
      rpc.task?.cancel()
      self.answer(rpc, StatusMapping.deadlinePassed(rpc.operation, mayHaveBeenApplied: true))
    }
  }

  /// The request had its time to come in.
  func requestTimedOut(_ rpc: RPC) {
    guard rpc.state.answered() == .send else { return }
    self.answer(rpc, StatusMapping.requestTimedOut)
  }

  /// The stream is gone, so nobody waits for the outcome.
  func abandon(_ rpc: RPC) {
    if rpc.state.streamClosed() == .cancel { rpc.task?.cancel() }
    if !rpc.isCounted { self.report(rpc, rpc.call, StatusMapping.abandoned, UpstreamTrace()) }
    self.memory.giveBack(rpc.chargedBytes)
  }

  private func answer(_ rpc: RPC, _ failure: RPCFailure) {
    self.submit(RPCResponse.failure(failure, requestID: rpc.context.requestID), to: rpc)
    self.report(rpc, rpc.call, failure, failure.trace)
  }

  private func submit(_ response: consuming HTTP2Response, to rpc: RPC) {
    if rpc.encoding == .gzip {
      let limit = rpc.answerEncoding == .gzip ? self.limits.compressAboveBytes : nil
      RPCResponse.encode(&response, ifAbove: limit)
    }
    self.memory.chargeAnyway(response.body.count)
    rpc.chargedBytes += response.body.count
    _ = self.session.submitResponse(response, on: rpc.streamID)
    self.traffic.answers &+= 1
    self.flushSoon()
  }

  private func report(
    _ rpc: RPC, _ call: JobsCall?, _ failure: RPCFailure?, _ trace: UpstreamTrace
  ) {
    guard !rpc.isCounted else { return }
    rpc.isCounted = true
    rpc.access?.ended(failure?.code ?? .ok, requestID: rpc.context.requestID)
    rpc.task = nil
    let endedAt = ContinuousClock.now
    let figures = CallFigures(
      method: .operation(rpc.operation), code: failure?.code ?? .ok,
      total: rpc.startedAt.duration(to: endedAt), stages: trace.stages, span: rpc.context.span)
    self.reporting.ended(figures) {
      CallReport(
        method: figures.method, context: rpc.context,
        caller: rpc.access?.caller.identity ?? self.peerIdentity, call: call, failure: failure,
        trace: trace, startedAt: rpc.startedAt, endedAt: endedAt)
    }
  }
}

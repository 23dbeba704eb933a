// SPDX-License-Identifier: Apache-2.0

import GRPCWire
import HTTP2Engine
import JobsAPI
import Logging
import NIOCore
import Telemetry

// What the events of a session mean to the calls on it: headers open a call, bytes fill its
// request, the end of the request starts it, its outcome answers the stream.

extension HTTP2Handler {
  /// Handles everything the session has to tell.
  func handleEvents() {
    while let event = self.session.nextEvent() {
      switch event {
      case .requestHeaders(let streamID, let fields, let endStream):
        self.streamOpened(streamID, RequestFields(fields))
        if endStream { self.requestEnded(streamID) }
      case .requestHeadersTooLarge(let streamID, let fields, _):
        self.streamOpenedTooLarge(streamID, RequestFields(fields))
      case .data(let streamID, let bytes):
        self.received(bytes, on: streamID)
      case .requestEnded(let streamID):
        self.requestEnded(streamID)
      case .streamClosed(let streamID, _):
        if let call = self.calls.removeValue(forKey: streamID) { self.abandon(call) }
      case .shutdownNoticeAcknowledged:
        self.finishDrain()
      case .goAwayReceived:
        break  // Its open streams are served; the session knows when it is finished.
      }
    }
  }

  private func streamOpened(_ streamID: Int32, _ fields: RequestFields) {
    let requestID = self.requestIDs.id(offered: fields.requestID, streamID: streamID)
    switch RequestHead.read(fields.head) {
    case .accept(let head):
      guard let operation = JobsOperation(path: head) else {
        let failure = RPCFailure(.unimplemented, .unimplemented, message: "unknown method")
        return self.refuse(streamID, RPCResponse.failure(failure, requestID: requestID), failure)
      }
      self.open(streamID, operation, head, fields, requestID)
    case .reject(let rejection):
      self.reject(streamID, rejection)
    case .refuse(let status):
      let failure = RPCFailure(status)
      self.refuse(streamID, RPCResponse.failure(failure, requestID: requestID), failure)
    case .refuseEncoding(let status):
      let failure = RPCFailure(status)
      self.refuse(streamID, RPCResponse.encodingRefused(failure, requestID: requestID), failure)
    }
  }

  /// A gRPC client is told in its own terms; what is no gRPC by an HTTP status.
  private func streamOpenedTooLarge(_ streamID: Int32, _ fields: RequestFields) {
    if case .reject = RequestHead.read(fields.head) {
      return self.reject(streamID, .headersTooLarge)
    }
    let failure = RPCFailure(
      .resourceExhausted, .headersTooLarge, message: "the request's metadata is over the limit")
    let requestID = self.requestIDs.id(streamID: streamID)
    self.refuse(streamID, RPCResponse.failure(failure, requestID: requestID), failure)
  }

  private func open(
    _ streamID: Int32, _ operation: JobsOperation, _ head: RequestHead, _ fields: RequestFields,
    _ requestID: String
  ) {
    let now = ContinuousClock.now
    var context = CallContext(
      requestID: requestID, deadline: head.timeout.map { now.advanced(by: $0) })
    context.cacheControl = fields.cacheControl
    context.traceparent = fields.traceparent
    context.tracestate = fields.tracestate
    let call = RPC(
      streamID: streamID, operation: operation, context: context, startedAt: now,
      requestLimitBytes: self.limits.requestBytes)
    self.calls[streamID] = call
    if let timeout = head.timeout { self.watchDeadline(of: call, in: TimeAmount(timeout)) }
    self.metrics.callBegan(operation)
  }

  private func received(_ bytes: ReceivedBytes, on streamID: Int32) {
    // What is buffered is bounded by the message limit, so the window opens again at once.
    defer { self.session.consume(bytes.count, on: streamID) }
    guard let call = self.calls[streamID] else { return }
    let answer = self.session.withBytes(of: bytes) { call.state.receivedBytes($0) }
    if case .refuse(let status) = answer { self.answer(call, RPCFailure(status)) }
  }

  private func requestEnded(_ streamID: Int32) {
    guard let call = self.calls[streamID] else { return }
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
    if let outcome = self.service.outcomeAtHand(of: call, in: rpc.context) {
      return self.callEnded(rpc, call, outcome)
    }
    let streamID = rpc.streamID
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
      self.finish(rpc, .ok, RPCResponse.reply(reply, requestID: rpc.context.requestID))
    case .failure(let failure):
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

  /// The stream is gone, so nobody waits for the outcome.
  func abandon(_ rpc: RPC) {
    if rpc.state.streamClosed() == .cancel { rpc.task?.cancel() }
    self.count(rpc, .cancelled)
  }

  private func answer(_ rpc: RPC, _ failure: RPCFailure) {
    self.log(failure, of: rpc)
    let response = RPCResponse.failure(failure, requestID: rpc.context.requestID)
    self.finish(rpc, failure.code, response)
  }

  private func finish(_ rpc: RPC, _ code: GRPCStatusCode, _ response: HTTP2Response) {
    _ = self.session.submitResponse(response, on: rpc.streamID)
    self.count(rpc, code)
    self.flushSoon()
  }

  private func count(_ rpc: RPC, _ code: GRPCStatusCode) {
    guard !rpc.isCounted else { return }
    rpc.isCounted = true
    rpc.task = nil
    self.metrics.callEnded(rpc.operation, code: code, after: rpc.startedAt.duration(to: .now))
  }

  /// Answers a stream that never became a call.
  private func refuse(_ streamID: Int32, _ response: HTTP2Response, _ failure: RPCFailure) {
    _ = self.session.submitResponse(response, on: streamID)
    self.metrics.callRefused(code: failure.code)
    self.flushSoon()
  }

  private func reject(_ streamID: Int32, _ rejection: HTTPRejection) {
    _ = self.session.submitResponse(RPCResponse.rejection(rejection), on: streamID)
    // What a gRPC client makes of such a status (http-grpc-status-mapping.md of grpc/grpc).
    self.metrics.callRefused(code: .unknown)
    self.flushSoon()
  }

  /// A failure that an operator can do something about is worth a line; a caller's own mistake is
  /// worth one only to those who look for it, and so is the miss of one that wanted no more.
  private func log(_ failure: RPCFailure, of rpc: RPC) {
    let level: Logger.Level =
      switch (failure.code, failure.reason) {
      case (_, .notCached): .debug
      case (.internal, _), (.unavailable, _), (.unknown, _), (.permissionDenied, _): .warning
      default: .debug
      }
    self.logger.log(
      level: level, "call failed",
      metadata: [
        LogKey.method: "\(rpc.operation.rawValue)", LogKey.grpcCode: "\(failure.code.name)",
        LogKey.reason: "\(failure.reason.rawValue)", LogKey.error: "\(failure.message)",
        LogKey.requestID: "\(rpc.context.requestID)",
      ])
  }
}

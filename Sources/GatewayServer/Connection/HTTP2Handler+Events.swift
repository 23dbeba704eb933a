// SPDX-License-Identifier: Apache-2.0

import GRPCWire
import HTTP2Engine
import JobsAPI

// What the events of a session mean: headers open a call of one of the two kinds, unary ones in
// `calls` and streamed ones in `streams`; what else happens on the stream is that call's.

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
        self.streamClosed(streamID)
      case .responseDrained(let streamID):
        self.responseDrained(on: streamID)
      case .shutdownNoticeAcknowledged:
        self.finishDrain()
      case .goAwayReceived:
        break  // Its open streams are served; the session knows when it is finished.
      }
    }
  }

  private func streamOpened(_ streamID: Int32, _ fields: RequestFields) {
    self.traffic.streamsOpened &+= 1
    let requestID = self.requestIDs.id(offered: fields.requestID, streamID: streamID)
    switch RequestHead.read(fields.head) {
    case .accept(let head):
      if let operation = JobsOperation(path: head) {
        guard self.memory.charge(MemoryBudget.bytesPerCall) == .admit else {
          return self.refuseForMemory(streamID, requestID)
        }
        self.open(streamID, operation, head, fields, requestID)
      } else if let method = StandardMethod(path: head) {
        self.open(streamID, method, head, fields, requestID)
      } else {
        self.refuseUnknownMethod(streamID, requestID)
      }
    case .reject(let rejection):
      self.reject(streamID, requestID, rejection)
    case .refuse(let status):
      let failure = RPCFailure(status)
      self.refuse(streamID, requestID, RPCResponse.failure(failure, requestID: requestID), failure)
    case .refuseEncoding(let status):
      let failure = RPCFailure(status)
      self.refuse(
        streamID, requestID, RPCResponse.encodingRefused(failure, requestID: requestID), failure)
    }
  }

  /// A gRPC client is told in its own terms; what is no gRPC by an HTTP status.
  private func streamOpenedTooLarge(_ streamID: Int32, _ fields: RequestFields) {
    self.traffic.streamsOpened &+= 1
    let requestID = self.requestIDs.id(streamID: streamID)
    if case .reject = RequestHead.read(fields.head) {
      return self.reject(streamID, requestID, .headersTooLarge)
    }
    let failure = RPCFailure(
      .resourceExhausted, .headersTooLarge, message: "the request's metadata is over the limit")
    self.refuse(streamID, requestID, RPCResponse.failure(failure, requestID: requestID), failure)
  }

  private func received(_ bytes: ReceivedBytes, on streamID: Int32) {
    guard let call = self.calls[streamID] else { return self.receivedStreamed(bytes, on: streamID) }
    // What is buffered is bounded by the message limit, so the window opens again at once.
    defer { self.session.consume(bytes.count, on: streamID) }
    self.received(bytes, for: call)
  }

  private func requestEnded(_ streamID: Int32) {
    guard let call = self.calls[streamID] else { return self.streamedRequestEnded(streamID) }
    self.requestEnded(call)
  }

  private func streamClosed(_ streamID: Int32) {
    if let call = self.calls.removeValue(forKey: streamID) { return self.abandon(call) }
    if let rpc = self.streams.removeValue(forKey: streamID) { self.abandon(rpc) }
  }

  // MARK: Refusals

  func refuseUnknownMethod(_ streamID: Int32, _ requestID: String) {
    let failure = RPCFailure(.unimplemented, .unimplemented, message: "unknown method")
    self.refuse(streamID, requestID, RPCResponse.failure(failure, requestID: requestID), failure)
  }

  func refuseForMemory(_ streamID: Int32, _ requestID: String) {
    let failure = StatusMapping.memoryFull
    self.refuse(streamID, requestID, RPCResponse.failure(failure, requestID: requestID), failure)
  }

  /// Answers a stream that never became a call.
  private func refuse(
    _ streamID: Int32, _ requestID: String, _ response: HTTP2Response, _ failure: RPCFailure
  ) {
    _ = self.session.submitResponse(response, on: streamID)
    self.traffic.answers &+= 1
    self.report(requestID, failure)
    self.flushSoon()
  }

  private func reject(_ streamID: Int32, _ requestID: String, _ rejection: HTTPRejection) {
    _ = self.session.submitResponse(RPCResponse.rejection(rejection), on: streamID)
    // What a gRPC client makes of such a status (http-grpc-status-mapping.md of grpc/grpc).
    self.report(
      requestID, RPCFailure(.unknown, .malformedRequest, message: "the request is no gRPC call"))
    self.flushSoon()
  }

  private func report(_ requestID: String, _ failure: RPCFailure) {
    let now = ContinuousClock.now
    self.reporting.ended(CallFigures(method: .unknown, code: failure.code)) {
      CallReport(
        method: .unknown, context: CallContext(requestID: requestID), caller: self.peerIdentity,
        call: nil, failure: failure, trace: UpstreamTrace(), startedAt: now, endedAt: now)
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

import GatewayServer
import JobsAPI
import NIOHTTP1
import RESTServer

extension CallContext {
  /// Twice what version 00 takes (Trace Context §3.2): later ones may be longer.
  private static let traceparentLimit = 128
  /// The most bytes of `tracestate` that are kept. Trace Context §3.3 asks for 512 at least.
  private static let tracestateLimit = 512

  /// What a request's headers say of the call besides its arguments; the same as metadata of gRPC
  /// does. It has no deadline: AWS's clients tell none.
  init(of request: ServerRequest) {
    self.init(requestID: request.id)
    var states: [String] = []
    for (name, value) in request.headers {
      switch name.utf8.count {
      case 10 where name.lowercased() == "tracestate": states.append(value)
      case 11 where name.lowercased() == "traceparent":
        self.traceparent = value.utf8.count <= Self.traceparentLimit ? value : nil
      case 12 where name.lowercased() == "x-request-id":
        if RequestIDs.isPlain(value.utf8) { self.requestID = value }
      case 13 where name.lowercased() == "cache-control":
        self.cacheControl.add(fieldValue: Array(value.utf8)[...])
      default: break
      }
    }
    // Several lines are one list (RFC 9110 §5.3); half of one would mean something else.
    let state = states.filter { !$0.isEmpty }.joined(separator: ",")
    if !state.isEmpty, state.utf8.count <= Self.tracestateLimit { self.tracestate = state }
  }
}

extension ServerResponse {
  /// Adds what is told of every call, answered or not; see Callers.md.
  mutating func describe(_ context: CallContext, _ trace: UpstreamTrace) {
    self.headers.append(.init(name: "x-request-id", value: context.requestID))
    if let cache = trace.cache {
      self.headers.append(.init(name: "x-cache", value: cache.outcome.rawValue))
      if let age = cache.ageSeconds { self.headers.append(.init(name: "Age", value: "\(age)")) }
    }
    if trace.attempts > 0 {
      self.headers.append(.init(name: "x-gateway-attempts", value: "\(trace.attempts)"))
    }
    if trace.isReplayed {
      self.headers.append(.init(name: "x-gateway-replayed", value: "true"))
    }
    // What AWS sends is bounded by its parser only.
    if let id = trace.awsRequestID { self.requestID = RequestIDs.isPlain(id.utf8) ? id : nil }
  }
}

// SPDX-License-Identifier: Apache-2.0

import Authorization
import GRPCWire
import JobsAPI
import Logging
import Telemetry

extension CallReport {
  /// What a call's line says of every call. Documents, details of status and tokens are no part of a
  /// report's words, and so of no line.
  var logMetadata: Logger.Metadata {
    var metadata: Logger.Metadata = [
      LogKey.method: "\(self.method.name)", LogKey.grpcCode: "\(self.code.name)",
      LogKey.requestID: "\(self.context.requestID)",
      LogKey.totalMilliseconds: "\(MillisecondsText(self.total))",
    ]
    if let status = self.httpStatus { metadata[LogKey.httpStatus] = "\(status)" }
    if let call = self.call {
      metadata[LogKey.thing] = "\(call.thingName)"
      if let job = call.jobID { metadata[LogKey.job] = "\(job)" }
    }
    if let span = self.context.span { metadata[LogKey.traceID] = "\(span.context.traceID)" }
    if let name = self.caller.names.first { metadata[LogKey.caller] = "\(name)" }
    if case .operation = self.method { self.add(self.trace, to: &metadata) }
    return metadata
  }

  private func add(_ trace: UpstreamTrace, to metadata: inout Logger.Metadata) {
    // Of a call that nobody waits for any more it is not known.
    if trace.attempts > 0 || trace.cache != nil {
      metadata[LogKey.attempts] = "\(trace.attempts)"
    }
    // What AWS sends is bounded by its parser only.
    if let requestID = trace.awsRequestID, RequestIDs.isPlain(requestID.utf8) {
      metadata[LogKey.awsRequestID] = "\(requestID)"
    }
    if let cache = trace.cache { metadata[LogKey.cache] = "\(cache.outcome.rawValue)" }
    if trace.isReplayed { metadata[LogKey.replayed] = "true" }
    for stage in StageTimes.Stage.allCases where trace.stages[stage] > 0 {
      metadata[stage.logKey] = "\(MillisecondsText(microseconds: UInt64(trace.stages[stage])))"
    }
  }
}

extension FailureKind {
  /// What an operator can do something about is a warning. A caller's own mistake is none; the miss
  /// of one that wanted no more, and the usual end of a call that lasts, are no failures at all.
  var level: Logger.Level {
    if case .standard = self.method, self.reason == .draining || self.reason == .cancelled {
      return .debug
    }
    return switch (self.code, self.reason) {
    case (_, .notCached): .debug
    case (_, .policyDenied), (_, .malformedRequest): .info
    case (.internal, _), (.unavailable, _), (.unknown, _), (.permissionDenied, _): .warning
    default: .info
    }
  }
}

extension StageTimes.Stage {
  fileprivate var logKey: String {
    switch self {
    case .limiter: LogKey.limiterMilliseconds
    case .queue: LogKey.queueMilliseconds
    case .sign: LogKey.signMilliseconds
    case .firstByte: LogKey.firstByteMilliseconds
    case .transfer: LogKey.transferMilliseconds
    case .backoff: LogKey.backoffMilliseconds
    case .coalesced: LogKey.coalescedMilliseconds
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

import GRPCWire
package import JobsAPI

/// The one table from failures to gRPC codes.
///
/// Two principles decide the rows. A write that may have been applied is UNKNOWN and must not be
/// repeated, so that UNAVAILABLE on a write always means: surely not applied. And what is wrong
/// with the gateway's own identity or clock is never UNAUTHENTICATED, which would send the caller
/// to renew credentials of its own.
package enum StatusMapping {
  /// Suggested waits when AWS names none: a second after throttling, since a whole fleet shares
  /// the account's quota, and half of that after a hiccup.
  static let throttledDelayMilliseconds: Int64 = 1_000
  static let unavailableDelayMilliseconds: Int64 = 500

  /// What a call is told that began too late, or that would never end by itself.
  static let draining = RPCFailure(
    .unavailable, .draining, message: "this gateway is shutting down", retry: .elsewhere)

  /// What a call is told when no more can be kept in memory. Nothing of it was carried out.
  static let memoryFull = RPCFailure(
    .unavailable, .overloaded,
    message: "this gateway, or this connection of it, holds as many requests and answers as its "
      + "memory limit allows",
    retry: .after(milliseconds: throttledDelayMilliseconds))

  /// What a call without an end of its own is told when its connection takes no more: the gateway
  /// shuts down, or the connection has reached its age.
  static let connectionClosing = RPCFailure(
    .unavailable, .draining, message: "this connection is closing; call again on another",
    retry: .elsewhere)

  /// What nobody is told: the caller went away.
  static let abandoned = RPCFailure(.cancelled, .cancelled, message: "the caller went away")

  /// What a call is told whose message does not come in.
  static let requestTimedOut = RPCFailure(
    .deadlineExceeded, .timeout, message: "the request was not sent to its end in time")

  /// - Parameter call: decides between reads and writes, and lends its expected version.
  package static func failure(for failure: JobsFailure, of call: JobsCall) -> RPCFailure {
    var mapped =
      switch failure.cause {
      case .refused(let refusal): Self.refused(refusal, call)
      case .overtaken(let state): Self.overtaken(by: state, call)
      case .deadlineExceeded(let mayHaveBeenApplied):
        Self.deadlinePassed(call.operation, mayHaveBeenApplied: mayHaveBeenApplied)
      case .cancelled(let mayHaveBeenApplied):
        Self.ended(.cancelled, .cancelled, call.operation, mayHaveBeenApplied)
      default: Self.failedHere(failure.cause, call)
      }
    mapped.precondition = Self.precondition(of: mapped, call)
    mapped.trace = failure.trace
    mapped.facts.append(.init(name: "operation", value: call.operation.rawValue))
    if let requestID = failure.trace.awsRequestID {
      mapped.facts.append(.init(name: "awsRequestId", value: requestID))
    }
    return mapped
  }

  // MARK: AWS refused

  private static func refused(_ refusal: AWSRefusal, _ call: JobsCall) -> RPCFailure {
    let (code, reason, retry) = Self.row(refusal, call)
    var message = refusal.message.isEmpty ? refusal.name : refusal.message
    if reason == .outcomeUnknown { message += Self.outcomeWords }
    var failure = RPCFailure(code, reason, .aws, message: message, retry: retry)
    failure.executionState = refusal.executionState
    failure.facts = [
      .init(name: "awsErrorCode", value: refusal.name),
      .init(name: "httpStatus", value: "\(refusal.httpStatus)"),
    ]
    switch refusal.kind {
    case .throttled: failure.quotaSubject = "account:\(call.operation.kind.plural)"
    case .quotaExceeded: failure.quotaSubject = "account"
    default: break
    }
    if refusal.kind == .versionMismatch {
      failure.facts += Self.versions(refusal.executionState, call)
    }
    return failure
  }

  /// AWS would have refused the update with these, had its refusal been seen.
  private static func overtaken(by state: JobExecutionState, _ call: JobsCall) -> RPCFailure {
    let message = "another update was applied before this one, which was not"
    var failure =
      call.expectedVersion == nil
      ? RPCFailure(.failedPrecondition, .invalidStateTransition, message: message)
      : RPCFailure(.aborted, .versionMismatch, message: message)
    failure.executionState = state
    if call.expectedVersion != nil { failure.facts = Self.versions(state, call) }
    return failure
  }

  private static func versions(
    _ state: JobExecutionState?, _ call: JobsCall
  ) -> [RPCFailure.Fact] {
    let versions = [
      ("expectedVersion", call.expectedVersion),
      ("currentVersion", state?.versionNumber),
    ]
    return versions.compactMap { name, value in
      value.map { RPCFailure.Fact(name: name, value: "\($0)") }
    }
  }

  private static func row(
    _ refusal: AWSRefusal, _ call: JobsCall
  ) -> (GRPCStatusCode, FailureReason, RetryHint) {
    let unavailable = RetryHint.after(
      milliseconds: refusal.retryAfterMilliseconds ?? Self.unavailableDelayMilliseconds)
    switch refusal.kind {
    case .invalidRequest: return (.invalidArgument, .invalidRequest, .unspecified)
    case .resourceNotFound: return (.notFound, .resourceNotFound, .unspecified)
    case .terminalState: return (.failedPrecondition, .terminalState, .unspecified)
    case .invalidStateTransition:
      return (.failedPrecondition, .invalidStateTransition, .unspecified)
    case .versionMismatch: return (.aborted, .versionMismatch, .unspecified)
    case .conflict: return (.alreadyExists, .conflict, .unspecified)
    case .quotaExceeded: return (.resourceExhausted, .quotaExceeded, .unspecified)
    case .throttled:
      let delay = refusal.retryAfterMilliseconds ?? Self.throttledDelayMilliseconds
      return (.resourceExhausted, .throttled, .after(milliseconds: delay))
    case .serviceUnavailable: return (.unavailable, .serviceUnavailable, unavailable)
    case .internalFailure:
      return Self.unlessWrite(call, (.unavailable, .internalFailure, unavailable))
    case .requestTimeout: return Self.unlessWrite(call, (.unavailable, .timeout, unavailable))
    case .accessDenied: return (.permissionDenied, .accessDenied, .unspecified)
    case .invalidEndpoint: return (.permissionDenied, .invalidEndpoint, .unspecified)
    case .credentialsExpired: return (.unavailable, .credentialsExpired, unavailable)
    case .signingFailed: return (.internal, .signingFailed, .unspecified)
    case .clockSkew: return (.internal, .clockSkew, .unspecified)
    case .certificate: return (.internal, .certificate, .unspecified)
    case .wrongEndpoint: return (.internal, .wrongEndpoint, .unspecified)
    case .unknown: return Self.rowByStatus(refusal, call, unavailable)
    }
  }

  /// For names that nobody knows, the HTTP status decides.
  private static func rowByStatus(
    _ refusal: AWSRefusal, _ call: JobsCall, _ unavailable: RetryHint
  ) -> (GRPCStatusCode, FailureReason, RetryHint) {
    let code: GRPCStatusCode
    switch refusal.httpStatus {
    case ..<300: return Self.unlessWrite(call, (.internal, .unknownAWSError, .unspecified))
    case 400, 413: code = .invalidArgument
    case 401, 403: code = .permissionDenied
    case 404: code = .notFound
    case 409: code = .aborted
    case 429:
      let delay = refusal.retryAfterMilliseconds ?? Self.throttledDelayMilliseconds
      return (.resourceExhausted, .unknownAWSError, .after(milliseconds: delay))
    case 408:
      return Self.unlessWrite(call, (.unavailable, .unknownAWSError, unavailable))
    case 410, 412, 400..<500: code = .failedPrecondition
    case 503: return (.unavailable, .unknownAWSError, unavailable)
    case 502, 504:
      // Without a name they come from a proxy on the way, not from AWS's logic.
      let reason: FailureReason =
        refusal.isNamed ? .unknownAWSError : .serviceUnavailable
      return Self.unlessWrite(call, (.unavailable, reason, unavailable))
    case 500...: return Self.unlessWrite(call, (.unavailable, .unknownAWSError, unavailable))
    default: code = .internal
    }
    return (code, .unknownAWSError, .unspecified)
  }

  /// A write that ends like this may have been applied.
  private static func unlessWrite(
    _ call: JobsCall, _ read: (GRPCStatusCode, FailureReason, RetryHint)
  ) -> (GRPCStatusCode, FailureReason, RetryHint) {
    call.operation.isWrite ? (.unknown, .outcomeUnknown, .never) : read
  }

  // MARK: Failed here

  private static func limited(
    _ reason: FailureReason, _ subject: String, _ message: String, _ milliseconds: Int64
  ) -> RPCFailure {
    var failure = RPCFailure(
      .resourceExhausted, reason, message: message, retry: .after(milliseconds: milliseconds))
    failure.quotaSubject = subject
    return failure
  }

  private static func failedHere(_ cause: JobsFailure.Cause, _ call: JobsCall) -> RPCFailure {
    let later = RetryHint.after(milliseconds: Self.unavailableDelayMilliseconds)
    switch cause {
    case .invalid(let violations):
      return Self.invalid(violations)
    case .malformedResponse(let detail):
      if call.operation.isWrite { return Self.outcomeUnknown("AWS's answer is unreadable", detail) }
      return RPCFailure(
        .internal, .malformedResponse, message: "AWS's answer is unreadable: \(detail)")
    case .unreachable(let detail):
      return RPCFailure(
        .unavailable, .connection, message: "AWS cannot be reached: \(detail)", retry: later)
    case .interrupted(let detail):
      if call.operation.isWrite { return Self.outcomeUnknown("the answer was cut off", detail) }
      return RPCFailure(
        .unavailable, .connection, message: "the answer was cut off: \(detail)", retry: later)
    case .attemptTimedOut(let requestSent):
      if call.operation.isWrite && requestSent {
        return Self.outcomeUnknown("AWS did not answer in time", nil)
      }
      return RPCFailure(
        .unavailable, .timeout, message: "AWS did not answer in time", retry: later)
    case .draining: return Self.draining
    case .thingLimited(let kind, let milliseconds):
      return Self.limited(
        .thingRateLimited, "thing:\(call.thingName)",
        "the thing's limit of \(kind.plural) is used up", milliseconds)
    case .budgetExhausted(let kind, let milliseconds):
      return Self.limited(
        .budgetExhausted, "account:\(kind.plural)",
        "the account's budget of \(kind.plural) is used up", milliseconds)
    case .circuitOpen(let milliseconds):
      return RPCFailure(
        .unavailable, .circuitOpen, message: "AWS has failed too often, and is left alone for now",
        retry: .after(milliseconds: milliseconds))
    case .notCached:
      return RPCFailure(.unavailable, .notCached, message: "no stored answer is fresh enough")
    case .overloaded(let detail):
      return RPCFailure(.unavailable, .overloaded, message: detail, retry: later)
    case .endpointUnknown(let detail):
      return RPCFailure(
        .unavailable, .endpointUnknown, message: "AWS's endpoint is not known yet: \(detail)",
        retry: later)
    case .credentialsUnavailable(let detail):
      return RPCFailure(
        .unavailable, .credentialsUnavailable, message: "no AWS credentials: \(detail)",
        retry: later)
    case .refused, .overtaken, .deadlineExceeded, .cancelled:
      // Told apart by the caller; said again so that the table is total.
      return RPCFailure(.internal, .internalFailure, message: "no answer")
    }
  }

  package static func invalid(_ violations: [FieldViolation]) -> RPCFailure {
    let first = violations.first.map { "\($0.field): \($0.rule)" } ?? "the request is not valid"
    let rest = violations.count > 1 ? " (and \(violations.count - 1) more)" : ""
    var failure = RPCFailure(.invalidArgument, .invalidField, message: first + rest)
    failure.violations = violations
    return failure
  }

  private static let outcomeWords = "; the write may have been applied, read before repeating"

  private static func outcomeUnknown(_ what: String, _ detail: String?) -> RPCFailure {
    let tail = detail.map { ": \($0)" } ?? ""
    return RPCFailure(
      .unknown, .outcomeUnknown,
      message: what + Self.outcomeWords + tail,
      retry: .never)
  }

  /// The caller's deadline passed, here or in the backend.
  package static func deadlinePassed(
    _ operation: JobsOperation, mayHaveBeenApplied: Bool
  ) -> RPCFailure {
    Self.ended(.deadlineExceeded, .deadlineExceeded, operation, mayHaveBeenApplied)
  }

  private static func ended(
    _ code: GRPCStatusCode, _ reason: FailureReason, _ operation: JobsOperation,
    _ mayHaveBeenApplied: Bool
  ) -> RPCFailure {
    let what = code == .deadlineExceeded ? "the deadline passed" : "the call was cancelled"
    guard operation.isWrite else { return RPCFailure(code, reason, message: what) }
    let outcome = mayHaveBeenApplied ? "may have been applied" : "was not applied"
    return RPCFailure(code, reason, message: "\(what); the write \(outcome)")
  }
}

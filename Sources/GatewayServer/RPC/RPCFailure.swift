// SPDX-License-Identifier: Apache-2.0

package import GRPCWire
package import JobsAPI

/// What a caller is told when its call has no answer.
///
/// The caller can tell from the code alone whether to mend the request, to read again and decide,
/// to wait and repeat, or to call an operator; the details carry the exact facts.
package struct RPCFailure: Error, Equatable, Sendable {
  package var code: GRPCStatusCode
  package var message: String
  /// `ErrorInfo.reason`.
  package var reason: FailureReason
  /// `ErrorInfo.domain`: whose refusal this is.
  package var domain: FailureDomain
  package var retry: RetryHint
  /// `ErrorInfo.metadata`, in a fixed order.
  package var facts: [Fact]
  package var violations: [FieldViolation]
  package var executionState: JobExecutionState?
  /// `PreconditionFailure.violations[0]`: what must change before the call can succeed.
  package var precondition: Precondition?
  /// `QuotaFailure.violations[0].subject`: whose limit it is.
  package var quotaSubject: String?
  package var trace: UpstreamTrace

  package struct Fact: Equatable, Sendable {
    package var name: String
    package var value: String
  }

  package struct Precondition: Equatable, Sendable {
    package var subject: String
    package var description: String
  }

  package init(
    _ code: GRPCStatusCode, _ reason: FailureReason, _ domain: FailureDomain = .gateway,
    message: String, retry: RetryHint = .unspecified, trace: UpstreamTrace = UpstreamTrace()
  ) {
    self.code = code
    self.message = message
    self.reason = reason
    self.domain = domain
    self.retry = retry
    self.facts = []
    self.violations = []
    self.executionState = nil
    self.trace = trace
  }
}

/// The words that `ErrorInfo.reason` may hold. They are part of the contract with callers.
package enum FailureReason: String, CaseIterable, Sendable {
  case invalidField = "INVALID_FIELD"
  case invalidRequest = "INVALID_REQUEST"
  case malformedRequest = "MALFORMED_REQUEST"
  case messageTooLarge = "MESSAGE_TOO_LARGE"
  case unimplemented = "UNIMPLEMENTED"
  case resourceNotFound = "RESOURCE_NOT_FOUND"
  case terminalState = "TERMINAL_STATE"
  case invalidStateTransition = "INVALID_STATE_TRANSITION"
  case versionMismatch = "VERSION_MISMATCH"
  case conflict = "CONFLICT"
  case quotaExceeded = "QUOTA_EXCEEDED"
  case throttled = "THROTTLED"
  case serviceUnavailable = "SERVICE_UNAVAILABLE"
  case connection = "CONNECTION"
  case internalFailure = "INTERNAL_FAILURE"
  case timeout = "TIMEOUT"
  case outcomeUnknown = "OUTCOME_UNKNOWN"
  case accessDenied = "ACCESS_DENIED"
  case unauthenticated = "UNAUTHENTICATED"
  case policyDenied = "POLICY_DENIED"
  case invalidEndpoint = "INVALID_ENDPOINT"
  case endpointUnknown = "ENDPOINT_UNKNOWN"
  case credentialsExpired = "CREDENTIALS_EXPIRED"
  case credentialsUnavailable = "CREDENTIALS_UNAVAILABLE"
  case signingFailed = "SIGNING_FAILED"
  case clockSkew = "CLOCK_SKEW"
  case certificate = "CERTIFICATE"
  case wrongEndpoint = "WRONG_ENDPOINT"
  case malformedResponse = "MALFORMED_RESPONSE"
  case unknownAWSError = "UNKNOWN_AWS_ERROR"
  case thingRateLimited = "THING_RATE_LIMITED"
  case budgetExhausted = "BUDGET_EXHAUSTED"
  case circuitOpen = "CIRCUIT_OPEN"
  case notCached = "NOT_CACHED"
  case overloaded = "OVERLOADED"
  case draining = "DRAINING"
  case headersTooLarge = "HEADERS_TOO_LARGE"
  case deadlineExceeded = "DEADLINE_EXCEEDED"
  case cancelled = "CANCELLED"
  case watchExpired = "WATCH_EXPIRED"
  case tooManyWatches = "TOO_MANY_WATCHES"
}

package enum FailureDomain: String, Sendable {
  /// AWS refused.
  case aws = "iotjobs.amazonaws.com"
  /// It was refused, or failed, here.
  case gateway = "iot-jobs-gateway"
}

/// What the caller should know about coming back.
package enum RetryHint: Equatable, Sendable {
  /// Nothing is said; the code speaks for itself.
  case unspecified
  /// `RetryInfo` and `grpc-retry-pushback-ms`: come back after so long.
  case after(milliseconds: Int64)
  /// `grpc-retry-pushback-ms: 0`: at once, over another connection.
  case elsewhere
  /// `grpc-retry-pushback-ms: -1`: no client policy may repeat this (gRFC A6).
  case never
}

extension RPCFailure {
  /// A request that breaks gRPC's own rules, judged before its message was decoded.
  init(_ status: GRPCStatus) {
    let reason: FailureReason =
      switch status.code {
      case .resourceExhausted: .messageTooLarge
      case .unimplemented: .unimplemented
      case .unavailable: .overloaded
      default: .malformedRequest
      }
    self.init(status.code, reason, message: status.message)
  }

  /// A message that is not a request of ours, or not a valid one.
  init(_ error: WireError) {
    switch error {
    case .invalid(let violations): self = StatusMapping.invalid(violations)
    case .malformed:
      self.init(.invalidArgument, .malformedRequest, message: "the message cannot be decoded")
    case .tooComplex(let limit):
      self.init(
        .resourceExhausted, .messageTooLarge,
        message: "decoding the message would take more than \(limit) bytes")
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

/// Why a call has no answer, and whose doing that was.
///
/// One word long, and the rest on the heap: each layer that a call waits in has room for the failure
/// that it may end in, and hardly any does.
package struct JobsFailure: Error, Equatable, Sendable {
  private final class Account: Sendable {
    let cause: Cause
    let trace: UpstreamTrace

    init(_ cause: Cause, _ trace: UpstreamTrace) {
      self.cause = cause
      self.trace = trace
    }
  }

  private var account: Account

  package init(_ cause: Cause, trace: UpstreamTrace = UpstreamTrace()) {
    self.account = Account(cause, trace)
  }

  package var cause: Cause {
    get { self.account.cause }
    set { self.account = Account(newValue, self.account.trace) }
  }

  package var trace: UpstreamTrace {
    get { self.account.trace }
    set { self.account = Account(self.account.cause, newValue) }
  }

  package static func == (one: JobsFailure, other: JobsFailure) -> Bool {
    one.cause == other.cause && one.trace == other.trace
  }

  package enum Cause: Equatable, Sendable {
    /// The caller's arguments break a constraint; nothing was sent.
    case invalid([FieldViolation])
    /// AWS answered with an error.
    case refused(AWSRefusal)
    /// An update's own answer was lost, and a look afterwards proves that it was not applied and
    /// cannot be any more: somebody else's write was there first, and left this state.
    case overtaken(JobExecutionState)
    /// AWS answered with success and a body that cannot be read, or is over the limit.
    case malformedResponse(String)
    /// The request surely did not reach AWS's logic: there was no connection, or it closed before
    /// the whole request was written. Half a request is none.
    case unreachable(String)
    /// The connection closed after the whole request was written, or after an answer had begun, and
    /// no whole answer came. Also said of a write whose earlier attempt may have been applied, when
    /// the last one got nowhere.
    case interrupted(String)
    /// The attempt's own time ran out. `requestSent` tells whether the kernel had taken the whole
    /// request, or a write's earlier attempt may have been applied.
    case attemptTimedOut(requestSent: Bool)
    /// The waiting queue of the pool is full; nothing was sent.
    case overloaded(String)
    /// The thing has used up what this gateway allows it; nothing was sent. The wait is until the
    /// same call would be let through, if the thing makes no other.
    case thingLimited(CallKind, retryAfterMilliseconds: Int64)
    /// The account's budget cannot carry the call soon enough; nothing was sent. The wait is an
    /// estimate of when it could.
    case budgetExhausted(CallKind, retryAfterMilliseconds: Int64)
    /// AWS failed so often in a row that it is left alone for a while; nothing was sent. The wait is
    /// until it is tried again.
    case circuitOpen(retryAfterMilliseconds: Int64)
    /// The caller wanted a stored answer or none, and there is none; nothing was sent.
    case notCached
    /// This process takes no more calls; nothing was sent.
    case draining
    /// It is not known yet where AWS is to be called; nothing was sent. The text says what was tried.
    case endpointUnknown(String)
    /// No credential to sign with. The text names sources, never secrets.
    case credentialsUnavailable(String)
    /// The caller's deadline passed.
    case deadlineExceeded(mayHaveBeenApplied: Bool)
    /// The caller went away.
    case cancelled(mayHaveBeenApplied: Bool)
  }
}

/// An argument that breaks a constraint.
package struct FieldViolation: Equatable, Sendable {
  /// The field's path in the request message, in the .proto's spelling: `status_details["k"]`.
  package var field: String
  /// What is wrong and what is allowed. Holds no more of the caller's value than the field shows.
  package var rule: String

  package init(field: String, rule: String) {
    self.field = field
    self.rule = rule
  }
}

/// An error that AWS answered with.
package struct AWSRefusal: Equatable, Sendable {
  /// The cleaned name: no namespace, no trailing URI. The HTTP status in digits if there was none,
  /// see ``isNamed``.
  package var name: String
  package var httpStatus: Int
  /// AWS's words, capped and without control characters.
  package var message: String
  /// What the name and status mean to us.
  package var kind: AWSErrorKind
  /// The present state, which AWS sends with refused updates.
  package var executionState: JobExecutionState?
  /// From `x-amz-retry-after` (milliseconds) or `Retry-After` (seconds).
  package var retryAfterMilliseconds: Int64?

  package init(name: String, httpStatus: Int, message: String, kind: AWSErrorKind) {
    self.name = name
    self.httpStatus = httpStatus
    self.message = message
    self.kind = kind
  }

  /// False if the answer named no error: the status is all there is. Such answers are mostly those
  /// of a proxy or a front door, which with 502 or 504 says that it had no answer of AWS's either.
  package var isNamed: Bool { self.name != String(self.httpStatus) }
}

/// The kinds of refusal that a caller or a policy treats apart.
package enum AWSErrorKind: Equatable, Sendable {
  case invalidRequest
  case resourceNotFound
  case terminalState
  case invalidStateTransition
  case versionMismatch
  case conflict
  case quotaExceeded
  case throttled
  case serviceUnavailable
  case internalFailure
  case requestTimeout
  case accessDenied
  /// Access denied in the words of a host that serves no account: "use describe-endpoint".
  case invalidEndpoint
  case credentialsExpired
  case signingFailed
  case clockSkew
  case certificate
  case wrongEndpoint
  /// No name that we know: the HTTP status decides.
  case unknown
}

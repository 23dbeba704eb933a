// SPDX-License-Identifier: Apache-2.0

package import JobsAPI

/// The one table from failures to AWS's error names and HTTP statuses.
///
/// What AWS refused goes on as it came. What failed on this side of AWS borrows the names of AWS's
/// front door; the statuses 502 and 504, which AWS's own code never sends, say that a write may
/// have been applied.
extension AWSError {
  package init(_ failure: JobsFailure) {
    self = Self.error(for: failure.cause)
    self.requestID = failure.trace.awsRequestID
  }

  private static func error(for cause: JobsFailure.Cause) -> AWSError {
    switch cause {
    case .invalid(let violations):
      .invalidRequest(violations.map { "\($0.field): \($0.rule)" }.joined(separator: "; "))
    case .refused(let refusal):
      AWSError(refusal)
    case .overtaken(let state):
      Self.overtaken(by: state)
    case .malformedResponse(let text):
      AWSError(502, "InternalFailure", "The answer of the service could not be read: \(text)")
    case .unreachable(let text):
      .unavailable("The service could not be reached: \(text)")
    case .interrupted(let text):
      AWSError(502, "InternalFailure", "The request was sent and not answered: \(text)")
    case .attemptTimedOut(requestSent: false):
      .unavailable("The service could not be reached in time.")
    case .attemptTimedOut(requestSent: true):
      AWSError(504, "InternalFailure", "The request was sent and not answered in time.")
    case .overloaded(let text):
      .unavailable("Too much is going on here: \(text)", retryAfterMilliseconds: 1_000)
    case .thingLimited(_, let milliseconds):
      .throttled("The thing makes more calls than it may.", retryAfterMilliseconds: milliseconds)
    case .budgetExhausted(_, let milliseconds):
      .throttled("The account makes more calls than it may.", retryAfterMilliseconds: milliseconds)
    case .circuitOpen(let milliseconds):
      .unavailable("The service has failed too often.", retryAfterMilliseconds: milliseconds)
    case .notCached:
      .unavailable("There is no stored answer.")
    case .draining:
      .unavailable("The service is shutting down.", retryAfterMilliseconds: 1_000)
    case .endpointUnknown(let text):
      .unavailable("It is not known where the service is: \(text)")
    case .credentialsUnavailable(let text):
      .unavailable("There is no credential to sign with: \(text)")
    case .deadlineExceeded(mayHaveBeenApplied: false), .cancelled(mayHaveBeenApplied: false):
      .unavailable("The call ended before it was sent.")
    case .deadlineExceeded(mayHaveBeenApplied: true), .cancelled(mayHaveBeenApplied: true):
      AWSError(504, "InternalFailure", "The call ended after it was sent.")
    }
  }

  private init(_ refusal: AWSRefusal) {
    // A success or a redirect must not pass for an answer here.
    let status = 400..<600 ~= refusal.httpStatus ? refusal.httpStatus : 500
    self.init(status, refusal.name, refusal.message)
    self.executionState = refusal.executionState
    self.retryAfterMilliseconds = refusal.retryAfterMilliseconds
  }

  private static func overtaken(by state: JobExecutionState) -> AWSError {
    var error = AWSError(
      409, "InvalidStateTransitionException", "Another update was applied before this one.")
    error.executionState = state
    return error
  }

  private static func throttled(
    _ message: String, retryAfterMilliseconds: Int64
  ) -> AWSError {
    var error = AWSError(429, "ThrottlingException", message)
    error.retryAfterMilliseconds = retryAfterMilliseconds
    return error
  }

  static func unavailable(
    _ message: String, retryAfterMilliseconds: Int64? = nil
  ) -> AWSError {
    var error = AWSError(503, "ServiceUnavailableException", message)
    error.retryAfterMilliseconds = retryAfterMilliseconds
    return error
  }
}

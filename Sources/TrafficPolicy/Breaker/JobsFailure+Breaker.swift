// SPDX-License-Identifier: Apache-2.0

import JobsAPI

extension JobsFailure.Cause {
  /// What a failed call tells of AWS. Refusals of the caller and of its pace are answers; failures
  /// on this side tell nothing.
  ///
  /// - Parameter wasPatient: the call waited so long that AWS could have answered. The end that its
  ///   caller put to it tells something only then.
  func verdict(wasPatient: Bool) -> BreakerState.Verdict {
    switch self {
    case .refused(let refusal):
      // Throttling by whatever status is AWS at work.
      refusal.httpStatus >= 500 && refusal.kind != .throttled ? .failed : .answered
    case .unreachable, .interrupted, .attemptTimedOut: .failed
    case .deadlineExceeded, .cancelled: wasPatient ? .failed : .unknown
    case .invalid, .overtaken, .malformedResponse, .overloaded, .thingLimited, .budgetExhausted,
      .circuitOpen,
      .notCached, .draining, .endpointUnknown, .credentialsUnavailable:
      .unknown
    }
  }

  /// Why AWS is left alone, for the log.
  var breakerWords: String {
    switch self {
    case .refused(let refusal):
      refusal.isNamed ? "HTTP \(refusal.httpStatus) \(refusal.name)" : "HTTP \(refusal.httpStatus)"
    case .unreachable(let words), .interrupted(let words): words
    default: "no answer in time"
    }
  }
}

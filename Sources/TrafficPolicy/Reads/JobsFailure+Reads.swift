// SPDX-License-Identifier: Apache-2.0

import JobsAPI

extension JobsFailure.Cause {
  /// True for a write of which AWS has surely seen nothing, so that it has changed nothing. Of all
  /// others, what AWS refused included, it is not known here what they found and left behind.
  var isSurelyNotSent: Bool {
    switch self {
    case .invalid, .unreachable, .overloaded, .thingLimited, .budgetExhausted, .circuitOpen,
      .notCached, .draining, .endpointUnknown, .credentialsUnavailable:
      true
    case .attemptTimedOut(let requestSent): !requestSent
    case .deadlineExceeded(let mayHaveBeenApplied), .cancelled(let mayHaveBeenApplied):
      !mayHaveBeenApplied
    case .refused, .overtaken, .malformedResponse, .interrupted: false
    }
  }

  /// True if AWS has looked at a read and said what there is to say. Any other failure of a read
  /// tells nothing of the execution: what was known of it before is the best there is.
  var isAnswer: Bool {
    switch self {
    case .refused(let refusal): refusal.isAnswer
    case .invalid, .overtaken, .notCached: true
    case .malformedResponse, .unreachable, .interrupted, .attemptTimedOut, .overloaded,
      .thingLimited, .budgetExhausted, .circuitOpen, .draining, .endpointUnknown,
      .credentialsUnavailable, .deadlineExceeded, .cancelled:
      false
    }
  }
}

extension AWSRefusal {
  /// A denial counts as an answer: who may not read any more gets nothing that was read before.
  var isAnswer: Bool {
    switch self.kind {
    case .invalidRequest, .resourceNotFound, .terminalState, .invalidStateTransition,
      .versionMismatch, .conflict, .accessDenied, .invalidEndpoint, .wrongEndpoint, .certificate:
      true
    case .throttled, .quotaExceeded, .serviceUnavailable, .internalFailure, .requestTimeout,
      .credentialsExpired, .signingFailed, .clockSkew:
      false
    case .unknown: self.httpStatus < 500 && self.httpStatus != 429
    }
  }
}

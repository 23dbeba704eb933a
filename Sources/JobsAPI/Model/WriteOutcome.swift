// SPDX-License-Identifier: Apache-2.0

/// What a write that failed left behind, as far as its failure tells.
package enum WriteOutcome: Equatable, Sendable {
  /// The service looked at what the write says and refused it.
  case refused
  /// Surely not carried out, and nobody looked at what it says. Of an earlier attempt for the same
  /// call it tells nothing.
  case notReceived
  /// It may have been applied.
  case uncertain
}

extension JobsFailure.Cause {
  /// The one place that says which failures leave a write in doubt. What callers are told, what is
  /// repeated, and what is looked up afterwards all follow from it.
  package var writeOutcome: WriteOutcome {
    switch self {
    case .refused(let refusal): refusal.writeOutcome
    case .invalid, .overtaken: .refused
    case .malformedResponse, .interrupted: .uncertain
    case .attemptTimedOut(let requestSent): requestSent ? .uncertain : .notReceived
    case .deadlineExceeded(let maybe), .cancelled(let maybe): maybe ? .uncertain : .notReceived
    case .unreachable, .overloaded, .circuitOpen, .endpointUnknown, .thingLimited, .budgetExhausted,
      .notCached, .draining, .credentialsUnavailable:
      .notReceived
    }
  }
}

extension AWSRefusal {
  fileprivate var writeOutcome: WriteOutcome {
    switch self.kind {
    case .invalidRequest, .resourceNotFound, .terminalState, .invalidStateTransition,
      .versionMismatch, .conflict, .quotaExceeded:
      .refused
    // Said at the door, before the service's own logic.
    case .throttled, .serviceUnavailable, .accessDenied, .invalidEndpoint, .credentialsExpired,
      .signingFailed, .clockSkew, .certificate, .wrongEndpoint:
      .notReceived
    case .internalFailure, .requestTimeout: .uncertain
    case .unknown:
      switch self.httpStatus {
      case 503: .notReceived
      // An error that nobody knows, under the status of a success: the one or the other is wrong.
      case ..<300, 408, 500...: .uncertain
      default: .notReceived
      }
    }
  }
}

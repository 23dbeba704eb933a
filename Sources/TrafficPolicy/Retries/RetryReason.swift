// SPDX-License-Identifier: Apache-2.0

// Retries: which calls are made again, when, and how often; and what became of an update whose
// answer was lost. This folder knows failures and what they leave in doubt; it knows neither
// connections nor signatures, and budgets and breakers stand behind it, for each attempt anew.

package import JobsAPI

/// Why a call that failed may do better the next time, in the standard mode of AWS's clients.
///
/// Source: botocore 1.43, `retries/standard`: 500, 502, 503, 504, its lists of transient and of
/// throttling codes, and failures of the connection. A 429 without a name is a throttle here, which
/// botocore leaves alone.
package enum RetryReason: String, CaseIterable, Sendable {
  case throttled
  case unavailable
  case connection
  case timeout
  /// No repeat: a look at what became of an update.
  case unknownOutcome = "unknown_outcome"

  /// Nil if another attempt would end in the same way, or is not ours to make.
  package init?(_ cause: JobsFailure.Cause) {
    switch cause {
    case .refused(let refusal):
      guard let reason = Self(refusal) else { return nil }
      self = reason
    case .unreachable, .interrupted: self = .connection
    case .attemptTimedOut: self = .timeout
    case .invalid, .overtaken, .malformedResponse, .overloaded, .circuitOpen, .endpointUnknown,
      .thingLimited, .budgetExhausted, .notCached, .draining, .credentialsUnavailable,
      .deadlineExceeded, .cancelled:
      return nil
    }
  }

  private init?(_ refusal: AWSRefusal) {
    switch (refusal.kind, refusal.httpStatus) {
    case (.throttled, _), (_, 429): self = .throttled
    case (.serviceUnavailable, _), (.internalFailure, _): self = .unavailable
    // AWS's clients repeat it by its name, and not for its status.
    case (.requestTimeout, _) where refusal.isNamed: self = .unavailable
    case (_, 500), (_, 502), (_, 503), (_, 504): self = .unavailable
    default: return nil
    }
  }

  /// What a repeat for this reason takes from the quota.
  package var cost: Int { self == .timeout ? 10 : 5 }

  /// The position in `allCases`.
  var index: Int {
    switch self {
    case .throttled: 0
    case .unavailable: 1
    case .connection: 2
    case .timeout: 3
    case .unknownOutcome: 4
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

/// The state of a job execution.
///
/// AWS may add states, so a word that is not known here is kept as it came: nothing is lost on the
/// way through. Source: IoT Jobs Data Plane API, `JobExecutionStatus`.
package enum JobExecutionStatus: Hashable, Sendable {
  case queued
  case inProgress
  case succeeded
  case failed
  case timedOut
  case rejected
  case removed
  case canceled
  case unrecognized(String)

  /// The states that AWS documents, in its own order.
  package static let documented: [JobExecutionStatus] = [
    .queued, .inProgress, .succeeded, .failed, .timedOut, .rejected, .removed, .canceled,
  ]

  /// Reads AWS's word for the state. The match is exact: AWS's words are upper case.
  package init(awsWord: String) {
    switch awsWord {
    case "QUEUED": self = .queued
    case "IN_PROGRESS": self = .inProgress
    case "SUCCEEDED": self = .succeeded
    case "FAILED": self = .failed
    case "TIMED_OUT": self = .timedOut
    case "REJECTED": self = .rejected
    case "REMOVED": self = .removed
    case "CANCELED": self = .canceled
    default: self = .unrecognized(awsWord)
    }
  }

  /// AWS's word for the state.
  package var awsWord: String {
    switch self {
    case .queued: "QUEUED"
    case .inProgress: "IN_PROGRESS"
    case .succeeded: "SUCCEEDED"
    case .failed: "FAILED"
    case .timedOut: "TIMED_OUT"
    case .rejected: "REJECTED"
    case .removed: "REMOVED"
    case .canceled: "CANCELED"
    case .unrecognized(let word): word
    }
  }

  /// True for a state that no device can leave. An unknown state is taken as not terminal.
  package var isTerminal: Bool {
    switch self {
    case .queued, .inProgress, .unrecognized: false
    case .succeeded, .failed, .timedOut, .rejected, .removed, .canceled: true
    }
  }
}

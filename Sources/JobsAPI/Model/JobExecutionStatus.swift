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
    self = Self.known(awsWord.utf8Span.span) ?? .unrecognized(awsWord)
  }

  /// As ``init(awsWord:)-(String)``, for text that has been found to be UTF-8.
  init(awsWord: Span<UInt8>) {
    self = Self.known(awsWord) ?? .unrecognized(String(verbatim: awsWord))
  }

  private static func known(_ awsWord: Span<UInt8>) -> JobExecutionStatus? {
    switch awsWord {
    case "QUEUED": .queued
    case "IN_PROGRESS": .inProgress
    case "SUCCEEDED": .succeeded
    case "FAILED": .failed
    case "TIMED_OUT": .timedOut
    case "REJECTED": .rejected
    case "REMOVED": .removed
    case "CANCELED": .canceled
    default: nil
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

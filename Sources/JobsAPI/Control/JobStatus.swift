// SPDX-License-Identifier: Apache-2.0

/// The state of a job as a whole.
/// Source: AWS IoT API, `JobStatus`.
package enum JobStatus: Hashable, Sendable {
  case inProgress
  case canceled
  case completed
  case deletionInProgress
  case scheduled
  case unrecognized(String)

  /// The states that AWS documents, in its own order.
  package static let documented: [JobStatus] = [
    .inProgress, .canceled, .completed, .deletionInProgress, .scheduled,
  ]

  /// Reads AWS's word; the match is exact.
  package init(awsWord: String) {
    self = Self.documented.first { $0.awsWord == awsWord } ?? .unrecognized(awsWord)
  }

  package var awsWord: String {
    switch self {
    case .inProgress: "IN_PROGRESS"
    case .canceled: "CANCELED"
    case .completed: "COMPLETED"
    case .deletionInProgress: "DELETION_IN_PROGRESS"
    case .scheduled: "SCHEDULED"
    case .unrecognized(let word): word
    }
  }
}

/// Whether a job ends with its first targets or stays open for things that become targets later.
/// Source: AWS IoT API, `TargetSelection`.
package enum TargetSelection: Hashable, Sendable {
  case continuous
  case snapshot
  case unrecognized(String)

  package static let documented: [TargetSelection] = [.continuous, .snapshot]

  /// Reads AWS's word; the match is exact.
  package init(awsWord: String) {
    self = Self.documented.first { $0.awsWord == awsWord } ?? .unrecognized(awsWord)
  }

  package var awsWord: String {
    switch self {
    case .continuous: "CONTINUOUS"
    case .snapshot: "SNAPSHOT"
    case .unrecognized(let word): word
    }
  }
}

/// The ends of an execution after which a job may try again.
/// Source: AWS IoT API, `RetryableFailureType`.
package enum RetryableFailure: Hashable, Sendable {
  case failed
  case timedOut
  case all
  case unrecognized(String)

  package static let documented: [RetryableFailure] = [.failed, .timedOut, .all]

  /// Reads AWS's word; the match is exact.
  package init(awsWord: String) {
    self = Self.documented.first { $0.awsWord == awsWord } ?? .unrecognized(awsWord)
  }

  package var awsWord: String {
    switch self {
    case .failed: "FAILED"
    case .timedOut: "TIMED_OUT"
    case .all: "ALL"
    case .unrecognized(let word): word
    }
  }
}

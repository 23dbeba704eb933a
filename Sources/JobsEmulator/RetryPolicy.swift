// SPDX-License-Identifier: Apache-2.0

import JobsAPI

/// How often an execution has been repeated on its thing, by what it was repeated for.
struct RetryCounts: Equatable, Sendable {
  private(set) var afterFailed: Int64 = 0
  private(set) var afterTimedOut: Int64 = 0

  var total: Int64 { self.afterFailed + self.afterTimedOut }

  /// The counts of the execution that repeats one which ended so.
  func counting(_ end: JobExecutionStatus) -> RetryCounts {
    var counts = self
    if end == .failed { counts.afterFailed += 1 } else { counts.afterTimedOut += 1 }
    return counts
  }
}

/// When a job tries again. Only FAILED and TIMED_OUT can be retried.
/// Source: AWS IoT developer guide, job execution retry configuration.
struct RetryPolicy: Equatable, Sendable {
  private var afterFailed: Int64 = 0
  private var afterTimedOut: Int64 = 0
  private var inAll: Int64 = 0

  init(_ criteria: [RetryCriterion], most: Int64) {
    for criterion in criteria {
      switch criterion.failureType {
      case .failed: self.afterFailed = criterion.numberOfRetries
      case .timedOut: self.afterTimedOut = criterion.numberOfRetries
      case .all:
        self.afterFailed = criterion.numberOfRetries
        self.afterTimedOut = criterion.numberOfRetries
        self.inAll = criterion.numberOfRetries
      case .unrecognized: break
      }
    }
    // Of ALL, both ends draw from one allowance; of two criteria, each has its own.
    self.inAll = min(most, self.inAll > 0 ? self.inAll : self.afterFailed + self.afterTimedOut)
  }

  func allowsRetry(after end: JobExecutionStatus, counts: RetryCounts) -> Bool {
    guard counts.total < self.inAll else { return false }
    switch end {
    case .failed: return counts.afterFailed < self.afterFailed
    case .timedOut: return counts.afterTimedOut < self.afterTimedOut
    default: return false
    }
  }
}

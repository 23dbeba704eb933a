// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import Testing

@testable import JobWatching

extension JobExecutionSummary {
  static func row(_ job: String, _ version: Int64 = 1, number: Int64? = 1) -> JobExecutionSummary {
    var row = JobExecutionSummary()
    row.jobID = job
    row.versionNumber = version
    row.executionNumber = number
    return row
  }
}

extension PendingJobExecutions {
  /// By jobs, each with version 1 and number 1.
  static func lists(_ inProgress: [String], _ queued: [String]) -> PendingJobExecutions {
    PendingJobExecutions(
      inProgress: inProgress.map { .row($0) }, queued: queued.map { .row($0) })
  }
}

extension PendingChange {
  var words: String { "\(self.kind.rawValue) \(self.execution.jobID ?? "-")" }
}

/// As the macro, for what changes the value that it asks.
func expect<Value: Equatable>(
  _ value: Value, is expected: Value, _ location: SourceLocation = #_sourceLocation
) {
  #expect(value == expected, sourceLocation: location)
}

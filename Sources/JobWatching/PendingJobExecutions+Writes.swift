// SPDX-License-Identifier: Apache-2.0

package import JobsAPI

// What a write leaves of the pending lists, as far as its answer tells.

extension PendingJobExecutions {
  /// The lists after an execution was started, or found to be in progress already.
  package func started(_ execution: JobExecution) -> PendingJobExecutions {
    guard let jobID = execution.jobID, execution.status ?? .inProgress == .inProgress else {
      return self
    }
    let key = ExecutionKey(jobID, execution.executionNumber)
    var summary = JobExecutionSummary()
    summary.jobID = jobID
    summary.executionNumber = execution.executionNumber
    summary.queuedAtSeconds = execution.queuedAtSeconds
    summary.startedAtSeconds = execution.startedAtSeconds
    summary.lastUpdatedAtSeconds = execution.lastUpdatedAtSeconds
    summary.versionNumber = execution.versionNumber
    var after = self
    after.queued.removeAll { $0.key == key }
    if let index = after.inProgress.firstIndex(where: { $0.key == key }) {
      after.inProgress[index] = summary
    } else {
      after.inProgress.append(summary)
    }
    return after
  }

  /// The lists after an execution has ended.
  package func ended(_ key: ExecutionKey) -> PendingJobExecutions {
    guard let gone = self.execution(key)?.summary.key else { return self }
    var after = self
    after.inProgress.removeAll { $0.key == gone }
    after.queued.removeAll { $0.key == gone }
    return after
  }

  /// A row and its state. Without a number the latest execution of the job is meant.
  package func execution(
    _ key: ExecutionKey
  ) -> (summary: JobExecutionSummary, status: JobExecutionStatus)? {
    var found: (summary: JobExecutionSummary, status: JobExecutionStatus)?
    for (rows, status) in [
      (self.inProgress, JobExecutionStatus.inProgress), (self.queued, .queued),
    ] {
      for row in rows where row.jobID == key.jobID {
        if let number = key.executionNumber, row.executionNumber != number { continue }
        if let found, found.summary.executionNumber ?? 0 >= row.executionNumber ?? 0 { continue }
        found = (row, status)
      }
    }
    return found
  }
}

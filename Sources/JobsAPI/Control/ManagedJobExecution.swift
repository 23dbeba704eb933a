// SPDX-License-Identifier: Apache-2.0

/// One job on one thing, as the control plane shows it: no document, but also after its end.
/// Times are seconds since 1970 (UTC). Source: AWS IoT API, `JobExecution`.
package struct ManagedJobExecution: Equatable, Sendable {
  package var jobID: String
  package var thingARN: String
  package var status: JobExecutionStatus
  /// Absent unless the execution was cancelled.
  package var forceCanceled: Bool?
  /// `statusDetails.detailsMap`: this plane wraps the map once more.
  package var statusDetails: StatusDetails?
  package var queuedAtSeconds: Int64
  package var startedAtSeconds: Int64?
  package var lastUpdatedAtSeconds: Int64
  package var executionNumber: Int64
  package var versionNumber: Int64
  /// Absent while no timer runs.
  package var approximateSecondsBeforeTimedOut: Int64?

  package init(
    jobID: String, thingARN: String, status: JobExecutionStatus, queuedAtSeconds: Int64,
    lastUpdatedAtSeconds: Int64, executionNumber: Int64, versionNumber: Int64
  ) {
    self.jobID = jobID
    self.thingARN = thingARN
    self.status = status
    self.queuedAtSeconds = queuedAtSeconds
    self.lastUpdatedAtSeconds = lastUpdatedAtSeconds
    self.executionNumber = executionNumber
    self.versionNumber = versionNumber
  }
}

/// The facts both lists of executions show.
/// Source: AWS IoT API, `JobExecutionSummary`, which is not the data plane's.
package struct ManagedJobExecutionSummary: Equatable, Sendable {
  package var status: JobExecutionStatus
  package var queuedAtSeconds: Int64
  package var startedAtSeconds: Int64?
  package var lastUpdatedAtSeconds: Int64
  package var executionNumber: Int64
  /// How many retries came before this execution.
  package var retryAttempt: Int

  package init(
    status: JobExecutionStatus, queuedAtSeconds: Int64, startedAtSeconds: Int64?,
    lastUpdatedAtSeconds: Int64, executionNumber: Int64, retryAttempt: Int
  ) {
    self.status = status
    self.queuedAtSeconds = queuedAtSeconds
    self.startedAtSeconds = startedAtSeconds
    self.lastUpdatedAtSeconds = lastUpdatedAtSeconds
    self.executionNumber = executionNumber
    self.retryAttempt = retryAttempt
  }
}

/// A row of ``ListJobExecutionsForThing``. Source: `JobExecutionSummaryForThing`.
package struct JobExecutionOfThing: Equatable, Sendable {
  package var jobID: String
  package var summary: ManagedJobExecutionSummary

  package init(jobID: String, summary: ManagedJobExecutionSummary) {
    self.jobID = jobID
    self.summary = summary
  }
}

/// A row of ``ListJobExecutionsForJob``. Source: `JobExecutionSummaryForJob`.
package struct JobExecutionOfJob: Equatable, Sendable {
  package var thingARN: String
  package var summary: ManagedJobExecutionSummary

  package init(thingARN: String, summary: ManagedJobExecutionSummary) {
    self.thingARN = thingARN
    self.summary = summary
  }
}

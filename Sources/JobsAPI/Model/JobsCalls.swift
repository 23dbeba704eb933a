// SPDX-License-Identifier: Apache-2.0

/// The four operations as values: what a caller asks for, and what AWS answers.
///
/// An absent member differs from zero and from empty throughout, as it does in AWS's model.
/// Source: IoT Jobs Data Plane API, 2017-09-29.

/// Asks for one execution. `jobID` may be `$next`: the one that StartNext would hand out.
package struct DescribeJobExecution: Equatable, Sendable {
  package var thingName: String
  package var jobID: String
  /// Absent: the latest execution.
  package var executionNumber: Int64?
  /// Absent: AWS's default, which is true.
  package var includeJobDocument: Bool?

  package init(thingName: String, jobID: String) {
    self.thingName = thingName
    self.jobID = jobID
  }
}

/// Asks for the executions of a thing that are not in a terminal state.
package struct GetPendingJobExecutions: Equatable, Sendable {
  package var thingName: String

  package init(thingName: String) {
    self.thingName = thingName
  }
}

/// Starts the oldest queued execution, or returns the one in progress.
package struct StartNextPendingJobExecution: Equatable, Sendable {
  package var thingName: String
  /// Absent: unchanged. Empty: cleared.
  package var statusDetails: StatusDetails?
  /// 1 to 10080 minutes.
  package var stepTimeoutMinutes: Int64?

  package init(thingName: String) {
    self.thingName = thingName
  }
}

/// Reports progress or the end of an execution.
package struct UpdateJobExecution: Equatable, Sendable {
  package var thingName: String
  package var jobID: String
  package var status: JobExecutionStatus
  /// Absent: unchanged. Empty: cleared.
  package var statusDetails: StatusDetails?
  /// Absent: not checked.
  package var expectedVersion: Int64?
  /// Absent: AWS's default, which is false.
  package var includeJobExecutionState: Bool?
  /// Absent: AWS's default, which is false here.
  package var includeJobDocument: Bool?
  /// Absent: the latest execution.
  package var executionNumber: Int64?
  /// 1 to 10080 minutes, or -1 to stop the step timer.
  package var stepTimeoutMinutes: Int64?

  package init(thingName: String, jobID: String, status: JobExecutionStatus) {
    self.thingName = thingName
    self.jobID = jobID
    self.status = status
  }
}

/// The answer to ``GetPendingJobExecutions``.
package struct PendingJobExecutions: Equatable, Sendable {
  package var inProgress: [JobExecutionSummary]
  package var queued: [JobExecutionSummary]

  package init(inProgress: [JobExecutionSummary] = [], queued: [JobExecutionSummary] = []) {
    self.inProgress = inProgress
    self.queued = queued
  }
}

/// The answer to ``UpdateJobExecution``; each member only if it was asked for.
package struct UpdatedJobExecution: Equatable, Sendable {
  package var executionState: JobExecutionState?
  package var jobDocument: String?

  package init(executionState: JobExecutionState? = nil, jobDocument: String? = nil) {
    self.executionState = executionState
    self.jobDocument = jobDocument
  }
}

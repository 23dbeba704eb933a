// SPDX-License-Identifier: Apache-2.0

import JobsAPI

/// The forms in which the two planes show an execution.
extension Execution {
  /// As Describe and StartNext show it.
  func view(includingDocument: Bool, now: Int64) -> JobExecution {
    var view = JobExecution()
    view.jobID = self.jobID
    view.thingName = self.thingName
    view.status = self.status
    view.statusDetails = self.statusDetails
    view.queuedAtSeconds = self.queuedAtSeconds
    view.startedAtSeconds = self.startedAtSeconds
    view.lastUpdatedAtSeconds = self.lastUpdatedAtSeconds
    view.approximateSecondsBeforeTimedOut = self.secondsBeforeTimedOut(now: now)
    view.versionNumber = self.versionNumber
    view.executionNumber = self.executionNumber
    view.jobDocument = includingDocument ? self.document : nil
    return view
  }

  /// As a row of the pending lists.
  var summary: JobExecutionSummary {
    var summary = JobExecutionSummary()
    summary.jobID = self.jobID
    summary.queuedAtSeconds = self.queuedAtSeconds
    summary.startedAtSeconds = self.startedAtSeconds
    summary.lastUpdatedAtSeconds = self.lastUpdatedAtSeconds
    summary.versionNumber = self.versionNumber
    summary.executionNumber = self.executionNumber
    return summary
  }

  /// As updates answer it, refused ones too.
  var state: JobExecutionState {
    var state = JobExecutionState()
    state.status = self.status
    state.statusDetails = self.statusDetails
    state.versionNumber = self.versionNumber
    return state
  }

  /// As the control plane's DescribeJobExecution shows it.
  func managedView(now: Int64) -> ManagedJobExecution {
    var view = ManagedJobExecution(
      jobID: self.jobID, thingARN: self.thingARN, status: self.status,
      queuedAtSeconds: self.queuedAtSeconds, lastUpdatedAtSeconds: self.lastUpdatedAtSeconds,
      executionNumber: self.executionNumber, versionNumber: self.versionNumber)
    view.forceCanceled = self.forceCanceled
    view.statusDetails = self.statusDetails
    view.startedAtSeconds = self.startedAtSeconds
    view.approximateSecondsBeforeTimedOut = self.secondsBeforeTimedOut(now: now)
    return view
  }

  /// As a row of the control plane's lists.
  var managedSummary: ManagedJobExecutionSummary {
    ManagedJobExecutionSummary(
      status: self.status, queuedAtSeconds: self.queuedAtSeconds,
      startedAtSeconds: self.startedAtSeconds, lastUpdatedAtSeconds: self.lastUpdatedAtSeconds,
      executionNumber: self.executionNumber, retryAttempt: Int(self.retries.total))
  }
}

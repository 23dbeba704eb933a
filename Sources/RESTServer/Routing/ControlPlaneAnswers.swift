// SPDX-License-Identifier: Apache-2.0

import JobsAPI

// The control plane's answers in AWS's JSON. Times are numbers of seconds, as REST-JSON has them.
// Source: AWS IoT API, 2015-05-28.

extension JobReference {
  func writeMembers(into json: inout JSONWriter) {
    json.member("jobArn", self.jobARN)
    json.member("jobId", self.jobID)
    json.member("description", self.description)
  }
}

extension Job {
  func writeMembers(into json: inout JSONWriter) {
    json.member("jobArn", self.jobARN)
    json.member("jobId", self.jobID)
    json.member("targetSelection", self.targetSelection.awsWord)
    json.member("status", self.status.awsWord)
    json.member("forceCanceled", self.forceCanceled)
    json.member("reasonCode", self.reasonCode)
    json.member("comment", self.comment)
    json.member("targets", array: { json in for target in self.targets { json.element(target) } })
    json.member("description", self.description)
    json.member("createdAt", self.createdAtSeconds)
    json.member("lastUpdatedAt", self.lastUpdatedAtSeconds)
    json.member("completedAt", self.completedAtSeconds)
    json.member("jobProcessDetails", object: self.processDetails.writeMembers)
    if let minutes = self.inProgressTimeoutMinutes {
      json.member("timeoutConfig", object: { $0.member("inProgressTimeoutInMinutes", minutes) })
    }
    if !self.retryCriteria.isEmpty {
      json.member("jobExecutionsRetryConfig", object: self.writeRetryCriteria)
    }
  }

  private func writeRetryCriteria(into json: inout JSONWriter) {
    json.member(
      "criteriaList",
      array: { json in
        for criterion in self.retryCriteria {
          json.object { json in
            json.member("failureType", criterion.failureType.awsWord)
            json.member("numberOfRetries", criterion.numberOfRetries)
          }
        }
      })
  }
}

extension JobProcessDetails {
  fileprivate func writeMembers(into json: inout JSONWriter) {
    json.member("numberOfCanceledThings", Int64(self.canceledThings))
    json.member("numberOfSucceededThings", Int64(self.succeededThings))
    json.member("numberOfFailedThings", Int64(self.failedThings))
    json.member("numberOfRejectedThings", Int64(self.rejectedThings))
    json.member("numberOfQueuedThings", Int64(self.queuedThings))
    json.member("numberOfInProgressThings", Int64(self.inProgressThings))
    json.member("numberOfRemovedThings", Int64(self.removedThings))
    json.member("numberOfTimedOutThings", Int64(self.timedOutThings))
  }
}

extension JobSummary {
  func writeMembers(into json: inout JSONWriter) {
    json.member("jobArn", self.jobARN)
    json.member("jobId", self.jobID)
    json.member("targetSelection", self.targetSelection.awsWord)
    json.member("status", self.status.awsWord)
    json.member("createdAt", self.createdAtSeconds)
    json.member("lastUpdatedAt", self.lastUpdatedAtSeconds)
    json.member("completedAt", self.completedAtSeconds)
  }
}

extension ManagedJobExecution {
  func writeMembers(into json: inout JSONWriter) {
    json.member("jobId", self.jobID)
    json.member("status", self.status.awsWord)
    json.member("forceCanceled", self.forceCanceled)
    if let details = self.statusDetails {
      json.member(
        "statusDetails",
        object: { json in json.member("detailsMap", object: details.writeMembers) })
    }
    json.member("thingArn", self.thingARN)
    json.member("queuedAt", self.queuedAtSeconds)
    json.member("startedAt", self.startedAtSeconds)
    json.member("lastUpdatedAt", self.lastUpdatedAtSeconds)
    json.member("executionNumber", self.executionNumber)
    json.member("versionNumber", self.versionNumber)
    json.member("approximateSecondsBeforeTimedOut", self.approximateSecondsBeforeTimedOut)
  }
}

extension ManagedJobExecutionSummary {
  fileprivate func writeMembers(into json: inout JSONWriter) {
    json.member("status", self.status.awsWord)
    json.member("queuedAt", self.queuedAtSeconds)
    json.member("startedAt", self.startedAtSeconds)
    json.member("lastUpdatedAt", self.lastUpdatedAtSeconds)
    json.member("executionNumber", self.executionNumber)
    json.member("retryAttempt", Int64(self.retryAttempt))
  }
}

extension JobExecutionOfThing {
  func writeMembers(into json: inout JSONWriter) {
    json.member("jobId", self.jobID)
    json.member("jobExecutionSummary", object: self.summary.writeMembers)
  }
}

extension JobExecutionOfJob {
  func writeMembers(into json: inout JSONWriter) {
    json.member("thingArn", self.thingARN)
    json.member("jobExecutionSummary", object: self.summary.writeMembers)
  }
}

// SPDX-License-Identifier: Apache-2.0

/// A job as its owner sees it. Times are seconds since 1970 (UTC).
/// Source: AWS IoT API, `Job`.
package struct Job: Equatable, Sendable {
  package var jobARN: String
  package var jobID: String
  package var targetSelection: TargetSelection
  package var status: JobStatus
  /// Absent unless the job was cancelled.
  package var forceCanceled: Bool?
  package var reasonCode: String?
  package var comment: String?
  /// ARNs, as CreateJob was given them.
  package var targets: [String]
  package var description: String?
  package var createdAtSeconds: Int64
  package var lastUpdatedAtSeconds: Int64
  package var completedAtSeconds: Int64?
  package var processDetails: JobProcessDetails
  /// `timeoutConfig.inProgressTimeoutInMinutes`; the structure is left out when this is absent.
  package var inProgressTimeoutMinutes: Int64?
  /// `jobExecutionsRetryConfig.criteriaList`; the structure is left out when this is empty.
  package var retryCriteria: [RetryCriterion]

  package init(
    jobARN: String, jobID: String, targetSelection: TargetSelection, status: JobStatus,
    targets: [String], createdAtSeconds: Int64
  ) {
    self.jobARN = jobARN
    self.jobID = jobID
    self.targetSelection = targetSelection
    self.status = status
    self.targets = targets
    self.createdAtSeconds = createdAtSeconds
    self.lastUpdatedAtSeconds = createdAtSeconds
    self.processDetails = JobProcessDetails()
    self.retryCriteria = []
  }
}

/// A row of the list of jobs.
/// Source: AWS IoT API, `JobSummary`.
package struct JobSummary: Equatable, Sendable {
  package var jobARN: String
  package var jobID: String
  package var targetSelection: TargetSelection
  package var status: JobStatus
  package var createdAtSeconds: Int64
  package var lastUpdatedAtSeconds: Int64
  package var completedAtSeconds: Int64?

  package init(_ job: Job) {
    self.jobARN = job.jobARN
    self.jobID = job.jobID
    self.targetSelection = job.targetSelection
    self.status = job.status
    self.createdAtSeconds = job.createdAtSeconds
    self.lastUpdatedAtSeconds = job.lastUpdatedAtSeconds
    self.completedAtSeconds = job.completedAtSeconds
  }
}

/// What CreateJob and CancelJob answer.
package struct JobReference: Equatable, Sendable {
  package var jobARN: String
  package var jobID: String
  package var description: String?

  package init(jobARN: String, jobID: String, description: String? = nil) {
    self.jobARN = jobARN
    self.jobID = jobID
    self.description = description
  }
}

/// How many things stand where with a job. A thing counts once, with its latest execution.
/// Source: AWS IoT API, `JobProcessDetails`.
package struct JobProcessDetails: Equatable, Sendable {
  package var canceledThings = 0
  package var succeededThings = 0
  package var failedThings = 0
  package var rejectedThings = 0
  package var queuedThings = 0
  package var inProgressThings = 0
  package var removedThings = 0
  package var timedOutThings = 0

  package init() {}
}

/// When a failed execution is queued once more.
/// Source: AWS IoT API, `RetryCriteria`.
package struct RetryCriterion: Equatable, Sendable {
  package var failureType: RetryableFailure
  /// 0 to 10.
  package var numberOfRetries: Int64

  package init(failureType: RetryableFailure, numberOfRetries: Int64) {
    self.failureType = failureType
    self.numberOfRetries = numberOfRetries
  }
}

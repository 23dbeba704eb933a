// SPDX-License-Identifier: Apache-2.0

import JobsAPI

// The control plane's calls, read from path, query and body. Only types are checked: constraints
// are behind the protocol.

extension CreateJob {
  init(jobID: String, body: RequestBody) throws(AWSError) {
    self.init(jobID: jobID, targets: try body.texts("targets") ?? [])
    self.document = try body.text("document")
    self.description = try body.text("description")
    self.targetSelection = try body.text("targetSelection").map { TargetSelection(awsWord: $0) }
    self.inProgressTimeoutMinutes = try body.object("timeoutConfig")
      .number("inProgressTimeoutInMinutes")
    self.retryCriteria = try body.object("jobExecutionsRetryConfig").objects("criteriaList")?
      .map { (criterion) throws(AWSError) in try RetryCriterion(criterion) }
    self.otherMembers = body.memberNames.filter { !Self.knownMembers.contains($0) }
  }

  private static let knownMembers: Set<String> = [
    "targets", "document", "description", "targetSelection", "timeoutConfig",
    "jobExecutionsRetryConfig",
  ]
}

extension RetryCriterion {
  fileprivate init(_ body: RequestBody) throws(AWSError) {
    guard let failure = try body.text("failureType"),
      let retries = try body.number("numberOfRetries")
    else {
      throw .invalidRequest("A retry criterion has a failureType and a numberOfRetries.")
    }
    self.init(failureType: RetryableFailure(awsWord: failure), numberOfRetries: retries)
  }
}

extension CancelJob {
  init(target: RequestTarget, body: RequestBody) throws(AWSError) {
    self.init(jobID: try target.label(1), force: try target.flag("force"))
    self.reasonCode = try body.text("reasonCode")
    self.comment = try body.text("comment")
  }
}

extension ListJobs {
  init(target: RequestTarget) throws(AWSError) {
    self.init(page: try PageRequest(target: target))
    self.status = try target.parameter("status").map { JobStatus(awsWord: $0) }
    self.targetSelection = try target.parameter("targetSelection")
      .map { TargetSelection(awsWord: $0) }
  }
}

extension PageRequest {
  fileprivate init(target: RequestTarget) throws(AWSError) {
    self.init(
      maxResults: try target.integer("maxResults"), nextToken: try target.parameter("nextToken"))
  }
}

extension ListJobExecutionsForThing {
  init(target: RequestTarget) throws(AWSError) {
    self.init(thingName: try target.label(1), page: try PageRequest(target: target))
    self.status = try target.parameter("status").map { JobExecutionStatus(awsWord: $0) }
    self.jobID = try target.parameter("jobId")
  }
}

extension ListJobExecutionsForJob {
  init(target: RequestTarget) throws(AWSError) {
    self.init(jobID: try target.label(1), page: try PageRequest(target: target))
    self.status = try target.parameter("status").map { JobExecutionStatus(awsWord: $0) }
  }
}

extension CancelJobExecution {
  init(target: RequestTarget, body: RequestBody) throws(AWSError) {
    self.init(
      thingName: try target.label(1), jobID: try target.label(3), force: try target.flag("force"))
    self.expectedVersion = try body.number("expectedVersion")
    self.statusDetails = try body.details("statusDetails")
  }
}

extension DeleteJobExecution {
  init(target: RequestTarget) throws(AWSError) {
    guard let number = RequestTarget.integer(try target.label(5)) else {
      throw .invalidRequest("The execution number must be an integer.")
    }
    self.init(
      thingName: try target.label(1), jobID: try target.label(3), executionNumber: number,
      force: try target.flag("force"))
  }
}

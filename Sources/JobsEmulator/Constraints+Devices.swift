// SPDX-License-Identifier: Apache-2.0

import JobsAPI

/// What the data plane's model asks of a call's members: 400 InvalidRequest for the rest.
/// Source: IoT Jobs Data Plane API, 2017-09-29.

extension DescribeJobExecution {
  func checkConstraints() throws(JobsFailure) {
    var violations = ConstraintViolations()
    violations.thingName(self.thingName)
    if self.jobID != "$next" { violations.jobID(self.jobID) }
    try violations.throwIfAny()
  }
}

extension GetPendingJobExecutions {
  func checkConstraints() throws(JobsFailure) {
    var violations = ConstraintViolations()
    violations.thingName(self.thingName)
    try violations.throwIfAny()
  }
}

extension StartNextPendingJobExecution {
  func checkConstraints(limits: EmulatorLimits) throws(JobsFailure) {
    var violations = ConstraintViolations()
    violations.thingName(self.thingName)
    violations.statusDetails(self.statusDetails, mostPairs: limits.statusDetailsPairs)
    if let minutes = self.stepTimeoutMinutes {
      violations.range("stepTimeoutInMinutes", minutes, 1...10080)
    }
    try violations.throwIfAny()
  }
}

extension UpdateJobExecution {
  func checkConstraints(rules: EmulatorRules, limits: EmulatorLimits) throws(JobsFailure) {
    var violations = ConstraintViolations()
    violations.thingName(self.thingName)
    violations.jobID(self.jobID)
    if self.status.refusalAsReport(rules) == .refuseRequest {
      violations.word(
        "status", self.status.awsWord,
        isOneOf: ["IN_PROGRESS", "SUCCEEDED", "FAILED", "REJECTED"])
    }
    violations.statusDetails(self.statusDetails, mostPairs: limits.statusDetailsPairs)
    if let minutes = self.stepTimeoutMinutes, minutes != -1 {
      violations.range("stepTimeoutInMinutes", minutes, 1...10080)
    }
    try violations.throwIfAny()
  }
}

extension ConstraintViolations {
  mutating func thingName(_ name: String) {
    self.length("thingName", name, 1...128)
    self.pattern("thingName", name, .thingName)
  }

  mutating func jobID(_ jobID: String) {
    self.length("jobId", jobID, 1...64)
    self.pattern("jobId", jobID, .jobID)
  }

  mutating func statusDetails(_ details: StatusDetails?, mostPairs: Int) {
    guard let details else { return }
    if details.count > mostPairs {
      self.add("statusDetails", nil, "Map must have at most \(mostPairs) entries")
      return
    }
    for entry in details.entries {
      self.length("statusDetails.key", entry.name, 1...128)
      self.pattern("statusDetails.key", entry.name, .thingName)
      self.length("statusDetails.\(entry.name).member", entry.value, 1...1024)
      self.pattern("statusDetails.\(entry.name).member", entry.value, .printable)
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

import JobsAPI

/// What the data plane's model asks of a call's members: 400 InvalidRequest for the rest. The rules
/// are those that the gateway itself checks; here they are told in AWS's words, and the rules of
/// the service that are no rules of the model are added.
/// Source: IoT Jobs Data Plane API, 2017-09-29.

extension DescribeJobExecution {
  func checkConstraints() throws(JobsFailure) {
    try ConstraintViolations(
      self.breaches(),
      arguments: CallArguments(thingName: self.thingName, jobID: self.jobID)
    ).throwIfAny()
  }
}

extension GetPendingJobExecutions {
  func checkConstraints() throws(JobsFailure) {
    try ConstraintViolations(
      self.breaches(), arguments: CallArguments(thingName: self.thingName)
    ).throwIfAny()
  }
}

extension StartNextPendingJobExecution {
  func checkConstraints(limits: EmulatorLimits) throws(JobsFailure) {
    var violations = ConstraintViolations(
      self.breaches(),
      arguments: CallArguments(
        thingName: self.thingName, details: self.statusDetails, minutes: self.stepTimeoutMinutes))
    violations.count(of: self.statusDetails, most: limits.statusDetailsPairs)
    try violations.throwIfAny()
  }
}

extension UpdateJobExecution {
  func checkConstraints(rules: EmulatorRules, limits: EmulatorLimits) throws(JobsFailure) {
    var violations = ConstraintViolations(
      self.breaches(),
      arguments: CallArguments(
        thingName: self.thingName, jobID: self.jobID, status: self.status,
        details: self.statusDetails, minutes: self.stepTimeoutMinutes))
    if case .unrecognized = self.status {
      // The model's own constraint, told already.
    } else if self.status.refusalAsReport(rules) == .refuseRequest {
      violations.word(
        "status", self.status.awsWord,
        isOneOf: ["IN_PROGRESS", "SUCCEEDED", "FAILED", "REJECTED"])
    }
    violations.count(of: self.statusDetails, most: limits.statusDetailsPairs)
    try violations.throwIfAny()
  }
}

extension CancelJobExecution {
  /// The control plane's names and details have the constraints of the data plane's.
  func checkConstraints() throws(JobsFailure) {
    var twin = UpdateJobExecution(
      thingName: self.thingName, jobID: self.jobID, status: .inProgress)
    twin.statusDetails = self.statusDetails
    var violations = ConstraintViolations(
      twin.breaches(),
      arguments: CallArguments(
        thingName: self.thingName, jobID: self.jobID, details: self.statusDetails))
    // AWS's words for this operation: "You can specify at most 10 name/value pairs."
    violations.count(of: self.statusDetails, most: 10)
    try violations.throwIfAny()
  }
}

extension ConstraintViolations {
  fileprivate mutating func count(of details: StatusDetails?, most: Int) {
    guard let details, details.count > most else { return }
    self.add("statusDetails", nil, "Member must have length less than or equal to \(most)")
  }
}

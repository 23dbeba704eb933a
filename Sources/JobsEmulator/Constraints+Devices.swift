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

/// The arguments of a call, to show what is at the place of a breach.
private struct CallArguments {
  var thingName: String
  var jobID: String?
  var status: JobExecutionStatus?
  var details: StatusDetails?
  var minutes: Int64?

  /// AWS's spelling of a place and what the call has there.
  func member(at place: ConstraintBreach.Place) -> (name: String, value: String?) {
    switch place {
    case .thingName: ("thingName", self.thingName)
    case .jobID: ("jobId", self.jobID)
    case .status: ("status", self.status?.awsWord)
    case .stepTimeoutMinutes: ("stepTimeoutInMinutes", self.minutes.map { String($0) })
    case .detailName(let name): ("statusDetails", name)
    case .detailValue(let name):
      ("statusDetails.\(ConstraintViolations.cut(name)).member", self.details?[name])
    case .detailsAndClear: ("statusDetails", nil)
    }
  }
}

extension ConstraintViolations {
  fileprivate init(_ breaches: [ConstraintBreach], arguments: CallArguments) {
    self.init()
    for breach in breaches {
      let member = arguments.member(at: breach.place)
      let rule = Self.wording(of: breach.rule)
      if case .detailName = breach.place {
        self.add(member.name, member.value, "Map keys must satisfy constraint: [\(rule)]")
      } else {
        self.add(member.name, member.value, rule)
      }
    }
  }

  private static func wording(of rule: ConstraintBreach.Rule) -> String {
    switch rule {
    case .length(let allowed, let actual):
      actual < allowed.lowerBound
        ? "Member must have length greater than or equal to \(allowed.lowerBound)"
        : "Member must have length less than or equal to \(allowed.upperBound)"
    case .characters(let rule):
      "Member must satisfy regular expression pattern: \(rule.expression)"
    case .knownState:
      "Member must satisfy enum value set: "
        + "[\(JobExecutionStatus.documented.map(\.awsWord).joined(separator: ", "))]"
    case .minutes(let allowed, let stop):
      "Member must have value between \(allowed.lowerBound) and \(allowed.upperBound)"
        + (stop ? ", or -1" : "")
    case .exclusive:
      "Member must not be set together with its opposite"
    }
  }

  fileprivate mutating func count(of details: StatusDetails?, most: Int) {
    guard let details, details.count > most else { return }
    self.add("statusDetails", nil, "Member must have length less than or equal to \(most)")
  }
}

extension ConstraintBreach.CharacterRule {
  fileprivate var expression: String {
    switch self {
    case .thingName, .detailName: "[a-zA-Z0-9:_-]+"
    case .jobID: "[a-zA-Z0-9_-]+"
    case .jobIDOrNext: "[a-zA-Z0-9_-]+|^\\$next"
    case .detailValue: "[^\\p{C}]+"
    }
  }
}

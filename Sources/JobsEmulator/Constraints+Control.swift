// SPDX-License-Identifier: Apache-2.0

import JobsAPI

/// What the control plane's model asks of a call's members: 400 InvalidRequest for the rest.
/// Source: AWS IoT API, 2015-05-28.

extension CreateJob {
  /// The members of AWS's CreateJob that the emulator would have to heed and cannot. Others that
  /// have no place in the call change nothing that it shows: tags, and what AWS does not know.
  static let refusedMembers = [
    "abortConfig", "destinationPackageVersions", "documentParameters", "documentSource",
    "jobExecutionsRolloutConfig", "jobTemplateArn", "namespaceId", "presignedUrlConfig",
    "schedulingConfig",
  ]

  /// The things to target, each once, and the document.
  func checkConstraints(
    rules: EmulatorRules, limits: EmulatorLimits
  ) throws(JobsFailure) -> (targets: [ThingTarget], document: String) {
    try self.refuseWhatIsNotPlayed()
    var violations = ConstraintViolations()
    violations.jobID(self.jobID)
    if let description = self.description { violations.text("description", description) }
    if let selection = self.targetSelection {
      violations.word(
        "targetSelection", selection.awsWord,
        isOneOf: TargetSelection.documented.map(\.awsWord))
    }
    if let minutes = self.inProgressTimeoutMinutes {
      violations.range("timeoutConfig.inProgressTimeoutInMinutes", minutes, 1...10080)
    }
    violations.retryCriteria(self.retryCriteria)
    let targets = violations.things(among: self.targets, most: limits.targetsPerJob)
    if let document = self.document {
      violations.length("document", document, 0...limits.documentCharacters)
    }
    try violations.throwIfAny()
    return (targets, try self.checkedDocument(rules))
  }

  private func refuseWhatIsNotPlayed() throws(JobsFailure) {
    let refused = self.otherMembers.filter(Self.refusedMembers.contains).sorted()
    guard refused.isEmpty else {
      throw .invalidRequest("The emulator does not support \(refused.joined(separator: ", ")).")
    }
  }

  private func checkedDocument(_ rules: EmulatorRules) throws(JobsFailure) -> String {
    guard let document = self.document else {
      throw .invalidRequest("Either document or documentSource is required.")
    }
    guard rules.documentMustBeJSON else { return document }
    do {
      _ = try JSONValue(parsing: Array(document.utf8))
    } catch .numberOutOfRange {
      // JSON, though our reader's integers end at 64 bits.
    } catch {
      throw .invalidRequest("The job document is not valid JSON.")
    }
    return document
  }
}

extension DescribeJob {
  func checkConstraints() throws(JobsFailure) {
    var violations = ConstraintViolations()
    violations.jobID(self.jobID)
    try violations.throwIfAny()
  }
}

extension GetJobDocument {
  func checkConstraints() throws(JobsFailure) {
    var violations = ConstraintViolations()
    violations.jobID(self.jobID)
    try violations.throwIfAny()
  }
}

extension CancelJob {
  func checkConstraints() throws(JobsFailure) {
    var violations = ConstraintViolations()
    violations.jobID(self.jobID)
    if let comment = self.comment { violations.text("comment", comment) }
    if let code = self.reasonCode {
      violations.length("reasonCode", code, 0...128)
      violations.pattern("reasonCode", code, .reasonCode)
    }
    try violations.throwIfAny()
  }
}

extension DeleteJob {
  func checkConstraints() throws(JobsFailure) {
    var violations = ConstraintViolations()
    violations.jobID(self.jobID)
    try violations.throwIfAny()
  }
}

extension DescribeManagedJobExecution {
  func checkConstraints() throws(JobsFailure) {
    var violations = ConstraintViolations()
    violations.thingName(self.thingName)
    violations.jobID(self.jobID)
    try violations.throwIfAny()
  }
}

extension DeleteJobExecution {
  func checkConstraints() throws(JobsFailure) {
    var violations = ConstraintViolations()
    violations.thingName(self.thingName)
    violations.jobID(self.jobID)
    try violations.throwIfAny()
  }
}

extension ListJobs {
  func checkConstraints(rules: EmulatorRules) throws(JobsFailure) -> PageCut {
    var violations = ConstraintViolations()
    if let status = self.status {
      violations.word("status", status.awsWord, isOneOf: JobStatus.documented.map(\.awsWord))
    }
    if let selection = self.targetSelection {
      violations.word(
        "targetSelection", selection.awsWord,
        isOneOf: TargetSelection.documented.map(\.awsWord))
    }
    return try self.page.cut(violations, rules: rules)
  }
}

extension ListJobExecutionsForThing {
  func checkConstraints(rules: EmulatorRules) throws(JobsFailure) -> PageCut {
    var violations = ConstraintViolations()
    violations.thingName(self.thingName)
    violations.executionStatus(self.status)
    if let jobID = self.jobID { violations.jobID(jobID) }
    return try self.page.cut(violations, rules: rules)
  }
}

extension ListJobExecutionsForJob {
  func checkConstraints(rules: EmulatorRules) throws(JobsFailure) -> PageCut {
    var violations = ConstraintViolations()
    violations.jobID(self.jobID)
    violations.executionStatus(self.status)
    return try self.page.cut(violations, rules: rules)
  }
}

extension PageRequest {
  /// Adds what is wrong with the page to what is wrong with the call, and throws if anything is.
  fileprivate func cut(
    _ found: ConstraintViolations, rules: EmulatorRules
  ) throws(JobsFailure) -> PageCut {
    var violations = found
    if let most = self.maxResults { violations.range("maxResults", most, 1...250) }
    try violations.throwIfAny()
    if let token = self.nextToken, UInt64(token) == nil {
      throw .invalidRequest("nextToken is not one that this service gave out.")
    }
    return PageCut(
      length: self.maxResults.map { Int($0) } ?? rules.defaultPageLength,
      after: self.nextToken.flatMap { UInt64($0) }, newestFirst: rules.listsNewestFirst)
  }
}

extension ConstraintViolations {
  mutating func thingName(_ name: String) {
    self.length("thingName", name, 1...128)
    self.pattern("thingName", name, .thingName)
  }

  fileprivate mutating func jobID(_ jobID: String) {
    self.length("jobId", jobID, 1...64)
    self.pattern("jobId", jobID, .jobID)
  }

  /// A description or a comment.
  fileprivate mutating func text(_ member: String, _ text: String) {
    self.length(member, text, 0...2028)
    self.pattern(member, text, .printable)
  }

  fileprivate mutating func executionStatus(_ status: JobExecutionStatus?) {
    guard let status else { return }
    self.word("status", status.awsWord, isOneOf: JobExecutionStatus.documented.map(\.awsWord))
  }

  /// ALL speaks for both ends, so nothing may stand beside it, and no end may stand twice.
  fileprivate mutating func retryCriteria(_ criteria: [RetryCriterion]?) {
    guard let criteria else { return }
    let list = "jobExecutionsRetryConfig.criteriaList"
    if criteria.isEmpty || criteria.count > 2 {
      self.add(list, nil, "Member must have length between 1 and 2")
      return
    }
    for criterion in criteria {
      self.word(
        "\(list).failureType", criterion.failureType.awsWord,
        isOneOf: RetryableFailure.documented.map(\.awsWord))
      self.range("\(list).numberOfRetries", criterion.numberOfRetries, 0...10)
    }
    if criteria.count == 2,
      criteria[0].failureType == criteria[1].failureType
        || criteria.contains(where: { $0.failureType == .all })
    {
      self.add(list, nil, "Member must not name a failure type twice")
    }
  }

  /// The things among the targets, each once, in the order of the call.
  fileprivate mutating func things(among targets: [String], most: Int) -> [ThingTarget] {
    guard !targets.isEmpty else {
      self.add("targets", nil, "Member must have length greater than or equal to 1")
      return []
    }
    guard targets.count <= most else {
      self.add("targets", nil, "Member must have length less than or equal to \(most)")
      return []
    }
    var seen: Set<String> = []
    var things: [ThingTarget] = []
    for arn in targets {
      if let thing = ThingTarget(arn: arn), arn.utf8.count <= 2048 {
        self.thingName(thing.name)
        if seen.insert(thing.name).inserted { things.append(thing) }
      } else {
        self.add(
          "targets", arn, "Member must be the ARN of a thing; thing groups do not exist here")
      }
    }
    return things
  }
}

// SPDX-License-Identifier: Apache-2.0

package import JobsAPI

/// The control plane's operations on jobs.
/// Source: AWS IoT API; AWS IoT developer guide, "Create and manage jobs".
extension JobsState {
  /// A thing is known from the first job that targets it: the emulator has no registry of things.
  package mutating func createJob(
    _ call: CreateJob, now: Int64
  ) throws(JobsFailure) -> JobReference {
    let (targets, document) = try call.checkConstraints(rules: self.rules, limits: self.limits)
    self.advance(to: now)
    if self.jobs[call.jobID] != nil { throw .alreadyExists(call.jobID) }
    try self.checkBounds(for: targets)
    let job = self.entry(for: call, document: document)
    self.jobs[call.jobID] = job
    self.jobOrder.append(JobOrder(sequence: job.sequence, jobID: call.jobID))
    for target in targets {
      let id = ExecutionID(rawValue: self.nextSequence())
      self.enqueue(Execution(id: id, of: job, on: target, now: self.now, rules: self.rules))
    }
    return job.reference
  }

  /// Makes a thing known that no job targets. Known ones stay as they are.
  package mutating func addThing(_ name: String) throws(JobsFailure) {
    var violations = ConstraintViolations()
    violations.thingName(name)
    try violations.throwIfAny()
    guard self.things[name] == nil else { return }
    guard self.things.count < self.limits.things else {
      throw .limitExceeded("The emulator holds at most \(self.limits.things) things.")
    }
    self.things[name] = ThingEntry()
  }

  private mutating func entry(for call: CreateJob, document: String) -> JobEntry {
    var facts = Job(
      jobARN: self.account.arn(ofJob: call.jobID), jobID: call.jobID,
      targetSelection: call.targetSelection ?? .snapshot, status: .inProgress,
      targets: call.targets, createdAtSeconds: self.now)
    facts.description = call.description
    facts.inProgressTimeoutMinutes = call.inProgressTimeoutMinutes
    facts.retryCriteria = call.retryCriteria ?? []
    return JobEntry(
      sequence: self.nextSequence(), document: document,
      retryPolicy: RetryPolicy(facts.retryCriteria, most: self.rules.maximumRetries), facts: facts)
  }

  private func checkBounds(for targets: [ThingTarget]) throws(JobsFailure) {
    guard self.jobs.count < self.limits.jobs else {
      throw .limitExceeded("The emulator holds at most \(self.limits.jobs) jobs.")
    }
    guard self.executions.count + targets.count <= self.limits.executions else {
      throw .limitExceeded("The emulator holds at most \(self.limits.executions) job executions.")
    }
    let newThings = targets.count { self.things[$0.name] == nil }
    guard self.things.count + newThings <= self.limits.things else {
      throw .limitExceeded("The emulator holds at most \(self.limits.things) things.")
    }
    for target in targets {
      let count = self.things[target.name]?.executions.count ?? 0
      guard count < self.limits.executionsPerThing else {
        throw .limitExceeded(
          "Thing \(target.name) has its most of \(self.limits.executionsPerThing) job executions.")
      }
    }
  }

  package mutating func describeJob(_ call: DescribeJob, now: Int64) throws(JobsFailure) -> Job {
    try call.checkConstraints()
    self.advance(to: now)
    return try self.job(call.jobID).facts
  }

  package mutating func jobDocument(
    _ call: GetJobDocument, now: Int64
  ) throws(JobsFailure) -> String {
    try call.checkConstraints()
    self.advance(to: now)
    return try self.job(call.jobID).document
  }

  /// QUEUED executions are cancelled, with force those IN_PROGRESS too.
  ///
  /// A job that is CANCELED already may be cancelled again, which reaches what is left of it
  /// (unverified).
  package mutating func cancelJob(
    _ call: CancelJob, now: Int64
  ) throws(JobsFailure) -> JobReference {
    try call.checkConstraints()
    self.advance(to: now)
    let job = try self.job(call.jobID)
    guard job.facts.status != .completed else {
      if !self.rules.cancelRefusesCompleted { return job.reference }
      throw .invalidRequest("Job \(call.jobID) is COMPLETED and cannot be canceled.")
    }
    let force = call.force ?? false
    // First the job, so that no end of an execution completes it or is retried.
    self.jobs[call.jobID]?.cancelled(call, now: self.now)
    for id in job.executions {
      guard var execution = self.executions[id],
        execution.status == .queued || (force && execution.status == .inProgress)
      else { continue }
      let old = execution.status
      execution.cancelled(force: force, details: nil, now: self.now, rules: self.rules)
      self.store(execution, leaving: old)
    }
    return job.reference
  }

  /// Takes a job away at once, with its executions: DELETION_IN_PROGRESS is never seen here.
  package mutating func deleteJob(_ call: DeleteJob, now: Int64) throws(JobsFailure) {
    try call.checkConstraints()
    self.advance(to: now)
    let job = try self.job(call.jobID)
    guard job.facts.status != .inProgress || call.force == true else {
      throw .invalidStateTransition(
        "Job \(call.jobID) is IN_PROGRESS and can only be deleted with force.")
    }
    self.jobs[call.jobID] = nil
    self.jobOrder.removeAll { $0.sequence == job.sequence }
    for id in job.executions {
      if let execution = self.executions[id] { self.remove(execution) }
    }
  }

  func job(_ jobID: String) throws(JobsFailure) -> JobEntry {
    guard let job = self.jobs[jobID] else { throw .jobNotFound(jobID) }
    return job
  }
}

extension JobEntry {
  fileprivate mutating func cancelled(_ call: CancelJob, now: Int64) {
    self.facts.status = .canceled
    self.facts.forceCanceled = call.force ?? false
    self.facts.reasonCode = call.reasonCode ?? self.facts.reasonCode
    self.facts.comment = call.comment ?? self.facts.comment
    self.facts.lastUpdatedAtSeconds = now
    self.facts.completedAtSeconds = self.facts.completedAtSeconds ?? now
  }
}

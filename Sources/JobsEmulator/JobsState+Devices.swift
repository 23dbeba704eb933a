// SPDX-License-Identifier: Apache-2.0

package import JobsAPI

/// The data plane's four operations.
/// Source: IoT Jobs Data Plane API; AWS IoT developer guide, "Jobs workflow".
extension JobsState {
  /// Nil when `$next` was asked for and nothing is pending.
  ///
  /// With `$next` an executionNumber has no meaning and is not heeded (unverified).
  package mutating func describe(
    _ call: DescribeJobExecution, now: Int64
  ) throws(JobsFailure) -> JobExecution? {
    try call.checkConstraints()
    self.advance(to: now)
    let includingDocument = call.includeJobDocument ?? true
    if call.jobID == "$next" {
      guard let next = try self.thing(call.thingName)?.next else { return nil }
      return self.executions[next]?.view(includingDocument: includingDocument, now: self.now)
    }
    let execution = try self.execution(
      of: call.jobID, on: call.thingName, number: call.executionNumber)
    if execution.status.isTerminal && self.rules.describeRefusesTerminal {
      throw .terminalState(execution)
    }
    return execution.view(includingDocument: includingDocument, now: self.now)
  }

  package mutating func getPending(
    _ call: GetPendingJobExecutions, now: Int64
  ) throws(JobsFailure) -> PendingJobExecutions {
    try call.checkConstraints()
    self.advance(to: now)
    guard let thing = try self.thing(call.thingName) else { return PendingJobExecutions() }
    let inProgress = thing.inProgress.prefix(self.rules.pendingLimit)
    let room =
      switch self.rules.pendingShare {
      case .inProgressFirst: self.rules.pendingLimit - inProgress.count
      case .each: self.rules.pendingLimit
      }
    return PendingJobExecutions(
      inProgress: inProgress.compactMap { self.executions[$0]?.summary },
      queued: thing.queued.prefix(room).compactMap { self.executions[$0]?.summary })
  }

  /// Nil when nothing is pending.
  package mutating func startNext(
    _ call: StartNextPendingJobExecution, now: Int64
  ) throws(JobsFailure) -> JobExecution? {
    try call.checkConstraints(limits: self.limits)
    self.advance(to: now)
    guard let next = try self.thing(call.thingName)?.next,
      var execution = self.executions[next]
    else { return nil }
    let old = execution.status
    if old == .inProgress {
      execution.startedAgain(
        stepTimeoutMinutes: call.stepTimeoutMinutes, now: self.now, rules: self.rules)
    } else {
      execution.reported(
        .inProgress, details: call.statusDetails, stepTimeoutMinutes: call.stepTimeoutMinutes,
        now: self.now, rules: self.rules)
    }
    self.store(execution, leaving: old)
    return execution.view(includingDocument: true, now: self.now)
  }

  /// Checks in this order: constraints, existence, expected version, state.
  package mutating func update(
    _ call: UpdateJobExecution, now: Int64
  ) throws(JobsFailure) -> UpdatedJobExecution {
    try call.checkConstraints(rules: self.rules, limits: self.limits)
    self.advance(to: now)
    var execution = try self.execution(
      of: call.jobID, on: call.thingName, number: call.executionNumber)
    if let expected = call.expectedVersion, expected != execution.versionNumber {
      throw .versionMismatch(of: execution, expected: expected, rule: self.rules.versionMismatch)
    }
    let old = execution.status
    guard old.receivedReport(call.status, rules: self.rules) == .accept else {
      throw .transition(of: execution, to: call.status)
    }
    execution.reported(
      call.status, details: call.statusDetails, stepTimeoutMinutes: call.stepTimeoutMinutes,
      now: self.now, rules: self.rules)
    try self.checkBound(ofDetails: execution.statusDetails)
    self.store(execution, leaving: old)
    return UpdatedJobExecution(
      executionState: call.includeJobExecutionState == true ? execution.state : nil,
      jobDocument: call.includeJobDocument == true ? execution.document : nil)
  }

  /// Nil only where the rules let an unknown thing pass as one without jobs.
  private func thing(_ name: String) throws(JobsFailure) -> ThingEntry? {
    if let thing = self.things[name] { return thing }
    switch self.rules.unknownThing {
    case .notFound: throw .thingNotFound(name)
    case .empty: return nil
    }
  }

  /// Merging could pile up what no single call may bring.
  func checkBound(ofDetails details: StatusDetails?) throws(JobsFailure) {
    guard let details, details.count > self.limits.statusDetailsPairs else { return }
    throw .invalidRequest(
      "statusDetails may hold at most \(self.limits.statusDetailsPairs) name and value pairs.")
  }
}

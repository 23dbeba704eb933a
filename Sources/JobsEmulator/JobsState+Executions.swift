// SPDX-License-Identifier: Apache-2.0

package import JobsAPI

/// The control plane's operations on one execution.
/// Source: AWS IoT API.
extension JobsState {
  package mutating func describeExecution(
    _ call: DescribeManagedJobExecution, now: Int64
  ) throws(JobsFailure) -> ManagedJobExecution {
    try call.checkConstraints()
    self.advance(to: now)
    let execution = try self.execution(
      of: call.jobID, on: call.thingName, number: call.executionNumber)
    return execution.managedView(now: self.now)
  }

  /// Cancels a thing's latest execution of a job. IN_PROGRESS needs force.
  package mutating func cancelExecution(
    _ call: CancelJobExecution, now: Int64
  ) throws(JobsFailure) {
    try call.checkConstraints()
    self.advance(to: now)
    var execution = try self.execution(of: call.jobID, on: call.thingName)
    if let expected = call.expectedVersion, expected != execution.versionNumber {
      throw .versionConflict(of: execution, expected: expected)
    }
    let force = call.force ?? false
    let old = execution.status
    guard old == .queued || (old == .inProgress && force) else {
      throw .transition(of: execution, to: .canceled)
    }
    execution.cancelled(
      force: force, details: call.statusDetails, now: self.now, rules: self.rules)
    try self.checkBound(ofDetails: execution.statusDetails)
    self.store(execution, leaving: old)
  }

  /// Takes an execution away. One that is not at its end needs force.
  package mutating func deleteExecution(
    _ call: DeleteJobExecution, now: Int64
  ) throws(JobsFailure) {
    try call.checkConstraints()
    self.advance(to: now)
    let execution = try self.execution(
      of: call.jobID, on: call.thingName, number: call.executionNumber)
    guard execution.status.isTerminal || call.force == true else {
      throw .invalidStateTransition(
        "Job execution is \(execution.status.awsWord) and can only be deleted with force.")
    }
    self.remove(execution)
  }
}

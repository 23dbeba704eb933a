// SPDX-License-Identifier: Apache-2.0

/// What the methods that last ask for and answer. AWS has no such operations: they are made of reads.

/// Asks to be told what is pending for some things.
package struct WatchPendingJobExecutions: Equatable, Sendable {
  package var thingNames: [String]
  /// Opaque; empty for none.
  package var resumeToken: [UInt8]

  package init(thingNames: [String], resumeToken: [UInt8] = []) {
    self.thingNames = thingNames
    self.resumeToken = resumeToken
  }
}

/// One thing to tell a watcher.
package enum PendingNews: Equatable, Sendable {
  /// All that is pending for a thing.
  case snapshot(thingName: String, PendingJobExecutions)
  case change(thingName: String, PendingChange)
  /// - Parameter secondsSinceAnswer: since AWS last told; nil if it has not yet.
  case heartbeat(secondsSinceAnswer: Int64?)
}

/// One change of what is pending for a thing.
package struct PendingChange: Equatable, Sendable {
  package enum Kind: String, CaseIterable, Sendable {
    /// It is pending and was not, or is queued again.
    case added
    /// It was queued and is in progress.
    case started
    /// It is in the same state, with another version.
    case updated
    /// It is pending no more.
    case left
  }

  package var kind: Kind
  /// As it is now, or as it last was.
  package var execution: JobExecutionSummary
  /// Of what left: its terminal state if that was seen.
  package var status: JobExecutionStatus?

  package init(
    _ kind: Kind, _ execution: JobExecutionSummary, status: JobExecutionStatus? = nil
  ) {
    self.kind = kind
    self.execution = execution
    self.status = status
  }
}

/// Asks to be told when an execution has come so far.
package struct WaitForJobExecution: Equatable, Sendable {
  package var thingName: String
  package var jobID: String
  /// Absent: the latest execution.
  package var executionNumber: Int64?
  /// Besides the terminal ones.
  package var statuses: [JobExecutionStatus]
  package var versionAbove: Int64?

  package init(thingName: String, jobID: String) {
    self.thingName = thingName
    self.jobID = jobID
    self.executionNumber = nil
    self.statuses = []
    self.versionAbove = nil
  }
}

/// How far an execution has come, as far as that was seen.
package struct AwaitedExecution: Equatable, Sendable {
  package var isTerminal: Bool
  package var status: JobExecutionStatus?
  package var versionNumber: Int64?
  package var executionNumber: Int64?

  package init(
    isTerminal: Bool, status: JobExecutionStatus? = nil, versionNumber: Int64? = nil,
    executionNumber: Int64? = nil
  ) {
    self.isTerminal = isTerminal
    self.status = status
    self.versionNumber = versionNumber
    self.executionNumber = executionNumber
  }

  /// Whether that is as far as a caller waits for: nothing comes after an end.
  package func satisfies(_ wait: WaitForJobExecution) -> Bool {
    if self.isTerminal { return true }
    if let status = self.status, wait.statuses.contains(status) { return true }
    guard let above = wait.versionAbove, let version = self.versionNumber else { return false }
    return version > above
  }
}

extension WatchPendingJobExecutions: ConstrainedCall {
  /// How many things a caller may name is for the server to say; the .proto wants one at least.
  package func breaches(limit: Int) -> [ConstraintBreach] {
    var breaches: [ConstraintBreach] = []
    for name in self.thingNames where breaches.count < limit {
      breaches += GetPendingJobExecutions(thingName: name).breaches(limit: limit - breaches.count)
    }
    return breaches
  }
}

extension WaitForJobExecution: ConstrainedCall {
  package func breaches(limit: Int) -> [ConstraintBreach] {
    // The rules of an update's arguments: `$next` is no execution to wait for.
    var update = UpdateJobExecution(
      thingName: self.thingName, jobID: self.jobID, status: .inProgress)
    for case .unrecognized(let word) in self.statuses {
      update.status = .unrecognized(word)
    }
    return update.breaches(limit: limit)
  }
}

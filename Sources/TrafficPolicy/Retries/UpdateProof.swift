// SPDX-License-Identifier: Apache-2.0

package import JobsAPI

/// What the state of an execution proves of an update whose answer was lost.
package enum UpdateProof: Equatable, Sendable {
  /// The update was applied.
  case applied
  /// It was not applied, and cannot be any more: somebody else's write was there first.
  case overtaken
  case nothing
}

/// Reads proofs. It needs to be told nothing but what was sent, so it stands on four facts about
/// executions (AWS IoT developer guide, "Job execution states", "UpdateJobExecution"):
///
/// - Each update that is applied raises the version by one, and an update that expects version v is
///   applied at v or never. So the state at v + 1 is that update's own or its victor's.
/// - The service ends executions by itself (TIMED_OUT, REMOVED, CANCELED), and whether that raises
///   the version is not documented. So such an end at v + 1 may have come after the update.
/// - No device leaves a terminal state. So an update to one, once applied, stays to be seen.
/// - After FAILED and TIMED_OUT the service may queue the same job for the thing again, as a new
///   execution that begins at version 1. An update that names no execution number means the latest,
///   which then is another one than before.
///
/// Two writers who send the same state and details from the same version cannot be told apart.
extension UpdateJobExecution {
  /// True if a repeat cannot apply the update a second time.
  var isSafeToRepeat: Bool {
    !self.mayHaveSuccessor && (self.expectedVersion != nil || self.status.isTerminal)
  }

  /// True if there are states that prove something.
  var isProvable: Bool {
    !self.status.isServiceOwn && (self.expectedVersion != nil || self.status.isTerminal)
  }

  /// Whether the update itself may bring about a new execution, which its repeat would meet.
  private var mayHaveSuccessor: Bool { self.status == .failed && self.executionNumber == nil }

  package func proof(from state: JobExecutionState) -> UpdateProof {
    guard self.isProvable, let status = state.status else { return .nothing }
    guard let expectedVersion else { return self.proofWithoutVersion(from: state, status) }
    guard let version = state.versionNumber, expectedVersion < .max else { return .nothing }
    if version == expectedVersion + 1, status == self.status {
      let proof = self.proofByDetails(state.statusDetails)
      if proof != .overtaken { return proof }
    }
    return self.isOvertaken(by: status, at: version, expecting: expectedVersion)
      ? .overtaken : .nothing
  }

  /// The state is not the update's own.
  private func isOvertaken(
    by status: JobExecutionStatus, at version: Int64, expecting expectedVersion: Int64
  ) -> Bool {
    // It may be that of a new execution, and what became of its predecessor is not to be seen.
    if self.mayHaveSuccessor { return false }
    if self.status.isTerminal {
      // It would have been the last; or it would be applied still, unless there is another end.
      return version != expectedVersion || (status.isTerminal && status != self.status)
    }
    if version < expectedVersion {
      // It never got as far, or it ended and began again in the meantime.
      return self.executionNumber != nil
    }
    // At the version that was expected it would be applied still, or AWS contradicts itself. Later
    // than the next one, others have written since: whether that one was its own is not to be seen.
    return version == expectedVersion + 1 && !status.isServiceOwn
  }

  private func proofWithoutVersion(
    from state: JobExecutionState, _ status: JobExecutionStatus
  ) -> UpdateProof {
    guard self.status.isTerminal, status.isTerminal else { return .nothing }
    let proof =
      status == self.status ? self.proofByDetails(state.statusDetails) : .overtaken
    // It may be a new execution's own end.
    return proof == .overtaken && self.mayHaveSuccessor ? .nothing : proof
  }

  /// Whether AWS replaces details or merges them is not documented: either way those that were sent
  /// are to be seen, if the answer shows any.
  private func proofByDetails(_ details: StatusDetails?) -> UpdateProof {
    let shown = details ?? .empty
    guard let sent = self.statusDetails else {
      // Those there may be older, or come with somebody else's write, which tells a claim from
      // another. At an end nobody claims anything any more.
      return shown.isEmpty || self.status.isTerminal ? .applied : .nothing
    }
    if sent.isEmpty { return shown.isEmpty ? .applied : .nothing }
    if shown.isEmpty { return .nothing }
    return sent.entries.allSatisfy { shown[$0.name] == $0.value } ? .applied : .overtaken
  }
}

extension JobExecutionStatus {
  /// Set by the service alone: no device's update is to thank for it.
  fileprivate var isServiceOwn: Bool {
    switch self {
    case .queued, .timedOut, .removed, .canceled: true
    case .inProgress, .succeeded, .failed, .rejected, .unrecognized: false
    }
  }
}

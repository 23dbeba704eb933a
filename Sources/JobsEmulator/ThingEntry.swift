// SPDX-License-Identifier: Apache-2.0

import JobsAPI

/// What is known of a thing: its executions, found by job, by state and by age.
struct ThingEntry: Equatable, Sendable {
  /// All executions, in the order in which they were queued.
  var executions: [ExecutionID] = []
  /// The latest execution of each job; older ones hang on it by ``Execution/previous``.
  var latest: [String: ExecutionID] = [:]
  private(set) var queued = PendingQueue()
  private(set) var inProgress = PendingQueue()

  /// What StartNext hands out: what is in progress before what waits, and the older first.
  var next: ExecutionID? { self.inProgress.first ?? self.queued.first }

  /// Moves an execution between the pending queues; one at its end is in neither.
  mutating func requeue(
    _ id: ExecutionID, from old: JobExecutionStatus?, to new: JobExecutionStatus?
  ) {
    switch old {
    case .queued: self.queued.remove(id)
    case .inProgress: self.inProgress.remove(id)
    default: break
    }
    switch new {
    case .queued: self.queued.insert(id)
    case .inProgress: self.inProgress.insert(id)
    default: break
    }
  }
}

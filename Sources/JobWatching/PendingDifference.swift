// SPDX-License-Identifier: Apache-2.0

package import JobsAPI

/// What tells executions apart: a job may run on one thing again.
package struct ExecutionKey: Hashable, Sendable {
  package var jobID: String
  package var executionNumber: Int64?

  package init(_ jobID: String, _ executionNumber: Int64?) {
    self.jobID = jobID
    self.executionNumber = executionNumber
  }
}

extension JobExecutionSummary {
  /// Nil for a row without a job's id, of which nothing can be told.
  package var key: ExecutionKey? {
    self.jobID.map { ExecutionKey($0, self.executionNumber) }
  }
}

/// The changes that lead from one state of a thing's pending lists to another.
package enum PendingDifference {
  private struct Row {
    var summary: JobExecutionSummary
    var isInProgress: Bool
  }

  /// What left comes first, so that whoever applies the changes never holds more than there was.
  ///
  /// - Parameter ending: the terminal state of an execution that left, if it was seen.
  package static func changes(
    from old: PendingJobExecutions, to new: PendingJobExecutions,
    ending: (ExecutionKey) -> JobExecutionStatus? = { _ in nil }
  ) -> [PendingChange] {
    guard old != new else { return [] }
    let before = Dictionary(rows(of: old), uniquingKeysWith: { first, _ in first })
    let after = Dictionary(rows(of: new), uniquingKeysWith: { first, _ in first })
    var changes: [PendingChange] = []
    for (key, row) in rows(of: old) where after[key] == nil {
      changes.append(PendingChange(.left, row.summary, status: ending(key)))
    }
    for (key, row) in rows(of: new) {
      changes += self.changes(of: key, from: before[key], to: row)
    }
    return changes
  }

  private static func changes(
    of key: ExecutionKey, from old: Row?, to new: Row
  ) -> [PendingChange] {
    let status: JobExecutionStatus = new.isInProgress ? .inProgress : .queued
    switch (old?.isInProgress, new.isInProgress) {
    case (nil, _), (true?, false):
      return [PendingChange(.added, new.summary, status: status)]
    case (false?, true):
      return [PendingChange(.started, new.summary, status: status)]
    case (true?, true), (false?, false):
      guard old?.summary != new.summary else { return [] }
      return [PendingChange(.updated, new.summary, status: status)]
    }
  }

  /// The rows in AWS's order, those in progress first.
  private static func rows(of pending: PendingJobExecutions) -> [(ExecutionKey, Row)] {
    let inProgress = pending.inProgress.map { Row(summary: $0, isInProgress: true) }
    let queued = pending.queued.map { Row(summary: $0, isInProgress: false) }
    return (inProgress + queued).compactMap { row in row.summary.key.map { ($0, row) } }
  }
}

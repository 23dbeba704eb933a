// SPDX-License-Identifier: Apache-2.0

package import JobsAPI

/// What is known to be pending for one thing, with the changes that led there.
///
/// Each change has a number, one more than the change before. Whoever knows the state after some
/// number is told the changes since, or all that is pending if they are forgotten: so a reader who is
/// slow and one who comes back are the same case, and nobody needs a queue.
package struct PendingView: Sendable {
  /// Nil until AWS told.
  package private(set) var pending: PendingJobExecutions?
  /// Of the latest change.
  package private(set) var sequence: UInt64 = 0
  /// The latest changes, oldest first; the last of them has the number ``sequence``.
  private var log: [PendingChange] = []

  package init() {}

  /// What to tell somebody who knows the state after `position`; nil if that is the present one.
  package enum News: Equatable, Sendable {
    case snapshot(PendingJobExecutions)
    case change(PendingChange)
  }

  /// - Parameter position: nil for somebody who knows nothing.
  /// - Returns: What to tell, and the number that is known then.
  package func news(after position: UInt64?) -> (news: News, position: UInt64)? {
    guard let pending = self.pending else { return nil }
    let all = (News.snapshot(pending), self.sequence)
    // A number that was never given out is as good as none.
    guard let position, position <= self.sequence else { return all }
    let missed = self.sequence - position
    guard missed > 0 else { return nil }
    guard missed <= UInt64(self.log.count) else { return all }
    return (.change(self.log[self.log.count - Int(missed)]), position + 1)
  }

  /// What is pending is known anew.
  ///
  /// - Returns: Whether there is news.
  package mutating func replace(
    with new: PendingJobExecutions, remembering limit: Int,
    ending: (ExecutionKey) -> JobExecutionStatus? = { _ in nil }
  ) -> Bool {
    guard let old = self.pending else {
      self.pending = new
      self.sequence += 1
      return true
    }
    let changes = PendingDifference.changes(from: old, to: new, ending: ending)
    self.pending = new
    guard !changes.isEmpty else { return false }
    self.sequence += UInt64(changes.count)
    self.log += changes
    if self.log.count > limit { self.log.removeFirst(self.log.count - limit) }
    return true
  }
}

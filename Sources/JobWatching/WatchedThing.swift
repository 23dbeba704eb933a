// SPDX-License-Identifier: Apache-2.0

import JobsAPI

/// Who is told of news.
package typealias WatcherID = UInt64

/// One thing that somebody watches, or did a moment ago.
struct WatchedThing: Sendable {
  /// Random; see ``ResumeToken``.
  let incarnation: UInt64
  var view = PendingView()
  var rhythm: PollRhythm
  var watchers: Set<WatcherID> = []
  /// The executions that somebody waits for.
  var awaited: [ExecutionKey: Awaited] = [:]
  /// Why nothing can be told; nil unless AWS refused for good.
  var refusal: JobsFailure?
  /// When AWS last told, in nanoseconds of the policies' clock.
  var answeredAt: Int64?
  /// False while a thing that was remembered only has not been polled again: what was known of it is
  /// not told as the present.
  var isCurrent = true
  /// When the next poll is due; nil while there is one, and while nobody watches.
  var due: Int64?
  var isPolling = false
  /// A write ended while a poll was under way: what the poll brings may be older.
  var isOvertaken = false
  /// Polls begun and polls whose answers counted, to tell whether one came between two moments.
  var pollsBegun: UInt64 = 0
  var pollsLanded: UInt64 = 0
  var lastBegunAt: Int64 = .min
  /// When it is forgotten if nobody comes back; nil while somebody watches.
  var forgetAt: Int64?

  init(incarnation: UInt64, rhythm: PollRhythm) {
    self.incarnation = incarnation
    self.rhythm = rhythm
  }

  /// One execution that somebody waits for, and what is known of it.
  struct Awaited: Sendable {
    var waiters = 0
    var seen: AwaitedExecution?
    var refusal: JobsFailure?
    var isBeingDescribed = false
  }

  /// The terminal state of an execution, if it was seen.
  func ending(of key: ExecutionKey) -> JobExecutionStatus? {
    for candidate in [key, ExecutionKey(key.jobID, nil)] {
      if let seen = self.awaited[candidate]?.seen, seen.isTerminal, let status = seen.status {
        return status
      }
    }
    return nil
  }

  /// Takes what the pending lists say of the executions that are awaited.
  ///
  /// - Returns: The executions that the lists do not hold and that are not known to have ended.
  mutating func readAwaited() -> [ExecutionKey] {
    guard !self.awaited.isEmpty, let pending = self.view.pending else { return [] }
    var missing: [ExecutionKey] = []
    for key in self.awaited.keys {
      if let (summary, status) = pending.execution(key) {
        self.awaited[key]?.refusal = nil
        self.awaited[key]?.seen = AwaitedExecution(
          isTerminal: false, status: status, versionNumber: summary.versionNumber,
          executionNumber: summary.executionNumber)
      } else if self.awaited[key]?.seen?.isTerminal != true,
        self.awaited[key]?.isBeingDescribed == false
      {
        self.awaited[key]?.isBeingDescribed = true
        missing.append(key)
      }
    }
    return missing
  }

  /// Takes what a write or a describe says of executions that are awaited: for an execution with a
  /// number those who wait for the latest are told too.
  mutating func saw(_ execution: AwaitedExecution, of key: ExecutionKey) {
    for candidate in [key, ExecutionKey(key.jobID, nil)] where self.awaited[candidate] != nil {
      self.awaited[candidate]?.refusal = nil
      self.awaited[candidate]?.seen = execution
    }
    guard key.executionNumber == nil, let number = execution.executionNumber else { return }
    self.awaited[ExecutionKey(key.jobID, number)]?.seen = execution
  }
}

// SPDX-License-Identifier: Apache-2.0

import JobsAPI

/// Names an execution for good. Ids grow with time and are never used again, so their order is the
/// order of the queue.
struct ExecutionID: Hashable, Comparable, Sendable {
  let rawValue: UInt64

  static func < (left: ExecutionID, right: ExecutionID) -> Bool {
    left.rawValue < right.rawValue
  }
}

/// One job on one thing, with what is not for show: the document, the timers, the chain of retries.
struct Execution: Equatable, Sendable {
  let id: ExecutionID
  let thingName: String
  let thingARN: String
  let jobID: String
  let document: String
  let inProgressTimeoutMinutes: Int64?
  let executionNumber: Int64
  let queuedAtSeconds: Int64
  /// The execution of the same job on the same thing that this one repeats.
  var previous: ExecutionID?
  var retries = RetryCounts()

  var status = JobExecutionStatus.queued
  var statusDetails: StatusDetails?
  var startedAtSeconds: Int64?
  var lastUpdatedAtSeconds: Int64
  var versionNumber: Int64
  var forceCanceled: Bool?
  var timers = ExecutionTimers()

  /// The first execution of a job on a thing.
  init(id: ExecutionID, of job: JobEntry, on thing: ThingTarget, now: Int64, rules: EmulatorRules) {
    self.id = id
    self.thingName = thing.name
    self.thingARN = thing.arn
    self.jobID = job.facts.jobID
    self.document = job.document
    self.inProgressTimeoutMinutes = job.facts.inProgressTimeoutMinutes
    self.executionNumber = rules.firstExecutionNumber
    self.queuedAtSeconds = now
    self.lastUpdatedAtSeconds = now
    self.versionNumber = rules.firstVersionNumber
  }

  /// The execution that repeats one that failed or timed out.
  init(id: ExecutionID, repeating failed: Execution, now: Int64, rules: EmulatorRules) {
    self.id = id
    self.thingName = failed.thingName
    self.thingARN = failed.thingARN
    self.jobID = failed.jobID
    self.document = failed.document
    self.inProgressTimeoutMinutes = failed.inProgressTimeoutMinutes
    self.executionNumber = failed.executionNumber + 1
    self.queuedAtSeconds = now
    self.previous = failed.id
    self.retries = failed.retries.counting(failed.status)
    self.lastUpdatedAtSeconds = now
    self.versionNumber = rules.firstVersionNumber
  }

  /// Seconds to the nearer end, never below zero; nil while no timer runs.
  func secondsBeforeTimedOut(now: Int64) -> Int64? {
    self.timers.endSeconds.map { max(0, $0 - now) }
  }
}

// SPDX-License-Identifier: Apache-2.0

import JobsAPI

/// A job, with what is not for show.
struct JobEntry: Equatable, Sendable {
  /// Its place among all jobs in the order of their creation.
  let sequence: UInt64
  let document: String
  let retryPolicy: RetryPolicy
  /// What the control plane shows, the counts by state included.
  var facts: Job
  /// All executions, in the order in which they were queued.
  var executions: [ExecutionID] = []

  /// The things that are not yet done.
  var unfinishedThings: Int {
    self.facts.processDetails.queuedThings + self.facts.processDetails.inProgressThings
  }

  var reference: JobReference {
    JobReference(
      jobARN: self.facts.jobARN, jobID: self.facts.jobID, description: self.facts.description)
  }

  /// A thing's latest execution went from one state to another; nil stands for none at all.
  mutating func recount(from old: JobExecutionStatus?, to new: JobExecutionStatus?) {
    if let old { self.facts.processDetails[old] -= 1 }
    if let new { self.facts.processDetails[new] += 1 }
  }

  /// Ends the job once all its things are done. A cancelled job stays CANCELED, and a CONTINUOUS
  /// one stays open for targets to come unless the rules say otherwise.
  mutating func completeIfDone(at instant: Int64, rules: EmulatorRules) {
    guard self.facts.status == .inProgress, self.unfinishedThings == 0,
      self.facts.targetSelection != .continuous || rules.continuousJobsComplete
    else { return }
    self.facts.status = .completed
    self.facts.completedAtSeconds = instant
    self.facts.lastUpdatedAtSeconds = instant
  }
}

/// A target of a job that names a thing.
struct ThingTarget: Equatable, Sendable {
  let name: String
  let arn: String

  /// Reads `arn:PARTITION:iot:REGION:ACCOUNT:thing/NAME`; nil for anything else.
  /// Region and account may be any: who seeds an emulator need not know which it plays.
  init?(arn: String) {
    // A thing's name may hold colons, so only the first five separate.
    let parts = arn.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
    guard parts.count == 6, parts[0] == "arn", parts[2] == "iot", !parts[1].isEmpty,
      !parts[3].isEmpty, !parts[4].isEmpty, parts[5].hasPrefix("thing/")
    else { return nil }
    self.name = String(parts[5].dropFirst("thing/".count))
    self.arn = arn
  }
}

extension JobProcessDetails {
  fileprivate subscript(status: JobExecutionStatus) -> Int {
    get {
      switch status {
      case .queued: self.queuedThings
      case .inProgress: self.inProgressThings
      case .succeeded: self.succeededThings
      case .failed: self.failedThings
      case .timedOut: self.timedOutThings
      case .rejected: self.rejectedThings
      case .removed: self.removedThings
      case .canceled: self.canceledThings
      case .unrecognized: 0
      }
    }
    set {
      switch status {
      case .queued: self.queuedThings = newValue
      case .inProgress: self.inProgressThings = newValue
      case .succeeded: self.succeededThings = newValue
      case .failed: self.failedThings = newValue
      case .timedOut: self.timedOutThings = newValue
      case .rejected: self.rejectedThings = newValue
      case .removed: self.removedThings = newValue
      case .canceled: self.canceledThings = newValue
      case .unrecognized: break
      }
    }
  }
}

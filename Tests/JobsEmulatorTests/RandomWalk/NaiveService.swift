// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import JobsEmulator

/// The rules of the service once more, as naively as they can be said: one list of executions, and
/// every question answered by looking through all of it. It shares the nouns and the switches of
/// the rules with the emulator and no line of code.
struct NaiveService {
  struct Run {
    var thing: String
    var job: String
    var number: Int64
    var status = "QUEUED"
    var details: StatusDetails?
    var queuedAt: Int64
    var startedAt: Int64?
    var updatedAt: Int64
    var version: Int64
    var forced: Bool?
    var jobTimerEnd: Int64?
    var stepTimerEnd: Int64?
    var retriedFailed: Int64 = 0
    var retriedTimedOut: Int64 = 0

    var isOver: Bool { !["QUEUED", "IN_PROGRESS"].contains(self.status) }

    var end: Int64? { [self.jobTimerEnd, self.stepTimerEnd].compactMap(\.self).min() }
  }

  struct Task {
    var call: CreateJob
    var status = "IN_PROGRESS"
    var createdAt: Int64
    var updatedAt: Int64
    var completedAt: Int64?
    var forced: Bool?
    var reason: String?
    var comment: String?
  }

  var rules: EmulatorRules
  var now: Int64 = 0
  var runs: [Run] = []
  var tasks: [Task] = []
  var things: Set<String> = []

  init(rules: EmulatorRules) {
    self.rules = rules
  }

  static func refused(
    _ name: String, _ httpStatus: Int, _ state: JobExecutionState? = nil
  ) -> Outcome {
    .refused(name: name, httpStatus: httpStatus, state: state)
  }

  static let invalid = refused("InvalidRequestException", 400)
  static let missing = refused("ResourceNotFoundException", 404)

  func isName(_ text: String) -> Bool {
    text.wholeMatch(of: /[a-zA-Z0-9:_\-]{1,128}/) != nil
  }

  func isJobID(_ text: String) -> Bool {
    text.wholeMatch(of: /[a-zA-Z0-9_\-]{1,64}/) != nil
  }

  func areDetails(_ details: StatusDetails?) -> Bool {
    (details?.entries ?? []).allSatisfy {
      self.isName($0.name) && (1...1024).contains($0.value.count) && !$0.value.contains("\n")
    }
  }

  // MARK: Time

  mutating func pass(to now: Int64) {
    self.now = now
    while true {
      var next: (instant: Int64, index: Int)?
      for (index, run) in self.runs.enumerated() where run.status == "IN_PROGRESS" {
        guard let end = run.end else { continue }
        let instant = end + self.rules.timeoutLatenessSeconds
        if instant <= now && (next == nil || instant < next!.instant) { next = (instant, index) }
      }
      guard let (instant, index) = next else { return }
      self.runs[index].status = "TIMED_OUT"
      self.runs[index].updatedAt = instant
      if self.rules.serviceMovesBumpVersion { self.runs[index].version += 1 }
      self.ended(index, at: instant)
    }
  }

  /// What follows from the end of an execution: no timers, perhaps a retry, perhaps a job's end.
  mutating func ended(_ index: Int, at instant: Int64) {
    self.runs[index].jobTimerEnd = nil
    self.runs[index].stepTimerEnd = nil
    let run = self.runs[index]
    if self.isRetried(run) {
      var retry = Run(
        thing: run.thing, job: run.job, number: run.number + 1, queuedAt: instant,
        updatedAt: instant, version: self.rules.firstVersionNumber)
      retry.retriedFailed = run.retriedFailed + (run.status == "FAILED" ? 1 : 0)
      retry.retriedTimedOut = run.retriedTimedOut + (run.status == "TIMED_OUT" ? 1 : 0)
      self.runs.append(retry)
    }
    self.completeJobs(at: instant)
  }

  func isRetried(_ run: Run) -> Bool {
    guard run.status == "FAILED" || run.status == "TIMED_OUT",
      let task = self.tasks.first(where: { $0.call.jobID == run.job }),
      task.status == "IN_PROGRESS",
      run.retriedFailed + run.retriedTimedOut < self.rules.maximumRetries
    else { return false }
    for criterion in task.call.retryCriteria ?? [] {
      switch criterion.failureType.awsWord {
      case "ALL": return run.retriedFailed + run.retriedTimedOut < criterion.numberOfRetries
      case "FAILED" where run.status == "FAILED":
        return run.retriedFailed < criterion.numberOfRetries
      case "TIMED_OUT" where run.status == "TIMED_OUT":
        return run.retriedTimedOut < criterion.numberOfRetries
      default: continue
      }
    }
    return false
  }

  mutating func completeJobs(at instant: Int64) {
    for index in self.tasks.indices where self.tasks[index].status == "IN_PROGRESS" {
      let id = self.tasks[index].call.jobID
      let isOpen = self.tasks[index].call.targetSelection == .continuous
      if self.runs.contains(where: { $0.job == id && !$0.isOver }) { continue }
      if isOpen && !self.rules.continuousJobsComplete { continue }
      self.tasks[index].status = "COMPLETED"
      self.tasks[index].completedAt = instant
      self.tasks[index].updatedAt = instant
    }
  }

  // MARK: Looking

  func latest(_ job: String, _ thing: String, _ number: Int64?) -> Int? {
    self.runs.indices.last {
      self.runs[$0].job == job && self.runs[$0].thing == thing
        && (number == nil || self.runs[$0].number == number)
    }
  }

  /// In order of queueing; those in progress before those that wait.
  func nextUp(_ thing: String) -> Int? {
    self.runs.indices.first {
      self.runs[$0].thing == thing && self.runs[$0].status == "IN_PROGRESS"
    }
      ?? self.runs.indices.first {
        self.runs[$0].thing == thing && self.runs[$0].status == "QUEUED"
      }
  }

  func document(_ job: String) -> String? {
    self.tasks.first { $0.call.jobID == job }?.call.document
  }

  func shown(_ index: Int, withDocument: Bool) -> JobExecution {
    let run = self.runs[index]
    var shown = JobExecution()
    shown.jobID = run.job
    shown.thingName = run.thing
    shown.status = JobExecutionStatus(awsWord: run.status)
    shown.statusDetails = run.details
    shown.queuedAtSeconds = run.queuedAt
    shown.startedAtSeconds = run.startedAt
    shown.lastUpdatedAtSeconds = run.updatedAt
    shown.approximateSecondsBeforeTimedOut = run.end.map { max(0, $0 - self.now) }
    shown.versionNumber = run.version
    shown.executionNumber = run.number
    shown.jobDocument = withDocument ? self.document(run.job) : nil
    return shown
  }

  func state(_ index: Int) -> JobExecutionState {
    var state = JobExecutionState()
    state.status = JobExecutionStatus(awsWord: self.runs[index].status)
    state.statusDetails = self.runs[index].details
    state.versionNumber = self.runs[index].version
    return state
  }

  // MARK: Changing

  mutating func give(_ details: StatusDetails?, to index: Int) {
    guard let details else { return }
    if self.rules.statusDetails == .replace {
      self.runs[index].details = details.isEmpty ? nil : details
      return
    }
    var all: [String: String] = [:]
    for entry in self.runs[index].details?.entries ?? [] { all[entry.name] = entry.value }
    for entry in details.entries { all[entry.name] = entry.value }
    self.runs[index].details = all.isEmpty ? nil : StatusDetails(all.map { ($0.key, $0.value) })
  }

  mutating func give(stepMinutes: Int64?, to index: Int) {
    if stepMinutes == -1 {
      self.runs[index].stepTimerEnd = nil
    } else if let stepMinutes {
      self.runs[index].stepTimerEnd = self.now + stepMinutes * 60
    }
  }

  mutating func start(_ index: Int) {
    let job = self.runs[index].job
    let minutes = self.tasks.first { $0.call.jobID == job }?.call.inProgressTimeoutMinutes
    self.runs[index].status = "IN_PROGRESS"
    self.runs[index].startedAt = self.now
    self.runs[index].jobTimerEnd = minutes.map { self.now + $0 * 60 }
  }
}

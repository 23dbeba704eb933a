// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import JobsEmulator

extension NaiveService {
  func describe(_ call: DescribeJobExecution) -> Outcome {
    let isNext = call.jobID == "$next"
    guard self.isName(call.thingName), isNext || self.isJobID(call.jobID) else {
      return Self.invalid
    }
    if isNext {
      if !self.things.contains(call.thingName) && self.rules.unknownThing == .notFound {
        return Self.missing
      }
      return .execution(
        self.nextUp(call.thingName).map {
          self.shown($0, withDocument: call.includeJobDocument ?? true)
        })
    }
    guard let index = self.latest(call.jobID, call.thingName, call.executionNumber) else {
      return Self.missing
    }
    if self.runs[index].isOver && self.rules.describeRefusesTerminal {
      return Self.refused("TerminalStateException", 410)
    }
    return .execution(self.shown(index, withDocument: call.includeJobDocument ?? true))
  }

  func getPending(_ call: GetPendingJobExecutions) -> Outcome {
    guard self.isName(call.thingName) else { return Self.invalid }
    guard self.things.contains(call.thingName) else {
      return self.rules.unknownThing == .notFound ? Self.missing : .pending(PendingJobExecutions())
    }
    var inProgress: [JobExecutionSummary] = []
    var queued: [JobExecutionSummary] = []
    for run in self.runs where run.thing == call.thingName && !run.isOver {
      var row = JobExecutionSummary()
      row.jobID = run.job
      row.queuedAtSeconds = run.queuedAt
      row.startedAtSeconds = run.startedAt
      row.lastUpdatedAtSeconds = run.updatedAt
      row.versionNumber = run.version
      row.executionNumber = run.number
      if run.status == "QUEUED" { queued.append(row) } else { inProgress.append(row) }
    }
    inProgress = Array(inProgress.prefix(self.rules.pendingLimit))
    let taken = self.rules.pendingShare == .each ? 0 : inProgress.count
    queued = Array(queued.prefix(self.rules.pendingLimit - taken))
    return .pending(PendingJobExecutions(inProgress: inProgress, queued: queued))
  }

  mutating func startNext(_ call: StartNextPendingJobExecution) -> Outcome {
    guard self.isName(call.thingName), self.areDetails(call.statusDetails),
      (1...10080).contains(call.stepTimeoutMinutes ?? 1)
    else { return Self.invalid }
    guard self.things.contains(call.thingName) else {
      return self.rules.unknownThing == .notFound ? Self.missing : .execution(nil)
    }
    guard let index = self.nextUp(call.thingName) else { return .execution(nil) }
    if self.runs[index].status == "QUEUED" {
      self.start(index)
      self.give(call.statusDetails, to: index)
      self.give(stepMinutes: call.stepTimeoutMinutes, to: index)
      self.runs[index].version += 1
      self.runs[index].updatedAt = self.now
    } else {
      if self.rules.repeatedStartBumpsVersion {
        self.runs[index].version += 1
        self.runs[index].updatedAt = self.now
      }
      if self.rules.repeatedStartSetsStepTimer {
        self.give(stepMinutes: call.stepTimeoutMinutes, to: index)
      }
    }
    return .execution(self.shown(index, withDocument: true))
  }

  mutating func update(_ call: UpdateJobExecution) -> Outcome {
    let word = call.status.awsWord
    guard self.isName(call.thingName), self.isJobID(call.jobID),
      self.areDetails(call.statusDetails),
      call.stepTimeoutMinutes == -1 || (1...10080).contains(call.stepTimeoutMinutes ?? 1),
      !self.isBadRequest(word)
    else { return Self.invalid }
    guard let index = self.latest(call.jobID, call.thingName, call.executionNumber) else {
      return Self.missing
    }
    if let expected = call.expectedVersion, expected != self.runs[index].version {
      let name =
        switch self.rules.versionMismatch {
        case .versionMismatchException: "VersionMismatchException"
        case .versionConflictException: "VersionConflictException"
        case .invalidStateTransitionException: "InvalidStateTransitionException"
        }
      return Self.refused(name, 409, self.state(index))
    }
    let reportable = ["IN_PROGRESS", "SUCCEEDED", "FAILED", "REJECTED"]
    if self.runs[index].isOver || !reportable.contains(word) {
      return Self.refused("InvalidStateTransitionException", 409, self.state(index))
    }
    self.apply(call, to: index)
    let answer = UpdatedJobExecution(
      executionState: call.includeJobExecutionState == true ? self.state(index) : nil,
      jobDocument: call.includeJobDocument == true ? self.document(call.jobID) : nil)
    if self.runs[index].isOver { self.ended(index, at: self.now) }
    return .updated(answer)
  }

  private mutating func apply(_ call: UpdateJobExecution, to index: Int) {
    let wasQueued = self.runs[index].status == "QUEUED"
    let word = call.status.awsWord
    if word == "IN_PROGRESS" {
      if wasQueued { self.start(index) }
      self.give(stepMinutes: call.stepTimeoutMinutes, to: index)
    } else {
      self.runs[index].status = word
      self.runs[index].jobTimerEnd = nil
      self.runs[index].stepTimerEnd = nil
      if wasQueued && self.rules.directEndSetsStartedAt { self.runs[index].startedAt = self.now }
    }
    self.give(call.statusDetails, to: index)
    self.runs[index].version += 1
    self.runs[index].updatedAt = self.now
  }

  private func isBadRequest(_ word: String) -> Bool {
    switch (word, self.rules.serviceOnlyStatus) {
    case ("IN_PROGRESS", _), ("SUCCEEDED", _), ("FAILED", _), ("REJECTED", _): false
    case ("QUEUED", .invalidRequest): true
    case ("QUEUED", _): false
    case ("TIMED_OUT", .invalidStateTransition): false
    case ("REMOVED", .invalidStateTransition): false
    case ("CANCELED", .invalidStateTransition): false
    default: true
    }
  }
}

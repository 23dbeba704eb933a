// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import JobsEmulator

extension NaiveService {
  static func arn(_ kind: String, _ name: String) -> String {
    "arn:aws:iot:us-east-1:123456789012:\(kind)/\(name)"
  }

  mutating func createJob(_ call: CreateJob) -> Outcome {
    guard self.isJobID(call.jobID), !call.targets.isEmpty,
      call.targets.allSatisfy({ $0.hasPrefix("arn:aws:iot:us-east-1:123456789012:thing/") }),
      call.document != nil, (1...10080).contains(call.inProgressTimeoutMinutes ?? 1)
    else { return Self.invalid }
    if self.tasks.contains(where: { $0.call.jobID == call.jobID }) {
      return Self.refused("ResourceAlreadyExistsException", 409)
    }
    self.tasks.append(Task(call: call, createdAt: self.now, updatedAt: self.now))
    var seen: [String] = []
    for target in call.targets {
      let thing = String(target.split(separator: "/")[1])
      if seen.contains(thing) { continue }
      seen.append(thing)
      self.things.insert(thing)
      self.runs.append(
        Run(
          thing: thing, job: call.jobID, number: self.rules.firstExecutionNumber,
          queuedAt: self.now, updatedAt: self.now, version: self.rules.firstVersionNumber))
    }
    return .reference(self.reference(call))
  }

  private func reference(_ call: CreateJob) -> JobReference {
    JobReference(
      jobARN: Self.arn("job", call.jobID), jobID: call.jobID, description: call.description)
  }

  func index(ofJob jobID: String) -> Int? {
    self.tasks.firstIndex { $0.call.jobID == jobID }
  }

  func describeJob(_ call: DescribeJob) -> Outcome {
    guard self.isJobID(call.jobID) else { return Self.invalid }
    guard let index = self.index(ofJob: call.jobID) else { return Self.missing }
    return .job(self.shownJob(index))
  }

  func shownJob(_ index: Int) -> Job {
    let task = self.tasks[index]
    var job = Job(
      jobARN: Self.arn("job", task.call.jobID), jobID: task.call.jobID,
      targetSelection: task.call.targetSelection ?? .snapshot,
      status: JobStatus(awsWord: task.status), targets: task.call.targets,
      createdAtSeconds: task.createdAt)
    job.forceCanceled = task.forced
    job.reasonCode = task.reason
    job.comment = task.comment
    job.description = task.call.description
    job.lastUpdatedAtSeconds = task.updatedAt
    job.completedAtSeconds = task.completedAt
    job.inProgressTimeoutMinutes = task.call.inProgressTimeoutMinutes
    job.retryCriteria = task.call.retryCriteria ?? []
    var latest: [String: String] = [:]
    for run in self.runs where run.job == task.call.jobID { latest[run.thing] = run.status }
    func count(_ word: String) -> Int { latest.values.count { $0 == word } }
    job.processDetails.queuedThings = count("QUEUED")
    job.processDetails.inProgressThings = count("IN_PROGRESS")
    job.processDetails.succeededThings = count("SUCCEEDED")
    job.processDetails.failedThings = count("FAILED")
    job.processDetails.rejectedThings = count("REJECTED")
    job.processDetails.timedOutThings = count("TIMED_OUT")
    job.processDetails.canceledThings = count("CANCELED")
    job.processDetails.removedThings = count("REMOVED")
    return job
  }

  mutating func cancelJob(_ call: CancelJob) -> Outcome {
    guard self.isJobID(call.jobID) else { return Self.invalid }
    guard let task = self.index(ofJob: call.jobID) else { return Self.missing }
    let answer = Outcome.reference(self.reference(self.tasks[task].call))
    if self.tasks[task].status == "COMPLETED" {
      return self.rules.cancelRefusesCompleted ? Self.invalid : answer
    }
    self.tasks[task].status = "CANCELED"
    self.tasks[task].forced = call.force ?? false
    if let reason = call.reasonCode { self.tasks[task].reason = reason }
    if let comment = call.comment { self.tasks[task].comment = comment }
    self.tasks[task].updatedAt = self.now
    if self.tasks[task].completedAt == nil { self.tasks[task].completedAt = self.now }
    for index in self.runs.indices where self.runs[index].job == call.jobID {
      let status = self.runs[index].status
      if status == "QUEUED" || (status == "IN_PROGRESS" && call.force == true) {
        self.cancel(index, force: call.force ?? false)
      }
    }
    return answer
  }

  private mutating func cancel(_ index: Int, force: Bool) {
    self.runs[index].status = "CANCELED"
    self.runs[index].forced = force
    self.runs[index].updatedAt = self.now
    if self.rules.serviceMovesBumpVersion { self.runs[index].version += 1 }
    self.ended(index, at: self.now)
  }

  mutating func deleteJob(_ call: DeleteJob) -> Outcome {
    guard self.isJobID(call.jobID) else { return Self.invalid }
    guard let index = self.index(ofJob: call.jobID) else { return Self.missing }
    if self.tasks[index].status == "IN_PROGRESS" && call.force != true {
      return Self.refused("InvalidStateTransitionException", 409)
    }
    self.tasks.remove(at: index)
    self.runs.removeAll { $0.job == call.jobID }
    return .done
  }

  func describeExecution(_ call: DescribeManagedJobExecution) -> Outcome {
    guard self.isName(call.thingName), self.isJobID(call.jobID) else { return Self.invalid }
    guard let index = self.latest(call.jobID, call.thingName, call.executionNumber) else {
      return Self.missing
    }
    let run = self.runs[index]
    var shown = ManagedJobExecution(
      jobID: run.job, thingARN: Self.arn("thing", run.thing),
      status: JobExecutionStatus(awsWord: run.status), queuedAtSeconds: run.queuedAt,
      lastUpdatedAtSeconds: run.updatedAt, executionNumber: run.number, versionNumber: run.version)
    shown.forceCanceled = run.forced
    shown.statusDetails = run.details
    shown.startedAtSeconds = run.startedAt
    shown.approximateSecondsBeforeTimedOut = run.end.map { max(0, $0 - self.now) }
    return .managed(shown)
  }

  mutating func cancelExecution(_ call: CancelJobExecution) -> Outcome {
    guard self.isName(call.thingName), self.isJobID(call.jobID),
      self.areDetails(call.statusDetails), (call.statusDetails?.count ?? 0) <= 10
    else { return Self.invalid }
    guard let index = self.latest(call.jobID, call.thingName, nil) else { return Self.missing }
    if let expected = call.expectedVersion, expected != self.runs[index].version {
      return Self.refused("VersionConflictException", 409)
    }
    let status = self.runs[index].status
    guard status == "QUEUED" || (status == "IN_PROGRESS" && call.force == true) else {
      return Self.refused("InvalidStateTransitionException", 409, self.state(index))
    }
    self.give(call.statusDetails, to: index)
    self.cancel(index, force: call.force ?? false)
    return .done
  }

  mutating func deleteExecution(_ call: DeleteJobExecution) -> Outcome {
    guard self.isName(call.thingName), self.isJobID(call.jobID) else { return Self.invalid }
    guard let index = self.latest(call.jobID, call.thingName, call.executionNumber) else {
      return Self.missing
    }
    guard self.runs[index].isOver || call.force == true else {
      return Self.refused("InvalidStateTransitionException", 409)
    }
    self.runs.remove(at: index)
    self.completeJobs(at: self.now)
    return .done
  }

  // MARK: Lists, whole

  func listJobs(_ call: ListJobs) -> Outcome {
    var rows = self.tasks.indices.map { JobSummary(self.shownJob($0)) }.filter {
      (call.status == nil || call.status == $0.status)
        && (call.targetSelection == nil || call.targetSelection == $0.targetSelection)
    }
    if self.rules.listsNewestFirst { rows.reverse() }
    return .jobs(rows)
  }

  private func summary(_ run: Run) -> ManagedJobExecutionSummary {
    ManagedJobExecutionSummary(
      status: JobExecutionStatus(awsWord: run.status), queuedAtSeconds: run.queuedAt,
      startedAtSeconds: run.startedAt, lastUpdatedAtSeconds: run.updatedAt,
      executionNumber: run.number, retryAttempt: Int(run.retriedFailed + run.retriedTimedOut))
  }

  func listExecutions(_ call: ListJobExecutionsForThing) -> Outcome {
    guard self.isName(call.thingName) else { return Self.invalid }
    guard self.things.contains(call.thingName) else { return Self.missing }
    var rows = self.runs.filter {
      $0.thing == call.thingName && (call.status == nil || call.status?.awsWord == $0.status)
        && (call.jobID == nil || call.jobID == $0.job)
    }.map { JobExecutionOfThing(jobID: $0.job, summary: self.summary($0)) }
    if self.rules.listsNewestFirst { rows.reverse() }
    return .executionsOfThing(rows)
  }

  func listExecutions(_ call: ListJobExecutionsForJob) -> Outcome {
    guard self.isJobID(call.jobID) else { return Self.invalid }
    guard self.index(ofJob: call.jobID) != nil else { return Self.missing }
    var rows = self.runs.filter {
      $0.job == call.jobID && (call.status == nil || call.status?.awsWord == $0.status)
    }.map { JobExecutionOfJob(thingARN: Self.arn("thing", $0.thing), summary: self.summary($0)) }
    if self.rules.listsNewestFirst { rows.reverse() }
    return .executionsOfJob(rows)
  }
}

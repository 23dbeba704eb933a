// SPDX-License-Identifier: Apache-2.0

import JobsAPI

/// The AWS IoT Jobs service in memory: things, jobs and their executions.
///
/// This room knows the rules of the service and nothing of HTTP, signatures, threads or clocks.
/// Time comes with each event as seconds since 1970 and only ever moves forward: an event that is
/// dated before the last one happens at the last one's time. Timers need no ticking: each event
/// first lets expire what expired before it, at the instant at which it did, so what an event finds
/// does not depend on who looked before.
///
/// An event either happens whole or throws and changes nothing but the time.
package struct JobsState: Equatable, Sendable {
  let rules: EmulatorRules
  let limits: EmulatorLimits
  let account: EmulatorAccount

  private(set) var now: Int64 = 0
  var things: [String: ThingEntry] = [:]
  var jobs: [String: JobEntry] = [:]
  /// The jobs in the order of their creation.
  var jobOrder: [JobOrder] = []
  private(set) var executions: [ExecutionID: Execution] = [:]
  private var timers = TimerHeap()
  private var lastSequence: UInt64 = 0

  package init(
    rules: EmulatorRules = EmulatorRules(), limits: EmulatorLimits = EmulatorLimits(),
    account: EmulatorAccount = EmulatorAccount()
  ) {
    self.rules = rules
    self.limits = limits
    self.account = account
  }

  struct JobOrder: Equatable, Sendable {
    let sequence: UInt64
    let jobID: String
  }

  // MARK: Time

  /// Moves time forward and lets expire what expires on the way, the nearest first.
  package mutating func advance(to now: Int64) {
    self.now = max(self.now, now)
    while let due = self.timers.nearest, due.endSeconds <= self.now {
      guard var execution = self.executions[due.id] else {
        self.timers.set(due.id, endSeconds: nil)
        continue
      }
      let old = execution.status
      execution.timedOut(at: due.endSeconds, rules: self.rules)
      self.store(execution, leaving: old)
    }
  }

  mutating func nextSequence() -> UInt64 {
    self.lastSequence += 1
    return self.lastSequence
  }

  // MARK: What hangs on an execution's state

  /// Puts a new execution in the queue of its thing. The thing and the job are known.
  mutating func enqueue(_ execution: Execution) {
    let old = execution.previous.flatMap { self.executions[$0]?.status }
    self.executions[execution.id] = execution
    self.things[execution.thingName, default: ThingEntry()].executions.append(execution.id)
    self.things[execution.thingName]?.latest[execution.jobID] = execution.id
    self.things[execution.thingName]?.requeue(execution.id, from: nil, to: execution.status)
    self.jobs[execution.jobID]?.executions.append(execution.id)
    self.jobs[execution.jobID]?.recount(from: old, to: execution.status)
  }

  /// Writes back an execution that moved, and all that hangs on its state: the thing's queues, the
  /// job's counts, the timers, and at an end the retry or the end of the job.
  mutating func store(_ execution: Execution, leaving old: JobExecutionStatus) {
    self.executions[execution.id] = execution
    self.timers.set(
      execution.id,
      endSeconds: execution.timers.endSeconds.map { $0 + self.rules.timeoutLatenessSeconds })
    guard execution.status != old else { return }
    self.things[execution.thingName]?.requeue(execution.id, from: old, to: execution.status)
    self.jobs[execution.jobID]?.recount(from: old, to: execution.status)
    guard execution.status.isTerminal else { return }
    let instant = execution.lastUpdatedAtSeconds
    if self.mayRetry(execution) {
      let id = ExecutionID(rawValue: self.nextSequence())
      self.enqueue(Execution(id: id, repeating: execution, now: instant, rules: self.rules))
    }
    self.jobs[execution.jobID]?.completeIfDone(at: instant, rules: self.rules)
  }

  /// A job that was cancelled does not try again, and a retry never breaks a bound.
  private func mayRetry(_ execution: Execution) -> Bool {
    guard let job = self.jobs[execution.jobID], job.facts.status == .inProgress,
      job.retryPolicy.allowsRetry(after: execution.status, counts: execution.retries),
      let thing = self.things[execution.thingName]
    else { return false }
    return self.executions.count < self.limits.executions
      && thing.executions.count < self.limits.executionsPerThing
  }

  /// Takes an execution away as if it had never been. The one it repeated, if any, becomes the
  /// latest.
  mutating func remove(_ execution: Execution) {
    self.executions[execution.id] = nil
    self.timers.set(execution.id, endSeconds: nil)
    self.things[execution.thingName]?.executions.removeSorted(execution.id)
    self.things[execution.thingName]?.requeue(execution.id, from: execution.status, to: nil)
    self.jobs[execution.jobID]?.executions.removeSorted(execution.id)
    let latest = self.things[execution.thingName]?.latest[execution.jobID]
    if latest == execution.id {
      let heir = execution.previous.flatMap { self.executions[$0] }
      self.things[execution.thingName]?.latest[execution.jobID] = heir?.id
      self.jobs[execution.jobID]?.recount(from: execution.status, to: heir?.status)
    } else if var newer = self.repetition(of: execution, from: latest) {
      newer.previous = execution.previous
      self.executions[newer.id] = newer
    }
    self.jobs[execution.jobID]?.completeIfDone(at: self.now, rules: self.rules)
  }

  private func repetition(of execution: Execution, from latest: ExecutionID?) -> Execution? {
    var id = latest
    while let candidate = id.flatMap({ self.executions[$0] }) {
      if candidate.previous == execution.id { return candidate }
      id = candidate.previous
    }
    return nil
  }

  // MARK: Finding

  /// The execution of a job on a thing: the latest, or the one with a number.
  func execution(
    of jobID: String, on thingName: String, number: Int64? = nil
  ) throws(JobsFailure) -> Execution {
    guard let latest = self.things[thingName]?.latest[jobID] else {
      throw self.things[thingName] == nil
        ? .thingNotFound(thingName) : .executionNotFound(thing: thingName, job: jobID)
    }
    var id: ExecutionID? = latest
    while let execution = id.flatMap({ self.executions[$0] }) {
      if number == nil || execution.executionNumber == number { return execution }
      id = execution.previous
    }
    throw .executionNotFound(thing: thingName, job: jobID, number: number)
  }
}

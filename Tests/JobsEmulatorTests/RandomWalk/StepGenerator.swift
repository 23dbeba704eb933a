// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import JobsAPI
import JobsEmulator

/// Draws steps from a world that is small enough for steps to meet.
struct StepGenerator {
  /// Executions that exist, so that most steps can be about one of them.
  struct Sighting {
    var thing: String
    var job: String
    var number: Int64
    var version: Int64
    var isOver: Bool
  }
  var sightings: [Sighting] = []

  private var random: SplitMix64

  init(seed: UInt64) {
    self.random = SplitMix64(seed: seed)
  }

  /// Mostly seconds, at times long enough for every timer.
  mutating func seconds() -> Int64 {
    switch Int.random(in: 0..<10, using: &self.random) {
    case 0..<5: 0
    case 5..<9: Int64.random(in: 1...40, using: &self.random)
    default: Int64.random(in: 40...1000, using: &self.random)
    }
  }

  mutating func rules() -> EmulatorRules {
    var rules = EmulatorRules()
    rules.unknownThing = self.pick([.notFound, .empty])
    rules.firstVersionNumber = self.pick([0, 1])
    rules.firstExecutionNumber = self.pick([1, 2_939_653_338])
    rules.serviceMovesBumpVersion = self.pick([true, false])
    rules.serviceOnlyStatus = self.pick([.mixed, .invalidStateTransition, .invalidRequest])
    rules.versionMismatch = self.pick([
      .versionMismatchException, .versionConflictException, .invalidStateTransitionException,
    ])
    rules.statusDetails = self.pick([.replace, .merge])
    rules.directEndSetsStartedAt = self.pick([true, false])
    rules.repeatedStartBumpsVersion = self.pick([true, false])
    rules.repeatedStartSetsStepTimer = self.pick([true, false])
    rules.describeRefusesTerminal = self.pick([true, false])
    rules.pendingShare = self.pick([.inProgressFirst, .each])
    rules.pendingLimit = self.pick([2, 3, 10])
    rules.timeoutLatenessSeconds = self.pick([0, 30, 60])
    rules.continuousJobsComplete = self.pick([true, false])
    rules.cancelRefusesCompleted = self.pick([true, false])
    rules.maximumRetries = self.pick([2, 10])
    rules.listsNewestFirst = self.pick([true, false])
    return rules
  }

  mutating func step() -> Step {
    switch Int.random(in: 0..<100, using: &self.random) {
    case 0..<8: return .describe(self.describe())
    case 8..<16: return .getPending(GetPendingJobExecutions(thingName: self.thing()))
    case 16..<31: return .startNext(self.startNext())
    case 31..<54: return .update(self.update())
    case 54..<70: return .createJob(self.createJob())
    case 70..<74: return .describeJob(DescribeJob(jobID: self.execution().job))
    case 74..<77: return .cancelJob(self.cancelJob())
    case 77..<85: return .deleteJob(DeleteJob(jobID: self.execution().job, force: self.flag()))
    case 85..<89:
      let execution = self.execution()
      return .describeExecution(
        DescribeManagedJobExecution(
          thingName: execution.thing, jobID: execution.job,
          executionNumber: self.pick([nil, execution.number, self.number()])))
    case 89..<92: return .cancelExecution(self.cancelExecution())
    case 92..<94:
      let execution = self.execution()
      return .deleteExecution(
        DeleteJobExecution(
          thingName: execution.thing, jobID: execution.job, executionNumber: execution.number,
          force: self.flag()))
    default: return self.list()
    }
  }

  private mutating func pick<Value>(_ values: [Value]) -> Value {
    values[Int.random(in: values.indices, using: &self.random)]
  }

  private mutating func chance(_ percent: Int) -> Bool {
    Int.random(in: 0..<100, using: &self.random) < percent
  }

  private mutating func flag() -> Bool? { self.pick([nil, true, false]) }

  private mutating func thing() -> String {
    if self.chance(3) { return self.pick(["unknown", "bad name", "", "a/b"]) }
    return self.pick(["one", "two", "three:3"])
  }

  private mutating func job() -> String {
    if self.chance(3) { return self.pick(["unknown", "bad.id", "", "a:b"]) }
    return "job-\(Int.random(in: 0..<14, using: &self.random))"
  }

  private mutating func number() -> Int64? {
    if self.chance(60) { return nil }
    return self.pick([1, 2, 3, 2_939_653_338, 2_939_653_339])
  }

  /// Mostly one that is pending, at times one that is over, else anything.
  private mutating func execution() -> Sighting {
    let isOver = self.chance(20)
    let fitting = self.sightings.filter { $0.isOver == isOver }
    if !fitting.isEmpty && self.chance(80) { return self.pick(fitting) }
    return Sighting(
      thing: self.thing(), job: self.job(), number: self.number() ?? 1,
      version: self.pick([0, 1, 2, 3, 4]), isOver: false)
  }

  private mutating func expectedVersion(of execution: Sighting) -> Int64? {
    self.pick([nil, nil, execution.version, execution.version, 1, 2, 3])
  }

  private mutating func details() -> StatusDetails? {
    if self.chance(50) { return nil }
    if self.chance(4) { return StatusDetails([("k", self.pick(["", "line\nfeed"]))]) }
    let names = ["step", "progress", "a:b"].prefix(Int.random(in: 0...3, using: &self.random))
    return StatusDetails(names.map { ($0, "\(Int.random(in: 0..<14, using: &self.random))") })
  }

  private mutating func stepMinutes() -> Int64? {
    if self.chance(4) { return self.pick([0, -2, 10081]) }
    return self.chance(50) ? nil : self.pick([1, 2, 7, -1])
  }

  private mutating func describe() -> DescribeJobExecution {
    let execution = self.execution()
    var call = DescribeJobExecution(
      thingName: execution.thing, jobID: self.chance(35) ? "$next" : execution.job)
    call.executionNumber = self.chance(40) ? execution.number : self.number()
    call.includeJobDocument = self.flag()
    return call
  }

  private mutating func startNext() -> StartNextPendingJobExecution {
    var call = StartNextPendingJobExecution(thingName: self.thing())
    call.statusDetails = self.details()
    call.stepTimeoutMinutes = self.stepMinutes()
    return call
  }

  private mutating func update() -> UpdateJobExecution {
    let status =
      self.chance(85)
      ? self.pick(["IN_PROGRESS", "IN_PROGRESS", "IN_PROGRESS", "SUCCEEDED", "FAILED", "REJECTED"])
      : self.pick(["QUEUED", "TIMED_OUT", "REMOVED", "CANCELED", "DONE"])
    let execution = self.execution()
    var call = UpdateJobExecution(
      thingName: execution.thing, jobID: self.chance(2) ? "$next" : execution.job,
      status: JobExecutionStatus(awsWord: status))
    call.statusDetails = self.details()
    call.stepTimeoutMinutes = self.stepMinutes()
    call.expectedVersion = self.expectedVersion(of: execution)
    call.executionNumber = self.pick([nil, nil, nil, execution.number, self.number()])
    call.includeJobExecutionState = self.flag()
    call.includeJobDocument = self.flag()
    return call
  }

  private mutating func createJob() -> CreateJob {
    var targets = (0..<Int.random(in: 1...3, using: &self.random)).map { _ in
      "arn:aws:iot:us-east-1:123456789012:thing/\(self.pick(["one", "two", "three:3"]))"
    }
    if self.chance(2) { targets = [] }
    if self.chance(2) { targets.append("arn:aws:iot:us-east-1:123456789012:thinggroup/all") }
    var call = CreateJob(jobID: self.job(), targets: targets)
    call.document = self.chance(3) ? nil : "{\"n\":\(self.random.next() % 100)}"
    call.description = self.chance(50) ? nil : "words"
    call.targetSelection = self.pick([nil, .snapshot, .continuous])
    call.inProgressTimeoutMinutes = self.pick([nil, 1, 5, 5, 20, 0])
    call.retryCriteria = self.pick([
      nil, [RetryCriterion(failureType: .all, numberOfRetries: 3)],
      [RetryCriterion(failureType: .failed, numberOfRetries: 1)],
      [
        RetryCriterion(failureType: .timedOut, numberOfRetries: 2),
        RetryCriterion(failureType: .failed, numberOfRetries: 1),
      ],
    ])
    return call
  }

  private mutating func cancelJob() -> CancelJob {
    var call = CancelJob(jobID: self.execution().job, force: self.flag())
    call.reasonCode = self.pick([nil, "NO_NEED"])
    call.comment = self.pick([nil, "because"])
    return call
  }

  private mutating func cancelExecution() -> CancelJobExecution {
    let execution = self.execution()
    var call = CancelJobExecution(
      thingName: execution.thing, jobID: execution.job, force: self.flag())
    call.statusDetails = self.details()
    call.expectedVersion = self.expectedVersion(of: execution)
    return call
  }

  private mutating func list() -> Step {
    let page = PageRequest(maxResults: self.pick([nil, 1, 2, 3, 250]))
    let status: JobExecutionStatus? = self.pick([nil, .queued, .inProgress, .failed])
    switch Int.random(in: 0..<3, using: &self.random) {
    case 0:
      var call = ListJobs(page: page)
      call.status = self.pick([nil, nil, .inProgress, .canceled, .completed])
      call.targetSelection = self.pick([nil, nil, .snapshot, .continuous])
      return .listJobs(call)
    case 1:
      var call = ListJobExecutionsForThing(thingName: self.thing(), page: page)
      call.status = status
      call.jobID = self.pick([nil, "job-1"])
      return .listExecutionsOfThing(call)
    default:
      var call = ListJobExecutionsForJob(jobID: self.execution().job, page: page)
      call.status = status
      return .listExecutionsOfJob(call)
    }
  }
}

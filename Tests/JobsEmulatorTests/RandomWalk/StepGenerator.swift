// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import JobsEmulator

/// SplitMix64: small, and the same on every machine.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) {
    self.state = seed
  }

  mutating func next() -> UInt64 {
    self.state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = self.state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// Draws steps from a world that is small enough for steps to meet.
struct StepGenerator {
  private var random: SeededGenerator

  init(seed: UInt64) {
    self.random = SeededGenerator(seed: seed)
  }

  /// Mostly seconds, at times long enough for every timer.
  mutating func seconds() -> Int64 {
    switch Int.random(in: 0..<10, using: &self.random) {
    case 0..<4: 0
    case 4..<8: Int64.random(in: 1...40, using: &self.random)
    case 8: Int64.random(in: 40...400, using: &self.random)
    default: Int64.random(in: 400...4000, using: &self.random)
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
    case 0..<10: return .describe(self.describe())
    case 10..<18: return .getPending(GetPendingJobExecutions(thingName: self.thing()))
    case 18..<35: return .startNext(self.startNext())
    case 35..<62: return .update(self.update())
    case 62..<74: return .createJob(self.createJob())
    case 74..<78: return .describeJob(DescribeJob(jobID: self.job()))
    case 78..<81: return .cancelJob(self.cancelJob())
    case 81..<84: return .deleteJob(DeleteJob(jobID: self.job(), force: self.flag()))
    case 84..<88:
      return .describeExecution(
        DescribeManagedJobExecution(
          thingName: self.thing(), jobID: self.job(), executionNumber: self.number()))
    case 88..<92: return .cancelExecution(self.cancelExecution())
    case 92..<94:
      return .deleteExecution(
        DeleteJobExecution(
          thingName: self.thing(), jobID: self.job(), executionNumber: self.number() ?? 1,
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
    return "job-\(Int.random(in: 0..<6, using: &self.random))"
  }

  private mutating func number() -> Int64? {
    if self.chance(60) { return nil }
    return self.pick([1, 2, 3, 2_939_653_338, 2_939_653_339])
  }

  private mutating func details() -> StatusDetails? {
    if self.chance(50) { return nil }
    if self.chance(4) { return StatusDetails([("k", self.pick(["", "line\nfeed"]))]) }
    let names = ["step", "progress", "a:b"].prefix(Int.random(in: 0...3, using: &self.random))
    return StatusDetails(names.map { ($0, "\(Int.random(in: 0..<9, using: &self.random))") })
  }

  private mutating func stepMinutes() -> Int64? {
    if self.chance(4) { return self.pick([0, -2, 10081]) }
    return self.chance(50) ? nil : self.pick([1, 2, 7, -1])
  }

  private mutating func describe() -> DescribeJobExecution {
    var call = DescribeJobExecution(
      thingName: self.thing(), jobID: self.chance(35) ? "$next" : self.job())
    call.executionNumber = self.number()
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
      ? self.pick(["IN_PROGRESS", "IN_PROGRESS", "SUCCEEDED", "FAILED", "REJECTED"])
      : self.pick(["QUEUED", "TIMED_OUT", "REMOVED", "CANCELED", "DONE"])
    var call = UpdateJobExecution(
      thingName: self.thing(), jobID: self.chance(2) ? "$next" : self.job(),
      status: JobExecutionStatus(awsWord: status))
    call.statusDetails = self.details()
    call.stepTimeoutMinutes = self.stepMinutes()
    call.expectedVersion = self.chance(30) ? self.pick([0, 1, 2, 3, 4]) : nil
    call.executionNumber = self.chance(15) ? self.number() : nil
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
    var call = CancelJob(jobID: self.job(), force: self.flag())
    call.reasonCode = self.pick([nil, "NO_NEED"])
    call.comment = self.pick([nil, "because"])
    return call
  }

  private mutating func cancelExecution() -> CancelJobExecution {
    var call = CancelJobExecution(
      thingName: self.thing(), jobID: self.job(), force: self.flag())
    call.statusDetails = self.details()
    call.expectedVersion = self.chance(30) ? self.pick([0, 1, 2, 3]) : nil
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
      var call = ListJobExecutionsForJob(jobID: self.job(), page: page)
      call.status = status
      return .listExecutionsOfJob(call)
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import JobsEmulator
import Testing

@Suite struct JobTests {
  @Test func `a created job waits on each target, once`() throws {
    var service = Service()
    let call = CreateJob(
      jobID: "j", targets: ["a", "b:1", "a"].map(Service.arn), document: "{}")
    let reference = try service.state.createJob(call, now: service.now)
    #expect(
      reference
        == JobReference(jobARN: "arn:aws:iot:us-east-1:123456789012:job/j", jobID: "j"))
    let job = try service.job("j")
    #expect(job.status == .inProgress)
    #expect(job.targetSelection == .snapshot)
    #expect(job.targets == call.targets)
    #expect(job.processDetails.queuedThings == 2)
    #expect(job.createdAtSeconds == Service.start)
    #expect(job.completedAtSeconds == nil)
    #expect(try service.pending("b:1").queued.map(\.jobID) == ["j"])
    #expect(try service.managed("j", on: "b:1").thingARN == Service.arn("b:1"))
    #expect(try service.state.jobDocument(GetJobDocument(jobID: "j"), now: service.now) == "{}")
  }

  @Test func `an account other than the default is in the ARNs`() throws {
    var state = JobsState(
      account: EmulatorAccount(partition: "aws-cn", region: "cn-north-1", id: "000000000001"))
    let target = "arn:aws-cn:iot:cn-north-1:000000000001:thing/t"
    let reference = try state.createJob(
      CreateJob(jobID: "j", targets: [target], document: "{}"), now: 0)
    #expect(reference.jobARN == "arn:aws-cn:iot:cn-north-1:000000000001:job/j")
  }

  @Test func `a job id is taken once`() throws {
    var service = Service()
    try service.create("j")
    let refusal = expectRefusal("ResourceAlreadyExistsException", 409, of: &service) {
      try $0.create("j", on: ["other"])
    }
    #expect(refusal?.kind == .conflict)
  }

  @Test func `the counts follow the things and the last one completes the job`() throws {
    var service = Service()
    try service.create("j", on: ["a", "b", "c", "d"]) { $0.inProgressTimeoutMinutes = 5 }
    try service.update("j", .succeeded, on: "a")
    try service.update("j", .inProgress, on: "b")
    try service.update("j", .rejected, on: "c")
    var counts = JobProcessDetails()
    counts.succeededThings = 1
    counts.inProgressThings = 1
    counts.rejectedThings = 1
    counts.queuedThings = 1
    #expect(try service.job("j").processDetails == counts)
    service.wait(minutes: 6)
    try service.cancel("j", on: "d")
    counts.inProgressThings = 0
    counts.timedOutThings = 1
    counts.queuedThings = 0
    counts.canceledThings = 1
    let job = try service.job("j")
    #expect(job.processDetails == counts)
    #expect(job.status == .completed)
    #expect(job.completedAtSeconds == Service.start + 360)
    #expect(job.lastUpdatedAtSeconds == Service.start + 360)
  }

  @Test func `a job is completed at the time-out of its last thing`() throws {
    var service = Service()
    try service.create("j") { $0.inProgressTimeoutMinutes = 5 }
    try service.startNext()
    service.wait(minutes: 60)
    #expect(try service.job("j").completedAtSeconds == Service.start + 300)
  }

  @Test func `a continuous job stays open unless the rules say otherwise`() throws {
    var rules = EmulatorRules()
    for expected in [JobStatus.inProgress, .completed] {
      var service = Service(rules: rules)
      try service.create("j") { $0.targetSelection = .continuous }
      try service.update("j", .succeeded)
      #expect(try service.job("j").status == expected)
      rules.continuousJobsComplete = true
    }
  }

  @Test func `cancelling a job reaches what is queued, with force all that is pending`() throws {
    for force in [false, true] {
      var service = Service()
      try service.create("j", on: ["a", "b", "c"])
      try service.startNext("a")
      try service.update("j", .succeeded, on: "b")
      service.wait(minutes: 1)
      var call = CancelJob(jobID: "j", force: force)
      call.reasonCode = "WRONG_ONE"
      call.comment = "not this"
      _ = try service.state.cancelJob(call, now: service.now)
      let job = try service.job("j")
      #expect(job.status == .canceled)
      #expect(job.forceCanceled == force)
      #expect(job.reasonCode == "WRONG_ONE")
      #expect(job.comment == "not this")
      #expect(job.completedAtSeconds == Service.start + 60)
      #expect(try service.managed("j", on: "a").status == (force ? .canceled : .inProgress))
      #expect(try service.managed("j", on: "b").status == .succeeded)
      #expect(try service.managed("j", on: "c").status == .canceled)
      #expect(try service.startNext("c") == nil)
    }
  }

  @Test func `a job cancelled without force can be cancelled again with it`() throws {
    var service = Service()
    try service.create("j")
    try service.startNext()
    _ = try service.state.cancelJob(CancelJob(jobID: "j"), now: service.now)
    _ = try service.state.cancelJob(CancelJob(jobID: "j", force: true), now: service.now)
    #expect(try service.managed("j").status == .canceled)
    expectRefusal("InvalidStateTransitionException", 409, of: &service) {
      try $0.update("j", .succeeded)
    }
  }

  @Test func `a completed job is not cancelled`() throws {
    var service = Service()
    try service.create("j")
    try service.update("j", .succeeded)
    expectRefusal("InvalidRequestException", 400, of: &service) {
      _ = try $0.state.cancelJob(CancelJob(jobID: "j"), now: $0.now)
    }
    var rules = EmulatorRules()
    rules.cancelRefusesCompleted = false
    service = Service(rules: rules)
    try service.create("j")
    try service.update("j", .succeeded)
    _ = try service.state.cancelJob(CancelJob(jobID: "j"), now: service.now)
    #expect(try service.job("j").status == .completed)
  }

  @Test func `a deleted job is gone with its executions, and its id is free`() throws {
    var service = Service()
    try service.create("j", on: ["a", "b"])
    try service.startNext("a")
    expectRefusal("InvalidStateTransitionException", 409, of: &service) {
      try $0.state.deleteJob(DeleteJob(jobID: "j"), now: $0.now)
    }
    try service.state.deleteJob(DeleteJob(jobID: "j", force: true), now: service.now)
    expectRefusal("ResourceNotFoundException", 404, of: &service) { _ = try $0.job("j") }
    expectRefusal("ResourceNotFoundException", 404, of: &service) {
      try $0.update("j", .succeeded, on: "a")
    }
    // The thing stays known.
    #expect(try service.pending("a") == PendingJobExecutions())
    try service.create("j", on: ["a"])
    #expect(try service.startNext("a")?.executionNumber == 1)
  }

  @Test func `a job at its end is deleted without force`() throws {
    var service = Service()
    try service.create("j")
    try service.update("j", .succeeded)
    try service.state.deleteJob(DeleteJob(jobID: "j"), now: service.now)
    expectRefusal("ResourceNotFoundException", 404, of: &service) { _ = try $0.describe("j") }
  }

  @Test func `the bounds of the emulator are refusals`() throws {
    var limits = EmulatorLimits()
    limits.jobs = 3
    limits.things = 2
    limits.executions = 4
    limits.executionsPerThing = 2
    limits.targetsPerJob = 3
    var service = Service(limits: limits)
    expectRefusal("InvalidRequestException", 400, of: &service) {
      try $0.create("j", on: ["a", "b", "c", "d"])
    }
    expectRefusal("LimitExceededException", 410, of: &service) {
      try $0.create("j", on: ["a", "b", "c"])
    }
    try service.create("one", on: ["a", "b"])
    try service.create("two", on: ["a"])
    expectRefusal("LimitExceededException", 410, of: &service) { try $0.create("j", on: ["a"]) }
    expectRefusal("LimitExceededException", 410, of: &service) {
      try $0.create("j", on: ["a", "b"])
    }
    try service.create("three", on: ["b"])
    let refusal = expectRefusal("LimitExceededException", 410, of: &service) {
      try $0.create("four", on: ["b"])
    }
    #expect(refusal?.kind == .quotaExceeded)
  }
}

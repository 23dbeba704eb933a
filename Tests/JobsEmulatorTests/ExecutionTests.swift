// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import JobsEmulator
import Testing

/// The control plane's moves on one execution.
@Suite struct ExecutionTests {
  @Test func `a queued execution is cancelled, one in progress only with force`() throws {
    var service = Service()
    try service.create("j", on: ["a", "b"])
    try service.startNext("b")
    try service.cancel("j", on: "a")
    #expect(try service.managed("j", on: "a").status == .canceled)
    #expect(try service.managed("j", on: "a").forceCanceled == false)
    #expect(try service.managed("j", on: "a").versionNumber == 2)
    expectRefusal("InvalidStateTransitionException", 409, of: &service) {
      try $0.cancel("j", on: "b")
    }
    try service.cancel("j", on: "b", force: true)
    #expect(try service.managed("j", on: "b").status == .canceled)
    #expect(try service.managed("j", on: "b").forceCanceled == true)
    #expect(try service.managed("j", on: "b").versionNumber == 3)
    expectRefusal("InvalidStateTransitionException", 409, of: &service) {
      try $0.update("j", .succeeded, on: "b")
    }
  }

  @Test func `an ended execution is not cancelled, not even with force`() throws {
    var service = Service()
    try service.create("j")
    try service.update("j", .succeeded)
    expectRefusal("InvalidStateTransitionException", 409, of: &service) {
      try $0.cancel("j", force: true)
    }
  }

  @Test func `a cancel checks the version before the state and can leave details`() throws {
    var service = Service()
    try service.create("j")
    try service.update("j", .inProgress) { $0.statusDetails = StatusDetails([("a", "1")]) }
    var call = CancelJobExecution(thingName: "t", jobID: "j")
    call.expectedVersion = 1
    call.statusDetails = StatusDetails([("b", "2")])
    let refusal = expectRefusal("VersionConflictException", 409, of: &service) {
      try $0.state.cancelExecution(call, now: $0.now)
    }
    #expect(refusal?.kind == .versionMismatch)
    call.expectedVersion = 2
    call.force = true
    try service.state.cancelExecution(call, now: service.now)
    #expect(try service.managed("j").statusDetails == StatusDetails([("b", "2")]))
  }

  @Test func `a cancel takes ten details at most`() throws {
    var service = Service()
    try service.create("j")
    var call = CancelJobExecution(thingName: "t", jobID: "j")
    call.statusDetails = StatusDetails((0..<11).map { ("k\($0)", "v") })
    expectRefusal("InvalidRequestException", 400, of: &service) {
      try $0.state.cancelExecution(call, now: $0.now)
    }
  }

  @Test func `moves of the service do not count if the rules say so`() throws {
    var rules = EmulatorRules()
    rules.serviceMovesBumpVersion = false
    var service = Service(rules: rules)
    try service.create("j")
    try service.cancel("j")
    #expect(try service.managed("j").versionNumber == 1)
  }

  @Test func `the control plane shows ended executions and the timers of others`() throws {
    var service = Service()
    try service.create("j") { $0.inProgressTimeoutMinutes = 10 }
    try service.startNext { $0.statusDetails = StatusDetails([("k", "v")]) }
    service.wait(minutes: 1)
    var expected = ManagedJobExecution(
      jobID: "j", thingARN: Service.arn("t"), status: .inProgress,
      queuedAtSeconds: Service.start, lastUpdatedAtSeconds: Service.start, executionNumber: 1,
      versionNumber: 2)
    expected.statusDetails = StatusDetails([("k", "v")])
    expected.startedAtSeconds = Service.start
    expected.approximateSecondsBeforeTimedOut = 540
    #expect(try service.managed("j") == expected)
    try service.update("j", .succeeded)
    #expect(try service.managed("j").status == .succeeded)
  }

  @Test func `a deleted execution is gone and may complete its job`() throws {
    var service = Service()
    try service.create("j", on: ["a", "b"])
    try service.update("j", .succeeded, on: "a")
    var call = DeleteJobExecution(thingName: "b", jobID: "j", executionNumber: 1)
    expectRefusal("InvalidStateTransitionException", 409, of: &service) {
      try $0.state.deleteExecution(call, now: $0.now)
    }
    call.force = true
    try service.state.deleteExecution(call, now: service.now)
    expectRefusal("ResourceNotFoundException", 404, of: &service) {
      _ = try $0.describe("j", on: "b")
    }
    #expect(try service.job("j").status == .completed)
    #expect(try service.job("j").processDetails.succeededThings == 1)
    #expect(try service.job("j").processDetails.queuedThings == 0)
    #expect(try service.startNext("b") == nil)
  }

  @Test func `of several attempts any can be deleted`() throws {
    for deleted in 1...3 as ClosedRange<Int64> {
      var service = Service()
      try service.create("j") {
        $0.retryCriteria = [RetryCriterion(failureType: .failed, numberOfRetries: 2)]
      }
      for _ in 0..<3 { try service.update("j", .failed) }
      try service.state.deleteExecution(
        DeleteJobExecution(thingName: "t", jobID: "j", executionNumber: deleted),
        now: service.now)
      for number in 1...3 as ClosedRange<Int64> where number != deleted {
        #expect(try service.managed("j", number: number).executionNumber == number)
      }
      #expect(try service.managed("j").executionNumber == (deleted == 3 ? 2 : 3))
      #expect(try service.job("j").processDetails.failedThings == 1)
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import JobsEmulator
import Testing

/// StartNext, `$next` and the pending lists.
@Suite struct NextTests {
  @Test func `the oldest queued execution is started, with its details`() throws {
    var service = Service()
    try service.create("a")
    service.wait(minutes: 1)
    try service.create("b")
    service.wait(minutes: 1)
    let started = try service.startNext { $0.statusDetails = StatusDetails([("k", "v")]) }
    var expected = JobExecution()
    expected.jobID = "a"
    expected.thingName = "t"
    expected.status = .inProgress
    expected.statusDetails = StatusDetails([("k", "v")])
    expected.queuedAtSeconds = Service.start
    expected.startedAtSeconds = Service.start + 120
    expected.lastUpdatedAtSeconds = Service.start + 120
    expected.versionNumber = 2
    expected.executionNumber = 1
    expected.jobDocument = "{\"a\":1}"
    #expect(started == expected)
  }

  @Test func `started again, it is returned as it is`() throws {
    var service = Service()
    try service.create("a")
    try service.create("b")
    let first = try service.startNext { $0.statusDetails = StatusDetails([("k", "v")]) }
    service.wait(minutes: 1)
    let again = try service.startNext {
      $0.statusDetails = StatusDetails([("other", "w")])
      $0.stepTimeoutMinutes = 5
    }
    #expect(again == first)
    #expect(again?.approximateSecondsBeforeTimedOut == nil)
    try service.update("a", .succeeded)
    #expect(try service.startNext()?.jobID == "b")
  }

  @Test func `started again, it counts and restarts its step if the rules say so`() throws {
    var rules = EmulatorRules()
    rules.repeatedStartBumpsVersion = true
    rules.repeatedStartSetsStepTimer = true
    var service = Service(rules: rules)
    try service.create("a")
    try service.startNext()
    service.wait(minutes: 1)
    let again = try service.startNext { $0.stepTimeoutMinutes = 5 }
    #expect(again?.versionNumber == 3)
    #expect(again?.lastUpdatedAtSeconds == Service.start + 60)
    #expect(again?.approximateSecondsBeforeTimedOut == 300)
  }

  @Test func `next shows what StartNext would hand out and starts nothing`() throws {
    var service = Service()
    try service.create("a")
    try service.create("b")
    let next = try service.describe("$next")
    #expect(next?.jobID == "a")
    #expect(next?.status == .queued)
    #expect(next?.jobDocument == "{\"a\":1}")
    #expect(try service.describe("$next") { $0.includeJobDocument = false }?.jobDocument == nil)
    try service.update("b", .inProgress)
    #expect(try service.describe("$next")?.jobID == "b")
    #expect(try service.describe("a")?.status == .queued)
  }

  @Test func `nothing pending is an answer, not a refusal`() throws {
    var service = Service()
    try service.create("a")
    try service.update("a", .succeeded)
    #expect(try service.startNext() == nil)
    #expect(try service.describe("$next") == nil)
    #expect(try service.pending() == PendingJobExecutions())
  }

  @Test func `an unknown thing is refused`() {
    var service = Service()
    expectRefusal("ResourceNotFoundException", 404, of: &service) { try $0.startNext() }
    expectRefusal("ResourceNotFoundException", 404, of: &service) { _ = try $0.pending() }
    expectRefusal("ResourceNotFoundException", 404, of: &service) { _ = try $0.describe("$next") }
    expectRefusal("ResourceNotFoundException", 404, of: &service) { _ = try $0.describe("j") }
  }

  @Test func `an unknown thing has nothing pending if the rules say so`() throws {
    var rules = EmulatorRules()
    rules.unknownThing = .empty
    var service = Service(rules: rules)
    #expect(try service.startNext() == nil)
    #expect(try service.pending() == PendingJobExecutions())
    #expect(try service.describe("$next") == nil)
    expectRefusal("ResourceNotFoundException", 404, of: &service) { _ = try $0.describe("j") }
    expectRefusal("ResourceNotFoundException", 404, of: &service) {
      try $0.update("j", .inProgress)
    }
  }

  @Test func `the pending lists show ten at most, those in progress first`() throws {
    var service = Service()
    let jobs = (0..<15).map { "j\($0)" }
    for job in jobs { try service.create(job) }
    #expect(try service.pending().queued.map(\.jobID) == Array(jobs[..<10]))
    for job in jobs[12...] { try service.update(job, .inProgress) }
    let pending = try service.pending()
    #expect(pending.inProgress.map(\.jobID) == Array(jobs[12...]))
    #expect(pending.queued.map(\.jobID) == Array(jobs[..<7]))
    for job in jobs[..<12] { try service.update(job, .inProgress) }
    #expect(try service.pending().inProgress.map(\.jobID) == Array(jobs[..<10]))
    #expect(try service.pending().queued.isEmpty)
  }

  @Test func `each list shows the most if the rules say so`() throws {
    var rules = EmulatorRules()
    rules.pendingShare = .each
    rules.pendingLimit = 2
    var service = Service(rules: rules)
    for job in ["a", "b", "c", "d", "e", "f"] { try service.create(job) }
    for job in ["a", "b", "c"] { try service.update(job, .inProgress) }
    #expect(try service.pending().inProgress.map(\.jobID) == ["a", "b"])
    #expect(try service.pending().queued.map(\.jobID) == ["d", "e"])
  }

  @Test func `a row of the lists says when and which, not what`() throws {
    var service = Service()
    try service.create("a")
    service.wait(minutes: 2)
    try service.startNext()
    var row = JobExecutionSummary()
    row.jobID = "a"
    row.queuedAtSeconds = Service.start
    row.startedAtSeconds = Service.start + 120
    row.lastUpdatedAtSeconds = Service.start + 120
    row.versionNumber = 2
    row.executionNumber = 1
    #expect(try service.pending() == PendingJobExecutions(inProgress: [row]))
  }

  @Test func `describe shows the latest, or the one with a number`() throws {
    var service = Service()
    try service.create("a") {
      $0.retryCriteria = [RetryCriterion(failureType: .failed, numberOfRetries: 1)]
    }
    try service.update("a", .failed)
    #expect(try service.describe("a")?.executionNumber == 2)
    #expect(try service.describe("a") { $0.executionNumber = 2 }?.status == .queued)
    expectRefusal("TerminalStateException", 410, of: &service) {
      _ = try $0.describe("a") { $0.executionNumber = 1 }
    }
    expectRefusal("ResourceNotFoundException", 404, of: &service) {
      _ = try $0.describe("a") { $0.executionNumber = 3 }
    }
  }

  @Test func `an ended execution is gone for Describe unless the rules say otherwise`() throws {
    var service = Service()
    try service.create("a")
    try service.update("a", .succeeded)
    let refusal = expectRefusal("TerminalStateException", 410, of: &service) {
      _ = try $0.describe("a")
    }
    #expect(refusal?.kind == .terminalState)
    var rules = EmulatorRules()
    rules.describeRefusesTerminal = false
    service = Service(rules: rules)
    try service.create("a")
    try service.update("a", .succeeded)
    #expect(try service.describe("a")?.status == .succeeded)
  }

  @Test func `the first numbers of an execution are rules`() throws {
    var rules = EmulatorRules()
    rules.firstVersionNumber = 0
    rules.firstExecutionNumber = 2_939_653_338
    var service = Service(rules: rules)
    try service.create("a")
    #expect(try service.describe("a")?.versionNumber == 0)
    #expect(try service.startNext()?.versionNumber == 1)
    #expect(try service.describe("a")?.executionNumber == 2_939_653_338)
  }
}

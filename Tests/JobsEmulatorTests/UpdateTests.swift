// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import JobsEmulator
import Testing

@Suite struct UpdateTests {
  @Test func `checks come in order: constraints, existence, version, state`() throws {
    var service = Service()
    try service.create("j")
    try service.update("j", .succeeded)
    // Wrong in all four ways, then in one less each time.
    expectRefusal("InvalidRequestException", 400, of: &service) {
      try $0.update("none", .inProgress) {
        $0.stepTimeoutMinutes = 0
        $0.expectedVersion = 9
      }
    }
    expectRefusal("ResourceNotFoundException", 404, of: &service) {
      try $0.update("none", .inProgress) { $0.expectedVersion = 9 }
    }
    expectRefusal("ResourceNotFoundException", 404, of: &service) {
      try $0.update("j", .inProgress) {
        $0.executionNumber = 7
        $0.expectedVersion = 9
      }
    }
    let mismatch = expectRefusal("VersionMismatchException", 409, of: &service) {
      try $0.update("j", .inProgress) { $0.expectedVersion = 9 }
    }
    #expect(mismatch?.kind == .versionMismatch)
    #expect(mismatch?.executionState?.versionNumber == 2)
    #expect(mismatch?.executionState?.status == .succeeded)
    expectRefusal("InvalidStateTransitionException", 409, of: &service) {
      try $0.update("j", .inProgress) { $0.expectedVersion = 2 }
    }
  }

  @Test func `each update counts, and an expected version is met once`() throws {
    var service = Service()
    try service.create("j")
    #expect(try service.describe("j")?.versionNumber == 1)
    #expect(try service.startNext()?.versionNumber == 2)
    let answer = try service.update("j", .inProgress) { $0.expectedVersion = 2 }
    #expect(answer.executionState?.versionNumber == 3)
    expectRefusal("VersionMismatchException", 409, of: &service) {
      try $0.update("j", .inProgress) { $0.expectedVersion = 2 }
    }
    #expect(
      try service.update("j", .succeeded) { $0.expectedVersion = 3 }.executionState?.versionNumber
        == 4)
  }

  @Test(
    arguments: [
      (EmulatorRules.VersionMismatch.versionConflictException, "VersionConflictException"),
      (.invalidStateTransitionException, "InvalidStateTransitionException"),
    ])
  func `the name of a version mismatch is a rule`(
    rule: EmulatorRules.VersionMismatch, name: String
  ) throws {
    var rules = EmulatorRules()
    rules.versionMismatch = rule
    var service = Service(rules: rules)
    try service.create("j")
    let refusal = expectRefusal(name, 409, of: &service) {
      try $0.update("j", .inProgress) { $0.expectedVersion = 0 }
    }
    #expect(refusal?.executionState?.versionNumber == 1)
  }

  @Test func `an answer holds what was asked for and no more`() throws {
    var service = Service()
    try service.create("j")
    let plain = try service.update("j", .inProgress) { $0.includeJobExecutionState = nil }
    #expect(plain == UpdatedJobExecution())
    let full = try service.update("j", .inProgress) { $0.includeJobDocument = true }
    #expect(full.jobDocument == "{\"a\":1}")
    #expect(full.executionState?.status == .inProgress)
  }

  @Test func `status details are replaced, kept and cleared`() throws {
    var service = Service()
    try service.create("j")
    try service.startNext { $0.statusDetails = StatusDetails([("a", "1"), ("b", "2")]) }
    try service.update("j", .inProgress)
    #expect(
      try service.describe("j")?.statusDetails == StatusDetails([("a", "1"), ("b", "2")]))
    try service.update("j", .inProgress) { $0.statusDetails = StatusDetails([("b", "3")]) }
    #expect(try service.describe("j")?.statusDetails == StatusDetails([("b", "3")]))
    try service.update("j", .inProgress) { $0.statusDetails = .empty }
    #expect(try service.describe("j")?.statusDetails == nil)
  }

  @Test func `status details are merged if the rules say so`() throws {
    var rules = EmulatorRules()
    rules.statusDetails = .merge
    var limits = EmulatorLimits()
    limits.statusDetailsPairs = 3
    var service = Service(rules: rules, limits: limits)
    try service.create("j")
    try service.update("j", .inProgress) { $0.statusDetails = StatusDetails([("a", "1")]) }
    try service.update("j", .inProgress) {
      $0.statusDetails = StatusDetails([("a", "2"), ("b", "3")])
    }
    try service.update("j", .inProgress) { $0.statusDetails = .empty }
    let merged = StatusDetails([("a", "2"), ("b", "3")])
    #expect(try service.describe("j")?.statusDetails == merged)
    // What no call may bring at once cannot be piled up either.
    expectRefusal("InvalidRequestException", 400, of: &service) {
      try $0.update("j", .inProgress) {
        $0.statusDetails = StatusDetails([("c", "4"), ("d", "5")])
      }
    }
  }

  @Test func `several executions of a thing may be in progress by job id`() throws {
    var service = Service()
    for job in ["a", "b", "c"] { try service.create(job) }
    try service.update("c", .inProgress)
    try service.update("b", .inProgress)
    // The first queued among them is the next one.
    #expect(try service.startNext()?.jobID == "b")
    #expect(try service.pending().inProgress.map(\.jobID) == ["b", "c"])
    #expect(try service.pending().queued.map(\.jobID) == ["a"])
  }
}

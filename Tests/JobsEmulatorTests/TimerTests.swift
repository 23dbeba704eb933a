// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import JobsEmulator
import Testing

@Suite struct TimerTests {
  /// AWS IoT developer guide, "How job configurations work": in-progress timer of 20 minutes, step
  /// timers of 7, 5 and 9 minutes.
  @Test func `the guide's example: no step goes past the in-progress timer`() throws {
    var service = Service()
    try service.create("j") { $0.inProgressTimeoutMinutes = 20 }
    #expect(try service.startNext()?.approximateSecondsBeforeTimedOut == 20 * 60)
    service.wait(minutes: 5)  // 12:05, step to 12:12
    try service.update("j", .inProgress) { $0.stepTimeoutMinutes = 7 }
    #expect(try service.describe("j")?.approximateSecondsBeforeTimedOut == 7 * 60)
    service.wait(minutes: 5)  // 12:10, step to 12:15
    try service.update("j", .inProgress) { $0.stepTimeoutMinutes = 5 }
    #expect(try service.describe("j")?.approximateSecondsBeforeTimedOut == 5 * 60)
    service.wait(minutes: 3)  // 12:13, step to 12:22, which is past 12:20
    try service.update("j", .inProgress) { $0.stepTimeoutMinutes = 9 }
    #expect(try service.describe("j")?.approximateSecondsBeforeTimedOut == 7 * 60)
    service.now += 7 * 60 - 1
    #expect(try service.describe("j")?.approximateSecondsBeforeTimedOut == 1)
    service.now += 1
    #expect(try service.managed("j").status == .timedOut)
    #expect(try service.managed("j").lastUpdatedAtSeconds == Service.start + 20 * 60)
  }

  @Test func `a queued execution never times out`() throws {
    var service = Service()
    try service.create("j") { $0.inProgressTimeoutMinutes = 1 }
    service.wait(minutes: 100_000)
    #expect(try service.describe("j")?.status == .queued)
    #expect(try service.describe("j")?.approximateSecondsBeforeTimedOut == nil)
  }

  @Test func `a step timer is kept by an update without one and stopped by -1`() throws {
    var service = Service()
    try service.create("j")
    try service.startNext { $0.stepTimeoutMinutes = 10 }
    service.wait(minutes: 4)
    try service.update("j", .inProgress)
    #expect(try service.describe("j")?.approximateSecondsBeforeTimedOut == 6 * 60)
    try service.update("j", .inProgress) { $0.stepTimeoutMinutes = -1 }
    #expect(try service.describe("j")?.approximateSecondsBeforeTimedOut == nil)
    service.wait(minutes: 100_000)
    #expect(try service.describe("j")?.status == .inProgress)
  }

  @Test func `-1 does not stop the in-progress timer`() throws {
    var service = Service()
    try service.create("j") { $0.inProgressTimeoutMinutes = 20 }
    try service.startNext { $0.stepTimeoutMinutes = 5 }
    try service.update("j", .inProgress) { $0.stepTimeoutMinutes = -1 }
    #expect(try service.describe("j")?.approximateSecondsBeforeTimedOut == 20 * 60)
  }

  @Test func `an update that leaves QUEUED starts both timers`() throws {
    var service = Service()
    try service.create("j") { $0.inProgressTimeoutMinutes = 20 }
    try service.update("j", .inProgress) { $0.stepTimeoutMinutes = 5 }
    #expect(try service.describe("j")?.approximateSecondsBeforeTimedOut == 5 * 60)
    try service.update("j", .inProgress) { $0.stepTimeoutMinutes = 30 }
    #expect(try service.describe("j")?.approximateSecondsBeforeTimedOut == 20 * 60)
  }

  @Test func `an end stops the timers, whatever step it brings`() throws {
    var service = Service()
    try service.create("j") { $0.inProgressTimeoutMinutes = 1 }
    try service.startNext()
    try service.update("j", .succeeded) { $0.stepTimeoutMinutes = 1 }
    service.wait(minutes: 10)
    let execution = try service.managed("j")
    #expect(execution.status == .succeeded)
    #expect(execution.approximateSecondsBeforeTimedOut == nil)
  }

  @Test func `a time-out counts, refuses the device and makes room for the next`() throws {
    var service = Service()
    try service.create("j") { $0.inProgressTimeoutMinutes = 1 }
    try service.create("k")
    try service.startNext()
    service.wait(minutes: 5)
    let refusal = expectRefusal("InvalidStateTransitionException", 409, of: &service) {
      try $0.update("j", .succeeded)
    }
    #expect(refusal?.executionState?.status == .timedOut)
    #expect(refusal?.executionState?.versionNumber == 3)
    #expect(try service.startNext()?.jobID == "k")
  }

  @Test func `what a time-out leaves does not depend on who looked when`() throws {
    var looked = Service()
    try looked.create("j") {
      $0.inProgressTimeoutMinutes = 1
      $0.retryCriteria = [RetryCriterion(failureType: .timedOut, numberOfRetries: 3)]
    }
    try looked.startNext()
    var unseen = looked
    for _ in 0..<300 {
      looked.now += 1
      _ = try looked.pending()
    }
    unseen.now = looked.now
    unseen.state.advance(to: unseen.now)
    #expect(looked.state == unseen.state)
    #expect(try looked.managed("j", number: 1).lastUpdatedAtSeconds == Service.start + 60)
    #expect(try looked.describe("j")?.queuedAtSeconds == Service.start + 60)
  }

  @Test func `a late service lets a device come late`() throws {
    var rules = EmulatorRules()
    rules.timeoutLatenessSeconds = 60
    var service = Service(rules: rules)
    try service.create("j") { $0.inProgressTimeoutMinutes = 1 }
    try service.startNext()
    service.now += 119
    #expect(try service.describe("j")?.approximateSecondsBeforeTimedOut == 0)
    try service.update("j", .inProgress)
    service.now += 1
    #expect(try service.managed("j").status == .timedOut)
  }

  @Test func `time does not run backwards`() throws {
    var service = Service()
    try service.create("j") { $0.inProgressTimeoutMinutes = 1 }
    try service.startNext()
    service.now -= 1000
    #expect(try service.describe("j")?.approximateSecondsBeforeTimedOut == 60)
    try service.create("k")
    #expect(try service.describe("k")?.queuedAtSeconds == Service.start)
  }

  @Test(arguments: [0, 10081, -2, -1] as [Int64])
  func `StartNext refuses a step timer out of range`(minutes: Int64) throws {
    var service = Service()
    try service.create("j")
    expectRefusal("InvalidRequestException", 400, of: &service) {
      try $0.startNext { $0.stepTimeoutMinutes = minutes }
    }
  }

  @Test(arguments: [0, 10081, -2] as [Int64])
  func `Update refuses a step timer out of range`(minutes: Int64) throws {
    var service = Service()
    try service.create("j")
    expectRefusal("InvalidRequestException", 400, of: &service) {
      try $0.update("j", .inProgress) { $0.stepTimeoutMinutes = minutes }
    }
  }

  @Test(arguments: [1, 10080] as [Int64])
  func `the ends of the range are legal`(minutes: Int64) throws {
    var service = Service()
    try service.create("j") { $0.inProgressTimeoutMinutes = minutes }
    let started = try service.startNext { $0.stepTimeoutMinutes = minutes }
    #expect(started?.approximateSecondsBeforeTimedOut == minutes * 60)
  }
}

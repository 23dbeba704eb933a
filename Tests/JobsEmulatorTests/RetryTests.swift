// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import JobsEmulator
import Testing

@Suite struct RetryTests {
  @Test func `a failed execution is queued once more behind the others`() throws {
    var service = Service()
    try service.create("a") {
      $0.retryCriteria = [RetryCriterion(failureType: .failed, numberOfRetries: 1)]
    }
    try service.create("b")
    try service.startNext { $0.statusDetails = StatusDetails([("k", "v")]) }
    service.wait(minutes: 1)
    let answer = try service.update("a", .failed)
    #expect(answer.executionState?.status == .failed)
    #expect(try service.job("a").status == .inProgress)
    #expect(try service.pending().queued.map(\.jobID) == ["b", "a"])
    let retry = try #require(try service.describe("a"))
    #expect(retry.status == .queued)
    #expect(retry.executionNumber == 2)
    #expect(retry.versionNumber == 1)
    #expect(retry.queuedAtSeconds == Service.start + 60)
    #expect(retry.startedAtSeconds == nil)
    #expect(retry.statusDetails == nil)
    // The one before stays as it ended.
    #expect(try service.managed("a", number: 1).status == .failed)
    try service.update("a", .failed)
    #expect(try service.job("a").status == .completed)
    #expect(try service.managed("a").executionNumber == 2)
  }

  @Test func `each failure has its own allowance, ALL has one for both`() throws {
    func attempts(_ criteria: [RetryCriterion]) throws -> Int64 {
      var service = Service()
      try service.create("a") {
        $0.retryCriteria = criteria
        $0.inProgressTimeoutMinutes = 1
      }
      for round in 0..<20 {
        if round.isMultiple(of: 2) {
          _ = try? service.update("a", .failed)
        } else {
          try service.startNext()
          service.wait(minutes: 1)
        }
      }
      return try service.managed("a").executionNumber
    }
    #expect(try attempts([RetryCriterion(failureType: .all, numberOfRetries: 3)]) == 4)
    #expect(try attempts([RetryCriterion(failureType: .failed, numberOfRetries: 1)]) == 2)
    #expect(try attempts([RetryCriterion(failureType: .timedOut, numberOfRetries: 1)]) == 1)
    #expect(
      try attempts([
        RetryCriterion(failureType: .failed, numberOfRetries: 2),
        RetryCriterion(failureType: .timedOut, numberOfRetries: 1),
      ]) == 4)
    #expect(try attempts([RetryCriterion(failureType: .all, numberOfRetries: 0)]) == 1)
    // Both ends at their most would be 20 retries; ten are the most in all.
    #expect(
      try attempts([
        RetryCriterion(failureType: .failed, numberOfRetries: 10),
        RetryCriterion(failureType: .timedOut, numberOfRetries: 10),
      ]) == 11)
  }

  @Test(arguments: [JobExecutionStatus.rejected, .succeeded])
  func `no other end is retried`(end: JobExecutionStatus) throws {
    var service = Service()
    try service.create("a") {
      $0.retryCriteria = [RetryCriterion(failureType: .all, numberOfRetries: 10)]
    }
    try service.update("a", end)
    #expect(try service.job("a").status == .completed)
  }

  @Test func `a cancelled job is not retried`() throws {
    var service = Service()
    try service.create("a") {
      $0.retryCriteria = [RetryCriterion(failureType: .all, numberOfRetries: 10)]
    }
    try service.startNext()
    _ = try service.state.cancelJob(CancelJob(jobID: "a"), now: service.now)
    try service.update("a", .failed)
    #expect(try service.startNext() == nil)
    #expect(try service.job("a").status == .canceled)
  }

  @Test func `a retry does not break the bound of a thing`() throws {
    var limits = EmulatorLimits()
    limits.executionsPerThing = 2
    var service = Service(limits: limits)
    try service.create("a") {
      $0.retryCriteria = [RetryCriterion(failureType: .failed, numberOfRetries: 10)]
    }
    try service.update("a", .failed)
    try service.update("a", .failed)
    #expect(try service.startNext() == nil)
    #expect(try service.job("a").status == .completed)
  }

  @Test func `retries by number can be updated only while they are the latest`() throws {
    var service = Service()
    try service.create("a") {
      $0.retryCriteria = [RetryCriterion(failureType: .failed, numberOfRetries: 10)]
    }
    try service.update("a", .failed)
    expectRefusal("InvalidStateTransitionException", 409, of: &service) {
      try $0.update("a", .inProgress) { $0.executionNumber = 1 }
    }
    try service.update("a", .inProgress) { $0.executionNumber = 2 }
    #expect(try service.describe("a")?.status == .inProgress)
  }

  @Test func `the lists tell which attempt a row is`() throws {
    var service = Service()
    try service.create("a") {
      $0.retryCriteria = [RetryCriterion(failureType: .failed, numberOfRetries: 1)]
    }
    try service.update("a", .failed)
    let page = try service.state.listExecutions(
      ListJobExecutionsForThing(thingName: "t"), now: service.now)
    #expect(page.rows.map(\.summary.retryAttempt) == [0, 1])
    #expect(page.rows.map(\.summary.executionNumber) == [1, 2])
  }
}

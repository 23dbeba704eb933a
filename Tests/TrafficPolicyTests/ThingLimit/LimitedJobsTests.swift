// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import JobsEmulator
import Testing

@testable import TrafficPolicy

@Suite struct LimitedJobsTests {
  private let bench: LimiterBench
  private let jobs: LimitedJobs<JobsEmulator>
  private let context = CallContext(requestID: "r")

  init() throws {
    var settings = ThingLimitSettings()
    settings.limits = ThingLimits(
      reads: RateLimit(perSecond: 10, burst: 2), writes: RateLimit(perSecond: 1, burst: 2))
    self.bench = LimiterBench(settings)
    let emulator = JobsEmulator()
    try emulator.apply(EmulatorSeed(things: ["t", "u"]))
    self.jobs = LimitedJobs(emulator, limiter: self.bench.limiter)
  }

  @Test func `describe and get-pending spend reads`() async throws {
    _ = try await self.jobs.describe(
      DescribeJobExecution(thingName: "t", jobID: "$next"), in: self.context)
    _ = try await self.jobs.getPending(GetPendingJobExecutions(thingName: "t"), in: self.context)
    let refusal = JobsFailure(.thingLimited(.read, retryAfterMilliseconds: 100))
    await #expect(throws: refusal) {
      try await self.jobs.describe(
        DescribeJobExecution(thingName: "t", jobID: "$next"), in: self.context)
    }
    await #expect(throws: refusal) {
      try await self.jobs.getPending(GetPendingJobExecutions(thingName: "t"), in: self.context)
    }
    _ = try await self.jobs.getPending(GetPendingJobExecutions(thingName: "u"), in: self.context)
    _ = try await self.jobs.startNext(
      StartNextPendingJobExecution(thingName: "t"), in: self.context)
  }

  @Test func `start-next and update spend writes`() async throws {
    _ = try await self.jobs.startNext(
      StartNextPendingJobExecution(thingName: "t"), in: self.context)
    let update = UpdateJobExecution(thingName: "t", jobID: "j", status: .succeeded)
    // Nobody has made that job: the call went through to where that is known.
    await #expect { try await self.jobs.update(update, in: self.context) } throws: { error in
      guard case .refused(let refusal) = (error as? JobsFailure)?.cause else { return false }
      return refusal.kind == .resourceNotFound
    }
    let refusal = JobsFailure(.thingLimited(.write, retryAfterMilliseconds: 1_000))
    await #expect(throws: refusal) { try await self.jobs.update(update, in: self.context) }
    await #expect(throws: refusal) {
      try await self.jobs.startNext(
        StartNextPendingJobExecution(thingName: "t"), in: self.context)
    }
    _ = try await self.jobs.getPending(GetPendingJobExecutions(thingName: "t"), in: self.context)
  }
}

// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import Testing

@testable import TrafficPolicy

private func refusal(_ kind: AWSErrorKind, _ httpStatus: Int = 400) -> JobsFailure.Cause {
  .refused(AWSRefusal(name: "X", httpStatus: httpStatus, message: "", kind: kind))
}

/// What writes leave of stored answers and flights, and which of them are spared.
@Suite struct CachedJobsWriteTests {
  /// Has one describe of each of two things stored.
  private func stocked(
    _ edit: (inout ReadCacheSettings) -> Void = { _ in }
  ) async -> ReadBench {
    let bench = ReadBench(loops: 2, edit)
    for (index, thing) in ["t", "u"].enumerated() {
      let caller = bench.describe(ReadBench.ask(thing))
      await bench.backend.untilCalls(index + 1)
      bench.backend.open(index, .execution(ReadBench.execution(version: 1)))
      _ = await caller.value
    }
    return bench
  }

  private func isStored(_ bench: ReadBench, _ thing: String = "t", _ job: String = "j") -> Bool {
    bench.layer.outcomeAtHand(of: ReadBench.ask(thing, job), in: ReadBench.context()) != nil
  }

  @Test func `an update's answer finds nothing stored of its thing`() async throws {
    let bench = await self.stocked()
    // Of another loop, to which the store is the same.
    let update = bench.update(loop: 1)
    await bench.backends[1].untilCalls(1)
    #expect(self.isStored(bench))
    bench.backends[1].open(0, .updated(UpdatedJobExecution()))
    #expect(try await update.value.get().trace == GatedJobs.trace)
    #expect(!self.isStored(bench))
    #expect(self.isStored(bench, "u"))
    #expect(bench.metric("iot_jobs_gateway_cache_evictions_total{reason=\"invalidated\"} 1"))
  }

  @Test func `a describe that began before a write and returns after it is not stored`()
    async throws
  {
    let bench = ReadBench()
    let early = bench.describe()
    await bench.backend.untilCalls(1)
    let update = bench.update()
    await bench.backend.untilCalls(2)
    bench.backend.open(1, .updated(UpdatedJobExecution()))
    _ = await update.value
    // Nor is it joined by who comes after the write.
    let late = bench.describe()
    await bench.backend.untilCalls(3)
    bench.backend.open(0, .execution(ReadBench.execution(version: 1)))
    #expect(await early.value.version == 1)
    #expect(!self.isStored(bench))
    bench.backend.open(2, .execution(ReadBench.execution(version: 2)))
    #expect(await late.value.version == 2)
    #expect(self.isStored(bench))
    #expect(bench.cache.underWay == (0, 0))
  }

  @Test func `a describe that returns while a write is under way is forgotten at its end`()
    async throws
  {
    let bench = ReadBench()
    let update = bench.update()
    await bench.backend.untilCalls(1)
    let describe = bench.describe()
    await bench.backend.untilCalls(2)
    bench.backend.open(1, .execution(ReadBench.execution(version: 1)))
    _ = await describe.value
    #expect(self.isStored(bench))
    bench.backend.open(0, .updated(UpdatedJobExecution()))
    _ = await update.value
    #expect(!self.isStored(bench))
  }

  @Test func `a refresh that a write overtakes is not stored`() async throws {
    let bench = await self.stocked { $0.staleWhileRevalidate = .seconds(10) }
    bench.time.advance(by: .seconds(2))
    #expect(self.isStored(bench))
    await bench.backend.untilCalls(3)
    let update = bench.update()
    await bench.backend.untilCalls(4)
    bench.backend.open(3, .updated(UpdatedJobExecution()))
    _ = await update.value
    bench.backend.open(2, .execution(ReadBench.execution(version: 1)))
    try await bench.settle()
    #expect(!self.isStored(bench))
  }

  @Test(
    arguments: [
      .invalid([]), .unreachable(""), .overloaded(""), .draining, .credentialsUnavailable(""),
      .thingLimited(.write, retryAfterMilliseconds: 1),
      .budgetExhausted(.write, retryAfterMilliseconds: 1), .attemptTimedOut(requestSent: false),
      .circuitOpen(retryAfterMilliseconds: 1),
      .deadlineExceeded(mayHaveBeenApplied: false), .cancelled(mayHaveBeenApplied: false),
    ] as [JobsFailure.Cause])
  func `a write that AWS has seen nothing of leaves all as it was`(
    cause: JobsFailure.Cause
  ) async throws {
    let bench = await self.stocked()
    #expect(try await self.failedUpdate(bench, cause)?.cause == cause)
    #expect(self.isStored(bench))
    #expect(try await self.failedStartNext(bench, cause)?.cause == cause)
    #expect(self.isStored(bench))
  }

  @Test(
    arguments: [
      .refused(
        AWSRefusal(name: "X", httpStatus: 409, message: "", kind: .versionMismatch)),
      .malformedResponse(""), .interrupted(""), .attemptTimedOut(requestSent: true),
      .deadlineExceeded(mayHaveBeenApplied: true), .cancelled(mayHaveBeenApplied: true),
    ] as [JobsFailure.Cause])
  func `any other end of a write makes its thing unknown`(cause: JobsFailure.Cause) async throws {
    let updated = await self.stocked()
    #expect(try await self.failedUpdate(updated, cause)?.cause == cause)
    #expect(!self.isStored(updated))
    let started = await self.stocked()
    #expect(try await self.failedStartNext(started, cause)?.cause == cause)
    #expect(!self.isStored(started))
    #expect(self.isStored(started, "u"))
  }

  private func failedUpdate(
    _ bench: ReadBench, _ cause: JobsFailure.Cause
  ) async throws -> JobsFailure? {
    let count = bench.backend.calls.count
    let caller = bench.update()
    await bench.backend.untilCalls(count + 1)
    bench.backend.open(count, .failure(cause))
    return await caller.value.failure
  }

  private func failedStartNext(
    _ bench: ReadBench, _ cause: JobsFailure.Cause
  ) async throws -> JobsFailure? {
    let count = bench.backend.calls.count
    let caller = bench.startNext()
    await bench.backend.untilCalls(count + 1)
    bench.backend.open(count, .failure(cause))
    return await caller.value.failure
  }

  @Test func `a failure that is no answer is told from one that is`() {
    let answers: [JobsFailure.Cause] = [
      refusal(.resourceNotFound, 404), refusal(.terminalState, 410), refusal(.invalidRequest),
      refusal(.accessDenied, 403), refusal(.unknown, 418), .invalid([]),
    ]
    let others: [JobsFailure.Cause] = [
      refusal(.throttled, 429), refusal(.serviceUnavailable, 503), refusal(.internalFailure, 500),
      refusal(.credentialsExpired, 403), refusal(.clockSkew, 403), refusal(.unknown, 502),
      refusal(.unknown, 429), .unreachable(""), .interrupted(""), .overloaded(""), .draining,
      .attemptTimedOut(requestSent: true), .thingLimited(.read, retryAfterMilliseconds: 1),
      .budgetExhausted(.read, retryAfterMilliseconds: 1), .credentialsUnavailable(""),
      .malformedResponse(""), .deadlineExceeded(mayHaveBeenApplied: false),
      .circuitOpen(retryAfterMilliseconds: 1),
    ]
    for cause in answers { #expect(cause.isAnswer, "\(cause)") }
    for cause in others { #expect(!cause.isAnswer, "\(cause)") }
  }
}

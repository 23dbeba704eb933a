// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import NIOPosix
import Telemetry
import Testing

@testable import TrafficPolicy

/// Refusals that need no waiting.
@Suite struct CachedJobsAtHandTests {
  private static let cause = JobsFailure.Cause.thingLimited(.read, retryAfterMilliseconds: 7)

  /// A layer in front of a backend that refuses all, from now on.
  private func refusing(
    _ prepare: (ReadBench) async -> Void = { _ in },
    _ edit: (inout ReadCacheSettings) -> Void = { _ in }
  ) async -> ReadBench {
    let bench = ReadBench(loops: 1, edit)
    await prepare(bench)
    bench.backend.refuse(Self.cause)
    return bench
  }

  private func describeAtHand(
    _ bench: ReadBench, _ control: CacheControl = .unspecified, document: Bool? = nil
  ) -> Result<JobsReply<JobExecution?>, JobsFailure>? {
    bench.layer.storedReply(ReadBench.ask(document: document), in: ReadBench.context(control))
  }

  private func failure(_ outcome: CacheResult.Outcome) -> JobsFailure {
    JobsFailure(Self.cause, trace: UpstreamTrace(cache: CacheResult(outcome)))
  }

  @Test func `a read that is refused begins no flight`() async {
    let bench = await self.refusing()
    #expect(self.describeAtHand(bench)?.failure == self.failure(.miss))
    #expect(
      self.describeAtHand(bench, CacheControl(noCache: true))?.failure == self.failure(.bypass))
    let pending = bench.layer.outcomeAtHand(
      of: GetPendingJobExecutions(thingName: "t"), in: ReadBench.context())
    #expect(pending?.failure == self.failure(.miss))
    #expect(bench.backend.calls.isEmpty)
    #expect(bench.cache.underWay == (0, 0))
    #expect(bench.metric("iot_jobs_gateway_cache_requests_total{result=\"miss\"} 2"))
    #expect(bench.metric("iot_jobs_gateway_cache_requests_total{result=\"bypass\"} 1"))
  }

  @Test func `what costs nothing upstream is not refused`() async throws {
    let bench = await self.refusing { bench in
      let reader = bench.describe()
      await bench.backend.openNext(.execution(ReadBench.execution(version: 1)))
      _ = await reader.value
    }
    #expect(self.describeAtHand(bench)?.version == 1)
    #expect(
      self.describeAtHand(bench, CacheControl(noCache: true, onlyIfCached: true))?.failure?.cause
        == .notCached)
    // Another's call is under way, which can be joined by all but those who want one of their own.
    bench.time.advance(by: .seconds(2))
    let leader = bench.describe()
    await bench.backend.untilCalls(2)
    #expect(self.describeAtHand(bench) == nil)
    #expect(self.describeAtHand(bench, document: false) == nil)
    #expect(self.describeAtHand(bench, CacheControl(noCache: true))?.failure != nil)
    bench.backend.open(1, .execution(ReadBench.execution(version: 2)))
    #expect(await leader.value.version == 2)
    #expect(self.describeAtHand(bench)?.version == 2)
  }

  @Test func `an answer past its time stands in for a refusal, for those who take it`() async {
    let bench = await self.refusing { bench in
      let reader = bench.describe(ReadBench.ask(document: false))
      await bench.backend.openNext(.execution(ReadBench.execution(version: 1, document: nil)))
      _ = await reader.value
    } _: {
      $0.staleIfError = .seconds(10)
    }
    bench.time.advance(by: .seconds(2))
    let stale = self.describeAtHand(bench, document: false)
    #expect(stale?.version == 1 && stale?.cache() == CacheResult(.stale, ageSeconds: 2))
    #expect(self.describeAtHand(bench)?.failure == self.failure(.miss))
    #expect(
      self.describeAtHand(bench, CacheControl(maxAgeSeconds: 9), document: false)?.failure
        == self.failure(.miss))
    #expect(bench.metric("iot_jobs_gateway_cache_requests_total{result=\"stale\"} 1"))
  }

  @Test func `stored lists are at hand as they are`() async throws {
    var row = JobExecutionSummary()
    row.jobID = "j"
    let lists = PendingJobExecutions(queued: [row])
    let bench = await self.refusing { bench in
      let reader = bench.getPending()
      await bench.backend.openNext(.pending(lists))
      _ = await reader.value
    } _: {
      $0.pendingTTL = .seconds(10)
    }
    let reply = try bench.layer.outcomeAtHand(
      of: GetPendingJobExecutions(thingName: "t"), in: ReadBench.context())?.get()
    #expect(
      reply
        == JobsReply(lists, trace: UpstreamTrace(cache: CacheResult(.hit, ageSeconds: 0))))
  }

  @Test func `a write that is refused leaves what is stored`() async {
    let bench = await self.refusing { bench in
      let reader = bench.describe()
      await bench.backend.openNext(.execution(ReadBench.execution(version: 1)))
      _ = await reader.value
    }
    let update = UpdateJobExecution(thingName: "t", jobID: "j", status: .succeeded)
    let startNext = StartNextPendingJobExecution(thingName: "t")
    for control in [CacheControl.unspecified, CacheControl(noCache: true)] {
      let context = ReadBench.context(control)
      #expect(
        bench.layer.outcomeAtHand(of: update, in: context)?.failure == JobsFailure(Self.cause))
      #expect(
        bench.layer.outcomeAtHand(of: startNext, in: context)?.failure == JobsFailure(Self.cause))
    }
    #expect(self.describeAtHand(bench)?.version == 1)
    #expect(bench.backend.calls.count == 1)
  }

  @Test func `a refusal is the same whether it is at hand or met on the way`() async throws {
    var settings = ThingLimitSettings()
    settings.limits = ThingLimits(
      reads: RateLimit(perSecond: 10, burst: 1), writes: RateLimit(perSecond: 1, burst: 1))
    let limits = LimiterBench(settings)
    _ = limits.limiter.spend(.read, for: "t")
    _ = limits.limiter.spend(.write, for: "t")
    let bench = ReadBench()
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let layer = CachedJobs(
      LimitedJobs(bench.backend, limiter: limits.limiter), cache: bench.cache, on: loop)
    let context = ReadBench.context()

    let describe = try #require(layer.outcomeAtHand(of: ReadBench.ask(), in: context)?.failure)
    await #expect(throws: describe) { try await layer.describe(ReadBench.ask(), in: context) }
    let getPending = GetPendingJobExecutions(thingName: "t")
    let pending = try #require(layer.outcomeAtHand(of: getPending, in: context)?.failure)
    await #expect(throws: pending) { try await layer.getPending(getPending, in: context) }
    let startNext = StartNextPendingJobExecution(thingName: "t")
    let start = try #require(layer.outcomeAtHand(of: startNext, in: context)?.failure)
    await #expect(throws: start) { try await layer.startNext(startNext, in: context) }
    let update = UpdateJobExecution(thingName: "t", jobID: "j", status: .succeeded)
    let updated = try #require(layer.outcomeAtHand(of: update, in: context)?.failure)
    await #expect(throws: updated) { try await layer.update(update, in: context) }

    #expect(bench.metric("iot_jobs_gateway_cache_requests_total{result=\"miss\"} 4"))
    #expect(limits.refusals("thing_read") == 4 && limits.refusals("thing_write") == 4)
    #expect(limits.offenders.top(1) == [Offender(thing: "t", refusals: 8, overcount: 0)])
  }
}

// SPDX-License-Identifier: Apache-2.0

import AWSSigning
import JobsAPI
import JobsEmulator
import NIOCore
import NIOPosix
import Telemetry
import Testing
import Transport

@testable import TrafficPolicy

private let unreachable = JobsFailure.Cause.unreachable("no route")

/// Flights as callers see them. Nothing is stored here unless a test says so.
@Suite struct CachedJobsFlightTests {
  private func bench(loops: Int = 1) -> ReadBench {
    ReadBench(loops: loops) {
      $0.ttl = .zero
      $0.notFoundTTL = .zero
    }
  }

  @Test(arguments: [1, 3])
  func `a thousand callers of one describe cause one upstream call`(loops: Int) async throws {
    let bench = self.bench(loops: loops)
    let callers = (0..<1_000).map { bench.describe(loop: $0 % loops) }
    try await bench.settle()
    let calls = bench.backends.map(\.calls.count)
    #expect(calls.reduce(0, +) == 1)
    let leader = try #require(calls.firstIndex(of: 1))
    #expect(bench.backends[leader].allInLoop)
    bench.backends[leader].open(0, .execution(ReadBench.execution(version: 3)))
    var outcomes: [CacheResult.Outcome: Int] = [:]
    for caller in callers {
      let result = await caller.value
      #expect(result.version == 3)
      let trace = try result.get().trace
      #expect(trace.awsRequestID == "aws-1" && trace.attempts == 2)
      outcomes[try #require(trace.cache?.outcome), default: 0] += 1
    }
    #expect(outcomes == [.miss: 1, .coalesced: 999])
    #expect(bench.cache.underWay == (0, 0))
    #expect(bench.metric("iot_jobs_gateway_cache_requests_total{result=\"miss\"} 1"))
    #expect(bench.metric("iot_jobs_gateway_cache_requests_total{result=\"coalesced\"} 999"))
    // The flight is over, so the next caller has one of its own.
    let next = bench.describe()
    await bench.backend.untilCalls(calls[0] + 1)
    bench.backend.open(calls[0], .execution(nil))
    #expect(await next.value.cache() == CacheResult(.miss))
  }

  @Test func `a follower's cancel is its own`() async throws {
    let bench = self.bench()
    let leader = bench.describe()
    let follower = bench.describe()
    try await bench.settle()
    follower.cancel()
    let left = await follower.value
    #expect(left.failure?.cause == .cancelled(mayHaveBeenApplied: false))
    #expect(left.cache() == CacheResult(.coalesced))
    #expect(bench.backend.cancelled.isEmpty)
    bench.backend.open(0, .execution(ReadBench.execution(version: 1)))
    #expect(await leader.value.version == 1)
  }

  @Test func `a leader's cancel does not end the flight while others wait`() async throws {
    let bench = self.bench()
    let leader = bench.describe()
    try await bench.settle()
    let follower = bench.describe()
    try await bench.settle()
    leader.cancel()
    #expect(await leader.value.failure?.cause == .cancelled(mayHaveBeenApplied: false))
    let latecomer = bench.describe()
    try await bench.settle()
    #expect(bench.backend.calls.count == 1 && bench.backend.cancelled.isEmpty)
    bench.backend.open(0, .execution(ReadBench.execution(version: 1)))
    #expect(await follower.value.version == 1)
    #expect(await latecomer.value.version == 1)
  }

  @Test func `the last to leave cancels the flight, and the next caller begins another`()
    async throws
  {
    let bench = self.bench()
    let callers = (0..<10).map { _ in bench.describe() }
    try await bench.settle()
    for caller in callers { caller.cancel() }
    for caller in callers {
      #expect(await caller.value.failure?.cause == .cancelled(mayHaveBeenApplied: false))
    }
    #expect(bench.cache.underWay == (0, 0))
    let next = bench.describe()
    await bench.backend.untilCalls(2)
    try await bench.settle()
    #expect(bench.backend.cancelled == [0])
    bench.backend.open(1, .execution(ReadBench.execution(version: 2)))
    #expect(await next.value.version == 2)
  }

  @Test func `a caller that is cancelled before it asks waits for nothing`() async throws {
    let bench = self.bench()
    let caller = bench.describe()
    caller.cancel()
    #expect(await caller.value.failure?.cause == .cancelled(mayHaveBeenApplied: false))
    try await bench.settle()
    #expect(bench.cache.underWay == (0, 0))
  }

  @Test func `a failed flight fails all who wait and is forgotten`() async throws {
    let bench = self.bench()
    let leader = bench.describe()
    let follower = bench.describe()
    try await bench.settle()
    bench.backend.open(0, .failure(unreachable))
    let (first, second) = (await leader.value, await follower.value)
    #expect(first.failure?.cause == unreachable && second.failure?.cause == unreachable)
    #expect(first.failure?.trace.attempts == 2)
    #expect(first.cache() == CacheResult(.miss))
    #expect(second.cache() == CacheResult(.coalesced))
    let next = bench.describe()
    await bench.backend.untilCalls(2)
    bench.backend.open(1, .execution(ReadBench.execution(version: 1)))
    #expect(await next.value.version == 1)
  }

  @Test func `who wants no document joins a flight with it, and gets none`() async throws {
    let bench = self.bench()
    let full = bench.describe(ReadBench.ask())
    try await bench.settle()
    let bare = bench.describe(ReadBench.ask(document: false))
    try await bench.settle()
    #expect(bench.backend.calls == [.describe(ReadBench.ask())])
    bench.backend.open(0, .execution(ReadBench.execution(version: 1, document: "{\"a\":1}")))
    #expect(try await full.value.get().value?.jobDocument == "{\"a\":1}")
    let stripped = try await bare.value.get()
    #expect(stripped.value == ReadBench.execution(version: 1, document: nil))
  }

  @Test func `who wants the document never joins a flight without`() async throws {
    let bench = self.bench()
    let bare = bench.describe(ReadBench.ask(document: false))
    try await bench.settle()
    let full = bench.describe(ReadBench.ask(document: true))
    try await bench.settle()
    #expect(bench.backend.calls.count == 2)
    bench.backend.open(0, .execution(ReadBench.execution(version: 1, document: nil)))
    bench.backend.open(1, .execution(ReadBench.execution(version: 1)))
    #expect(await bare.value.cache() == CacheResult(.miss))
    #expect(try await full.value.get().value?.jobDocument == "{}")
  }

  @Test func `a caller that bypasses has a flight of its own, which others join`() async throws {
    let bench = self.bench()
    let first = bench.describe()
    try await bench.settle()
    let bypass = bench.describe(ReadBench.ask(), CacheControl(noCache: true))
    let ageless = bench.describe(ReadBench.ask(), CacheControl(maxAgeSeconds: 0))
    try await bench.settle()
    #expect(bench.backend.calls.count == 3)
    let follower = bench.describe()
    try await bench.settle()
    #expect(bench.backend.calls.count == 3)
    for index in 0..<3 {
      bench.backend.open(index, .execution(ReadBench.execution(version: Int64(index))))
    }
    #expect(await first.value.version == 0)
    #expect(await bypass.value.cache() == CacheResult(.bypass))
    #expect(await ageless.value.cache() == CacheResult(.bypass))
    let joined = await follower.value
    #expect(joined.version == 2 && joined.cache() == CacheResult(.coalesced))
  }

  @Test func `pendings in flight are shared`() async throws {
    let bench = self.bench()
    let callers = (0..<5).map { _ in bench.getPending() }
    try await bench.settle()
    #expect(bench.backend.calls.count == 1)
    var row = JobExecutionSummary()
    row.jobID = "j"
    bench.backend.open(0, .pending(PendingJobExecutions(queued: [row])))
    for (index, caller) in callers.enumerated() {
      let reply = try await caller.value.get()
      #expect(reply.value.queued == [row])
      #expect(reply.trace.cache?.outcome == (index == 0 ? .miss : .coalesced))
    }
  }

  @Test func `a flight has no deadline, and a wish for its start`() async throws {
    let bench = self.bench()
    let deadline = ContinuousClock.now.advanced(by: .seconds(5))
    let caller = bench.call { (layer) throws(JobsFailure) in
      var context = CallContext(requestID: "leader", deadline: deadline)
      context.traceparent = "00-1-2-00"
      context.cacheControl = CacheControl(noCache: true)
      return try await layer.describe(ReadBench.ask(), in: context)
    }
    await bench.backend.untilCalls(1)
    let context = try #require(bench.backend.contexts.first)
    #expect(context.requestID == "leader" && context.traceparent == "00-1-2-00")
    #expect(context.deadline == nil && context.startBy == deadline)
    #expect(context.cacheControl == .unspecified)
    bench.backend.open(0, .execution(nil))
    #expect(await caller.value.version == nil)
  }

  @Test func `only-if-cached never waits for a flight`() async throws {
    let bench = self.bench()
    let leader = bench.describe()
    try await bench.settle()
    let unwilling = await bench.describe(ReadBench.ask(), CacheControl(onlyIfCached: true)).value
    #expect(unwilling.failure?.cause == .notCached)
    #expect(bench.metric("iot_jobs_gateway_cache_requests_total{result=\"not_cached\"} 1"))
    bench.backend.open(0, .execution(nil))
    _ = await leader.value
    #expect(bench.backend.calls.count == 1)
  }

  @Test func `a flight that is over at once leaves nobody waiting`() async throws {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let cache = ReadCache(
      ReadCacheSettings(), clock: PolicyClock(), wallClock: WallClock { 0 },
      metrics: CacheMetrics(registry: MetricsRegistry()), shards: 1)
    // The emulator never waits, and knows no such thing.
    let layer = CachedJobs(JobsEmulator(), cache: cache, on: loop)
    let outcomes = await Task(executorPreference: LoopTaskExecutor(loop)) {
      var outcomes: [CacheResult.Outcome?] = []
      for _ in 0..<2 {
        do throws(JobsFailure) {
          _ = try await layer.describe(ReadBench.ask(), in: ReadBench.context())
        } catch {
          outcomes.append(error.trace.cache?.outcome)
        }
      }
      return outcomes
    }.value
    #expect(outcomes == [.miss, .hit])
    #expect(cache.underWay == (0, 0))
  }
}

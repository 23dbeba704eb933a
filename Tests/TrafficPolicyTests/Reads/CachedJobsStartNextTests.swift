// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import Testing

@testable import TrafficPolicy

/// Start-nexts that need no write.
@Suite struct CachedJobsStartNextTests {
  private let execution = ReadBench.execution(version: 2)

  private func bench(
    _ check: StartNextCheck, _ edit: (inout ReadCacheSettings) -> Void = { _ in }
  ) -> ReadBench {
    ReadBench {
      $0.startNextCheck = check
      edit(&$0)
    }
  }

  private var startNext: GatedJobs.Call {
    .startNext(StartNextPendingJobExecution(thingName: "t"))
  }

  private var describeNext: GatedJobs.Call {
    .describe(ReadBench.ask("t", "$next", document: false))
  }

  /// A start-next that is sent and finds nothing.
  private func findNothing(_ bench: ReadBench) async throws {
    let caller = bench.startNext(CacheControl(noCache: true))
    await bench.backend.openNext(.execution(nil))
    #expect(try await caller.value.get() == JobsReply(nil, trace: GatedJobs.trace))
  }

  @Test func `once nothing was found, no write is spent on asking again`() async throws {
    let bench = self.bench(.stored)
    try await self.findNothing(bench)
    let reply = try await bench.startNext().value.get()
    #expect(reply.value == nil)
    #expect(reply.trace == UpstreamTrace(cache: CacheResult(.hit, ageSeconds: 0)))
    #expect(bench.backend.calls == [self.startNext])
    #expect(bench.metric("iot_jobs_gateway_cache_requests_total{result=\"hit\"} 1"))
    // It is known to describes too.
    let describe = bench.layer.storedReply(
      ReadBench.ask("t", "$next"), in: ReadBench.context())
    #expect(try describe?.get().value == .some(nil))
    // And after its time no more.
    bench.time.advance(by: .seconds(2))
    let late = bench.startNext()
    await bench.backend.openNext(.execution(self.execution))
    #expect(try await late.value.get() == JobsReply(self.execution, trace: GatedJobs.trace))
  }

  @Test func `what is known to be nothing is at hand, unless a read goes first`() async throws {
    for check in StartNextCheck.allCases {
      let bench = self.bench(check)
      try await self.findNothing(bench)
      let call = StartNextPendingJobExecution(thingName: "t")
      let reply = try bench.layer.outcomeAtHand(of: call, in: ReadBench.context())?.get()
      let known: JobsReply<JobExecution?> = JobsReply(
        nil, trace: UpstreamTrace(cache: CacheResult(.hit, ageSeconds: 0)))
      #expect(reply == (check == .stored ? known : nil))
      let asks = ReadBench.context(CacheControl(noCache: true))
      #expect(bench.layer.outcomeAtHand(of: call, in: asks) == nil)
    }
  }

  @Test func `an empty list of pendings and a describe tell it as well`() async throws {
    let listed = self.bench(.stored)
    let pending = listed.getPending()
    await listed.backend.openNext(.pending(PendingJobExecutions()))
    #expect(await pending.value.cache() == CacheResult(.miss))
    #expect(await listed.startNext().value.cache()?.outcome == .hit)

    let described = self.bench(.stored)
    let describe = described.describe(ReadBench.ask("t", "$next"))
    await described.backend.openNext(.execution(nil))
    _ = await describe.value
    #expect(await described.startNext().value.cache()?.outcome == .hit)
  }

  @Test func `what is pending, past its time or too old is no reason to spare a write`()
    async throws
  {
    let bench = self.bench(.stored) { $0.staleWhileRevalidate = .seconds(100) }
    let describe = bench.describe(ReadBench.ask("t", "$next"))
    await bench.backend.openNext(.execution(self.execution))
    _ = await describe.value
    try await self.findNothing(bench)
    bench.time.advance(by: .milliseconds(100))
    for control in [CacheControl(noCache: true), CacheControl(maxAgeSeconds: 0)] {
      let caller = bench.startNext(control)
      await bench.backend.openNext(.execution(nil))
      #expect(await caller.value.cache() == nil)
    }
    bench.time.advance(by: .seconds(2))
    let stale = bench.startNext()
    await bench.backend.openNext(.execution(nil))
    #expect(await stale.value.cache() == nil)
    #expect(bench.backend.calls.filter { $0 == self.startNext }.count == 4)
  }

  @Test func `only-if-cached is not for writes`() async throws {
    let bench = self.bench(.stored)
    let caller = bench.startNext(CacheControl(onlyIfCached: true))
    await bench.backend.openNext(.execution(nil))
    #expect(try await caller.value.get().trace == GatedJobs.trace)
  }

  @Test func `a write that ends meanwhile makes a nothing worthless`() async throws {
    let bench = self.bench(.stored)
    let startNext = bench.startNext()
    await bench.backend.untilCalls(1)
    let update = bench.update()
    await bench.backend.untilCalls(2)
    bench.backend.open(1, .updated(UpdatedJobExecution()))
    _ = await update.value
    bench.backend.open(0, .execution(nil))
    #expect(try await startNext.value.get().value == nil)
    let next = bench.startNext()
    await bench.backend.untilCalls(3)
    bench.backend.open(2, .execution(self.execution))
    #expect(await next.value.version == 2)
    #expect(bench.cache.underWay == (0, 0))
  }

  @Test func `so it does to an empty list`() async throws {
    let bench = self.bench(.stored)
    let pending = bench.getPending()
    await bench.backend.untilCalls(1)
    let update = bench.update()
    await bench.backend.untilCalls(2)
    bench.backend.open(1, .updated(UpdatedJobExecution()))
    _ = await update.value
    bench.backend.open(0, .pending(PendingJobExecutions()))
    _ = await pending.value
    let next = bench.startNext()
    await bench.backend.untilCalls(3)
    bench.backend.open(2, .execution(nil))
    #expect(await next.value.cache() == nil)
  }

  @Test func `a start-next that found something is a write`() async throws {
    let bench = self.bench(.stored)
    let describe = bench.describe()
    await bench.backend.openNext(.execution(self.execution))
    _ = await describe.value
    try await self.findNothing(bench)
    #expect(bench.layer.outcomeAtHand(of: ReadBench.ask(), in: ReadBench.context()) != nil)
    let startNext = bench.startNext(CacheControl(noCache: true))
    await bench.backend.openNext(.execution(self.execution))
    _ = await startNext.value
    #expect(bench.layer.outcomeAtHand(of: ReadBench.ask(), in: ReadBench.context()) == nil)
    let again = bench.startNext()
    await bench.backend.openNext(.execution(nil))
    #expect(await again.value.cache() == nil)
  }

  @Test func `switched off, every start-next is sent`() async throws {
    let bench = self.bench(.off)
    try await self.findNothing(bench)
    let caller = bench.startNext()
    await bench.backend.openNext(.execution(nil))
    #expect(await caller.value.cache() == nil)
  }
}

// MARK: - A read first

extension CachedJobsStartNextTests {
  @Test func `a read goes first, and may spare the write`() async throws {
    let bench = self.bench(.read)
    let first = bench.startNext()
    await bench.backend.openNext(.execution(nil))
    let reply = try await first.value.get()
    #expect(reply.value == nil && reply.trace.cache == CacheResult(.miss))
    #expect(reply.trace.attempts == 2)
    #expect(await bench.startNext().value.cache() == CacheResult(.hit, ageSeconds: 0))
    #expect(bench.backend.calls == [self.describeNext])
  }

  @Test func `what the read finds is started, and what it cannot tell too`() async throws {
    let bench = self.bench(.read)
    let found = bench.startNext()
    await bench.backend.openNext(.execution(ReadBench.execution(version: 1, document: nil)))
    await bench.backend.openNext(.execution(self.execution))
    #expect(try await found.value.get() == JobsReply(self.execution, trace: GatedJobs.trace))
    let unknown = bench.startNext()
    await bench.backend.openNext(.failure(.overloaded("full")))
    await bench.backend.openNext(.execution(self.execution))
    #expect(await unknown.value.version == 2)
    #expect(
      bench.backend.calls == [self.describeNext, self.startNext, self.describeNext, self.startNext]
    )
  }

  @Test func `an answer past its time spares no write`() async throws {
    let bench = self.bench(.read) { $0.staleIfError = .seconds(10) }
    try await self.findNothing(bench)
    bench.time.advance(by: .seconds(2))
    let caller = bench.startNext()
    await bench.backend.openNext(.failure(.overloaded("full")))
    await bench.backend.openNext(.execution(self.execution))
    #expect(await caller.value.version == 2)
  }

  @Test func `a caller that bypasses has its write at once`() async throws {
    let bench = self.bench(.read)
    try await self.findNothing(bench)
    try await self.findNothing(bench)
    #expect(bench.backend.calls == [self.startNext, self.startNext])
  }

  @Test func `a caller that goes while it reads writes nothing`() async throws {
    let bench = self.bench(.read)
    let caller = bench.startNext()
    await bench.backend.untilCalls(1)
    caller.cancel()
    #expect(await caller.value.failure?.cause == .cancelled(mayHaveBeenApplied: false))
    try await bench.settle()
    #expect(bench.backend.calls == [self.describeNext])
    #expect(bench.backend.cancelled == [0])
  }
}

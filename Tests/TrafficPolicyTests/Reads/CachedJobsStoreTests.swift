// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import Testing

@testable import TrafficPolicy

/// What callers get from the store, and when AWS is asked again.
@Suite struct CachedJobsStoreTests {
  /// Has the answer to one describe stored.
  private func stocked(
    _ execution: JobExecution? = ReadBench.execution(version: 1),
    _ edit: (inout ReadCacheSettings) -> Void = { _ in }
  ) async -> ReadBench {
    let bench = ReadBench(edit)
    let caller = bench.describe()
    await bench.backend.untilCalls(1)
    bench.backend.open(0, .execution(execution))
    #expect(await caller.value.cache() == CacheResult(.miss))
    return bench
  }

  private func stored(
    _ bench: ReadBench, _ control: CacheControl = .unspecified,
    _ call: DescribeJobExecution = ReadBench.ask()
  ) -> Result<JobsReply<JobExecution?>, JobsFailure>? {
    bench.layer.storedReply(call, in: ReadBench.context(control))
  }

  /// What a caller gets who is willing to wait, if AWS answers it with version 2.
  private func asked(
    _ bench: ReadBench, _ control: CacheControl = .unspecified
  ) async throws -> Result<JobsReply<JobExecution?>, JobsFailure> {
    let before = bench.backend.calls.count
    let caller = bench.describe(ReadBench.ask(), control)
    try await bench.settle()
    if bench.backend.calls.count > before {
      bench.backend.open(before, .execution(ReadBench.execution(version: 2)))
    }
    return await caller.value
  }

  @Test func `a stored answer is at hand, and says so`() async throws {
    var execution = ReadBench.execution(version: 1)
    execution.approximateSecondsBeforeTimedOut = 90
    let bench = await self.stocked(execution) {
      $0.ttl = .seconds(60)
    }
    bench.time.advance(by: .seconds(20))
    let reply = try #require(try self.stored(bench)?.get())
    execution.approximateSecondsBeforeTimedOut = 70
    #expect(reply.value == execution)
    #expect(reply.trace == UpstreamTrace(cache: CacheResult(.hit, ageSeconds: 20)))
    // Who asks the long way gets the same.
    #expect(try await bench.describe().value.get() == reply)
    #expect(bench.backend.calls.count == 1)
    #expect(bench.metric("iot_jobs_gateway_cache_requests_total{result=\"hit\"} 2"))
    #expect(bench.metric("iot_jobs_gateway_cache_entries 1"))
  }

  @Test func `nothing at hand is no failure, and is not counted`() async {
    let bench = ReadBench()
    #expect(self.stored(bench) == nil)
    #expect(bench.metric("iot_jobs_gateway_cache_requests_total{result=\"miss\"} 0"))
  }

  @Test func `an answer is encoded once, and an encoding serves whom it fits`() async throws {
    let bench = await self.stocked()
    let bare = ReadBench.ask(document: false)
    func answer(_ call: DescribeJobExecution) throws -> StoredDescribe.Answer {
      try #require(
        try bench.layer.outcomeAtHand(of: call, in: ReadBench.context())?.get().answer)
    }
    guard case .execution(_, let place?) = try answer(ReadBench.ask()) else {
      Issue.record("no place for an encoding")
      return
    }
    // The answer without its document is another one, whatever was kept of the whole.
    place.keep([1, 2, 3])
    guard case .execution(let stripped, nil) = try answer(bare) else {
      Issue.record("an encoding for who wants no document")
      return
    }
    #expect(stripped == ReadBench.execution(version: 1, document: nil))
    // Whoever comes later does not change what is kept, and a write makes an end of it.
    place.keep([4])
    guard case .encoded([1, 2, 3]) = try answer(ReadBench.ask()) else {
      Issue.record("the encoding is gone")
      return
    }
    let update = bench.update()
    await bench.backend.untilCalls(2)
    bench.backend.open(1, .updated(UpdatedJobExecution()))
    _ = await update.value
    #expect(self.stored(bench) == nil)
  }

  @Test func `an encoding longer than what was counted is not kept`() {
    let place = EncodedAnswer(ofDescribed: nil)
    place.keep([UInt8](repeating: 0, count: place.limitBytes + 1))
    #expect(place.bytes == nil)
    place.keep([UInt8](repeating: 0, count: place.limitBytes))
    #expect(place.bytes?.count == 5)
  }

  @Test func `an answer that counts down is encoded for each caller`() async throws {
    var execution = ReadBench.execution(version: 1)
    execution.approximateSecondsBeforeTimedOut = 90
    let bench = await self.stocked(execution)
    let stored = bench.layer.outcomeAtHand(of: ReadBench.ask(), in: ReadBench.context())
    guard case .execution(execution, nil)? = try stored?.get().answer else {
      Issue.record("a place for what changes")
      return
    }
  }

  @Test func `after its time an answer is fetched again`() async throws {
    let bench = await self.stocked()
    bench.time.advance(by: .milliseconds(1_101))
    #expect(self.stored(bench) == nil)
    let fetched = try await self.asked(bench)
    #expect(fetched.version == 2 && fetched.cache() == CacheResult(.miss))
    #expect(bench.metric("iot_jobs_gateway_cache_evictions_total{reason=\"expired\"} 1"))
  }

  @Test func `an answer without document is none for who wants it`() async throws {
    let bench = ReadBench()
    let bare = bench.describe(ReadBench.ask(document: false))
    await bench.backend.untilCalls(1)
    bench.backend.open(0, .execution(ReadBench.execution(version: 1, document: nil)))
    _ = await bare.value
    #expect(self.stored(bench, .unspecified, ReadBench.ask(document: false))?.version == 1)
    #expect(self.stored(bench) == nil)
    // And one with it serves both.
    #expect(try await self.asked(bench).version == 2)
    let stripped = self.stored(bench, .unspecified, ReadBench.ask(document: false))
    #expect(try stripped?.get().value == ReadBench.execution(version: 2, document: nil))
  }

  @Test func `a refusal that is stored is a failure at hand`() async throws {
    let bench = ReadBench()
    let gone = AWSRefusal(
      name: "ResourceNotFoundException", httpStatus: 404, message: "no", kind: .resourceNotFound)
    let caller = bench.describe()
    await bench.backend.untilCalls(1)
    bench.backend.open(0, .failure(.refused(gone)))
    #expect(await caller.value.failure?.trace.attempts == 2)
    let failure = try #require(self.stored(bench)?.failure)
    #expect(failure.cause == .refused(gone))
    #expect(failure.trace == UpstreamTrace(cache: CacheResult(.hit, ageSeconds: 0)))
  }

  @Test(arguments: [CacheControl(noCache: true), CacheControl(maxAgeSeconds: 0)])
  func `a caller that wants AWS's own answer gets it, and others have it then`(
    control: CacheControl
  ) async throws {
    let bench = await self.stocked()
    #expect(self.stored(bench, control) == nil)
    let fetched = try await self.asked(bench, control)
    #expect(fetched.version == 2 && fetched.cache() == CacheResult(.bypass))
    #expect(self.stored(bench)?.version == 2)
    #expect(bench.metric("iot_jobs_gateway_cache_requests_total{result=\"bypass\"} 1"))
  }

  @Test(arguments: [CacheControl(noCache: true), CacheControl(maxAgeSeconds: 1)])
  func `who wants another answer leaves no less to others than there was`(
    control: CacheControl
  ) async throws {
    let bench = await self.stocked { $0.ttl = .seconds(60) }
    let bare = ReadBench.ask(document: false)
    bench.time.advance(by: .seconds(2))
    let caller = bench.describe(bare, control)
    await bench.backend.untilCalls(2)
    #expect(bench.backend.calls[1] == .describe(ReadBench.ask(document: true)))
    bench.backend.open(1, .execution(ReadBench.execution(version: 2)))
    #expect(try await caller.value.get().value == ReadBench.execution(version: 2, document: nil))
    #expect(try self.stored(bench)?.get().value == ReadBench.execution(version: 2))
    // When that serves nobody any more, no more is asked for than is wanted.
    bench.time.advance(by: .seconds(70))
    _ = bench.describe(bare, control)
    await bench.backend.untilCalls(3)
    #expect(bench.backend.calls[2] == .describe(bare))
    bench.backend.open(2, .execution(nil))
  }

  @Test func `an answer older than a caller wants is not served to it`() async throws {
    let bench = await self.stocked { $0.ttl = .seconds(60) }
    bench.time.advance(by: .seconds(10))
    #expect(self.stored(bench, CacheControl(maxAgeSeconds: 10))?.version == 1)
    #expect(self.stored(bench, CacheControl(maxAgeSeconds: .max))?.version == 1)
    #expect(self.stored(bench, CacheControl(maxAgeSeconds: .min)) == nil)
    bench.time.advance(by: .nanoseconds(1))
    #expect(self.stored(bench, CacheControl(maxAgeSeconds: 10)) == nil)
    let fetched = try await self.asked(bench, CacheControl(maxAgeSeconds: 10))
    #expect(fetched.version == 2 && fetched.cache() == CacheResult(.miss))
  }

  @Test func `only-if-cached is answered at once, one way or the other`() async throws {
    let bench = await self.stocked()
    let control = CacheControl(onlyIfCached: true)
    #expect(self.stored(bench, control)?.version == 1)
    bench.time.advance(by: .seconds(2))
    let refusal = try #require(self.stored(bench, control)?.failure)
    #expect(refusal.cause == .notCached && refusal.trace.attempts == 0)
    #expect(self.stored(bench, CacheControl(noCache: true, onlyIfCached: true))?.failure != nil)
    #expect(bench.backend.calls.count == 1)
  }

  @Test func `with no bytes nothing is stored, and flights are shared still`() async throws {
    let bench = await self.stocked { $0.maxBytes = 0 }
    #expect(self.stored(bench) == nil)
    let callers = [bench.describe(), bench.describe()]
    try await bench.settle()
    #expect(bench.backend.calls.count == 2)
    bench.backend.open(1, .execution(nil))
    for caller in callers { _ = await caller.value }
  }
}

// MARK: - Past its time

extension CachedJobsStoreTests {
  @Test func `a stale answer is served while one flight fetches another`() async throws {
    let bench = await self.stocked { $0.staleWhileRevalidate = .seconds(10) }
    bench.time.advance(by: .seconds(2))
    for _ in 0..<3 {
      let stale = try #require(self.stored(bench))
      #expect(stale.version == 1 && stale.cache() == CacheResult(.stale, ageSeconds: 2))
    }
    #expect(await bench.describe().value.cache() == CacheResult(.stale, ageSeconds: 2))
    try await bench.settle()
    #expect(bench.backend.calls.count == 2 && bench.backend.allInLoop)
    // Who would not have it waits for that flight, and the flight does not need them.
    let choosy = bench.describe(ReadBench.ask(), CacheControl(maxAgeSeconds: 1))
    try await bench.settle()
    choosy.cancel()
    #expect(await choosy.value.cache() == CacheResult(.coalesced))
    bench.backend.open(1, .execution(ReadBench.execution(version: 2)))
    try await bench.settle()
    #expect(self.stored(bench)?.version == 2)
    #expect(bench.backend.calls.count == 2 && bench.backend.cancelled.isEmpty)
    #expect(bench.cache.underWay == (0, 0))
    #expect(bench.metric("iot_jobs_gateway_cache_requests_total{result=\"stale\"} 4"))
  }

  @Test func `a refresh keeps the document for those who want it`() async throws {
    let bench = await self.stocked { $0.staleWhileRevalidate = .seconds(10) }
    bench.time.advance(by: .seconds(2))
    let bare = ReadBench.ask(document: false)
    #expect(self.stored(bench, .unspecified, bare)?.version == 1)
    await bench.backend.untilCalls(2)
    #expect(bench.backend.calls[1] == .describe(ReadBench.ask(document: true)))
    bench.backend.open(1, .failure(.overloaded("full")))
    try await bench.settle()
    // A refresh that failed changes nothing, and the next one is tried.
    #expect(self.stored(bench, .unspecified, bare)?.version == 1)
    await bench.backend.untilCalls(3)
    bench.backend.open(2, .execution(nil))
  }

  @Test func `a refresh waits as long as it may, whatever the caller's patience`() async throws {
    let bench = await self.stocked { $0.staleWhileRevalidate = .seconds(10) }
    bench.time.advance(by: .seconds(2))
    var context = ReadBench.context()
    context.startBy = .now
    context.deadline = .now
    #expect(bench.layer.outcomeAtHand(of: ReadBench.ask(), in: context) != nil)
    await bench.backend.untilCalls(2)
    #expect(bench.backend.contexts[1].startBy == nil)
    #expect(bench.backend.contexts[1].deadline == nil)
    bench.backend.open(1, .execution(nil))
  }

  @Test func `a stop ends refreshes, those that begin later too`() async throws {
    let bench = await self.stocked { $0.staleWhileRevalidate = .seconds(10) }
    bench.time.advance(by: .seconds(2))
    #expect(self.stored(bench)?.version == 1)
    await bench.backend.untilCalls(2)
    bench.cache.stop()
    try await bench.settle()
    #expect(bench.backend.cancelled == [1])
    #expect(bench.cache.underWay == (0, 0))
    // Nothing is lost by it but the news; by either door the next refresh ends as it begins.
    #expect(await bench.describe().value.cache() == CacheResult(.stale, ageSeconds: 2))
    try await bench.settle()
    #expect(self.stored(bench)?.version == 1)
    try await bench.settle()
    #expect(bench.backend.cancelled == [1, 2, 3])
    #expect(bench.cache.underWay == (0, 0))
    bench.cache.stop()
  }

  @Test func `a caller that would not have AWS asked begins no refresh`() async throws {
    let bench = await self.stocked { $0.staleWhileRevalidate = .seconds(10) }
    bench.time.advance(by: .seconds(2))
    #expect(self.stored(bench, CacheControl(onlyIfCached: true))?.version == 1)
    try await bench.settle()
    #expect(bench.backend.calls.count == 1)
  }

  @Test func `a stale answer is better than a failure that says nothing`() async throws {
    let bench = await self.stocked { $0.staleIfError = .seconds(10) }
    bench.time.advance(by: .seconds(3))
    #expect(self.stored(bench) == nil)
    let callers = [
      bench.describe(), bench.describe(),
      bench.describe(ReadBench.ask(), CacheControl(maxAgeSeconds: 9)),
    ]
    try await bench.settle()
    #expect(bench.backend.calls.count == 2)
    bench.backend.open(1, .failure(.attemptTimedOut(requestSent: true)))
    for caller in callers[..<2] {
      let reply = try await caller.value.get()
      #expect(reply.value?.versionNumber == 1)
      #expect(reply.trace.cache == CacheResult(.stale, ageSeconds: 3))
    }
    // Who has named an age has the failure.
    let choosy = await callers[2].value
    #expect(choosy.failure?.cause == .attemptTimedOut(requestSent: true))
    #expect(choosy.cache() == CacheResult(.coalesced))
  }

  @Test func `an answer about the execution is never covered by a stale one`() async throws {
    let bench = await self.stocked {
      $0.staleIfError = .seconds(10)
      $0.notFoundTTL = .zero
    }
    bench.time.advance(by: .seconds(3))
    let caller = bench.describe()
    await bench.backend.untilCalls(2)
    let gone = AWSRefusal(
      name: "ResourceNotFoundException", httpStatus: 404, message: "no", kind: .resourceNotFound)
    bench.backend.open(1, .failure(.refused(gone)))
    #expect(await caller.value.failure?.cause == .refused(gone))
  }
}

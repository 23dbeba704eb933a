// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import Testing

@testable import TrafficPolicy

@Suite(.timeLimit(.minutes(1))) struct CacheChangeTests {
  private static func fill(
    _ store: inout ReadStore, _ count: Int, from first: Int = 0, bytes: Int = 500
  ) {
    for number in first..<count {
      let read = CacheSamples.read(CacheSamples.key("t\(number)"), documentBytes: bytes)
      #expect(store.store(read, at: 0) == .stored)
    }
  }

  private static func kept(_ store: borrowing ReadStore, of count: Int) -> [Int] {
    var kept: [Int] = []
    for number in 0..<count where store.peek(CacheSamples.key("t\(number)"), at: 1) != nil {
      kept.append(number)
    }
    return kept
  }

  // MARK: The store

  @Test func `a larger bound keeps all`() {
    var store = ReadStore(maxBytes: 256 << 10)
    Self.fill(&store, 100)
    let bytes = store.bytes
    #expect(store.moveBound(to: 1 << 20, dropping: 1, at: 1) == true)
    #expect(store.maxBytes == 1 << 20 && store.bytes == bytes)
    var kept = Self.kept(store, of: 100)
    #expect(kept.count == 100)
    Self.fill(&store, 500, from: 100)
    kept = Self.kept(store, of: 500)
    #expect(kept.count == 500)
  }

  @Test func `a smaller bound keeps as much as has room, the newest`() {
    var store = ReadStore(maxBytes: 1 << 20)
    Self.fill(&store, 800)
    var slices = 1
    while !store.moveBound(to: 128 << 10, dropping: 50, at: 1) {
      slices += 1
      // Until it is done, the old bound holds.
      #expect(store.maxBytes == 1 << 20)
    }
    #expect(slices > 10)
    #expect(store.bytes <= 128 << 10)
    let kept = Self.kept(store, of: 800)
    #expect(kept.count > 50 && kept == Array((800 - kept.count)..<800))
    #expect(store.count == kept.count)
    #expect(store.evictions.capacity == UInt64(800 - kept.count))
    // The arena was laid out for 800; now it is for those that are left.
    Self.fill(&store, 900)
    let again = Self.kept(store, of: 900)
    #expect(again.count >= kept.count - 2)
    #expect(store.bytes <= 128 << 10)
  }

  @Test func `what is used stays when the rest goes`() {
    var store = ReadStore(maxBytes: 1 << 20)
    Self.fill(&store, 600)
    for _ in 0..<3 {
      for number in 0..<30 { #expect(store.lookup(CacheSamples.key("t\(number)"), at: 1) != nil) }
    }
    while !store.moveBound(to: 64 << 10, dropping: 64, at: 1) {}
    let kept = Self.kept(store, of: 30)
    #expect(kept.count == 30)
    #expect(store.count < 100)
  }

  @Test func `with room for nothing nothing is left, and a bound may come again`() {
    var store = ReadStore(maxBytes: 1 << 20)
    Self.fill(&store, 50)
    while !store.moveBound(to: 0, dropping: 7, at: 1) {}
    #expect(store.count == 0 && store.bytes == 0 && store.evictions.capacity == 50)
    #expect(store.store(CacheSamples.read(CacheSamples.key("t")), at: 1) == .refusedTooLarge)
    #expect(store.moveBound(to: 1 << 20, dropping: 1, at: 1) == true)
    Self.fill(&store, 50)
    #expect(store.removeAll(ofThing: "t7") == 1)
    let kept = Self.kept(store, of: 50)
    #expect(kept.count == 49)
  }

  // MARK: The cache

  @Test func `answers that come are kept by the new rules, and those that are stay`() async throws {
    let bench = ReadBench { $0.ttl = .seconds(100) }
    let first = bench.describe(ReadBench.ask("a"))
    await bench.backend.openNext(.execution(ReadBench.execution(version: 1)))
    #expect(await first.value.cache()?.outcome == .miss)
    var settings = ReadCacheSettings()
    settings.ttl = .zero
    bench.cache.apply(settings)
    #expect(await bench.describe(ReadBench.ask("a")).value.cache()?.outcome == .hit)
    for _ in 0..<2 {
      let other = bench.describe(ReadBench.ask("b"))
      await bench.backend.openNext(.execution(ReadBench.execution(version: 1)))
      #expect(await other.value.cache()?.outcome == .miss)
    }
    #expect(bench.cache.snapshot.entries == 1)
    #expect(bench.cache.snapshot.answers.hits == 1 && bench.cache.snapshot.answers.misses == 3)
  }

  @Test func `those who share a call go on sharing it`() async throws {
    let bench = ReadBench(loops: 2)
    let first = bench.describe(loop: 0)
    // Before the others ask: whoever comes first makes the call in a loop of their own.
    await bench.backend.untilCalls(1)
    let callers = [first, bench.describe(loop: 0), bench.describe(loop: 1)]
    try await bench.settle()
    var settings = ReadCacheSettings()
    settings.maxBytes = 0
    bench.cache.apply(settings)
    await bench.backend.openNext(.execution(ReadBench.execution(version: 5)))
    for caller in callers { #expect(await caller.value.version == 5) }
    #expect(bench.cache.snapshot.entries == 0)
    #expect(bench.cache.underWay == (0, 0))
  }

  @Test func `a cache that is turned off gives up what it holds, and on again it stores`() async {
    let bench = ReadBench(loops: 2)
    for thing in ["a", "b", "c"] {
      let call = bench.describe(ReadBench.ask(thing))
      await bench.backend.openNext(.execution(ReadBench.execution(version: 1)))
      _ = await call.value
    }
    #expect(bench.cache.snapshot.entries == 3)
    var settings = ReadCacheSettings()
    settings.maxBytes = 0
    bench.cache.apply(settings)
    #expect(bench.metric("iot_jobs_gateway_cache_entries 0"))
    #expect(bench.metric("iot_jobs_gateway_cache_bytes 0"))
    bench.cache.apply(ReadCacheSettings())
    let call = bench.describe(ReadBench.ask("a"))
    await bench.backend.openNext(.execution(ReadBench.execution(version: 2)))
    #expect(await call.value.version == 2)
    #expect(await bench.describe(ReadBench.ask("a")).value.cache()?.outcome == .hit)
  }

  @Test func `what is asked before a start-next changes`() async {
    let bench = ReadBench()
    let first = bench.startNext()
    await bench.backend.openNext(.execution(nil))
    _ = await first.value
    #expect(await bench.startNext().value.cache()?.outcome == .hit)
    var settings = ReadCacheSettings()
    settings.startNextCheck = .off
    bench.cache.apply(settings)
    #expect(bench.cache.startNextCheck == .off)
    let second = bench.startNext()
    await bench.backend.openNext(.execution(nil))
    #expect(await second.value.cache() == nil)
  }

  // MARK: Looking

  @Test func `what is stored is told by age and size`() async throws {
    let bench = ReadBench(loops: 2) {
      $0.maxBytes = 4 << 20
      $0.ttl = .seconds(10)
      $0.staleIfError = .seconds(1_000)
    }
    for (thing, bytes, wait) in [("big", 9_000, 20), ("small", 10, 2), ("middle", 3_000, 0)] {
      let call = bench.describe(ReadBench.ask(thing))
      let document = "\"" + String(repeating: "x", count: bytes) + "\""
      await bench.backend.openNext(
        .execution(ReadBench.execution(version: 1, document: document)))
      _ = await call.value
      bench.time.advance(by: .seconds(wait))
    }
    let contents = bench.cache.contents(biggest: 2)
    #expect(contents.ages.map(\.belowSeconds) == [1, 5, 30, 60, 300, 3_600, nil])
    #expect(contents.ages.map(\.entries) == [1, 1, 1, 0, 0, 0, 0])
    #expect(contents.stale == 1)
    #expect(contents.biggest.map(\.thing) == ["big", "middle"])
    let big = try #require(contents.biggest.first)
    #expect(big.bytes > 9_000 && big.ageMilliseconds == 22_000 && big.hasDocument)
    #expect(big.jobID == "j" && big.executionNumber == nil)
    #expect(-13_000 ... -11_000 ~= big.freshForMilliseconds)
    let snapshot = bench.cache.snapshot
    #expect(snapshot.parts.count == 2 && snapshot.entries == 3 && snapshot.maxBytes == 4 << 20)
    #expect(contents.ages.reduce(0) { $0 + $1.bytes } < snapshot.bytes)
    #expect(bench.cache.contents(biggest: 0).biggest.isEmpty)
    #expect(bench.cache.contents(biggest: 50).biggest.count == 3)
  }
}

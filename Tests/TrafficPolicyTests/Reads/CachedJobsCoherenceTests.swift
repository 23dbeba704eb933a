// SPDX-License-Identifier: Apache-2.0

import AWSSigning
import GatewayTestKit
import JobsAPI
import JobsEmulator
import NIOCore
import NIOPosix
import Synchronization
import Telemetry
import Testing
@testable import TrafficPolicy
import Transport

/// The rule of coherence under real concurrency: many callers in several event loops, each with its
/// own layer, one emulator behind them all, and a road between on which calls overtake each other.
@Suite struct CachedJobsCoherenceTests {
  private static let things = ["t0", "t1"]
  private static let group = MultiThreadedEventLoopGroup(numberOfThreads: 3)

  /// The highest version that any caller has seen acknowledged, by thing.
  private final class Acknowledged: Sendable {
    private let first = Atomic<Int64>(0)
    private let second = Atomic<Int64>(0)

    func floor(of thing: String) -> Int64 {
      thing == CachedJobsCoherenceTests.things[0]
        ? self.first.load(ordering: .sequentiallyConsistent)
        : self.second.load(ordering: .sequentiallyConsistent)
    }

    func saw(_ version: Int64, of thing: String) {
      if thing == CachedJobsCoherenceTests.things[0] {
        self.first.max(version, ordering: .sequentiallyConsistent)
      } else {
        self.second.max(version, ordering: .sequentiallyConsistent)
      }
    }
  }

  private struct Caller: Sendable {
    let layer: CachedJobs<WanderingJobs>
    let executor: LoopTaskExecutor
    let acknowledged: Acknowledged
    let time: MovableInstant
    let seed: UInt64

    /// One call after another, some of them cut short.
    func run(calls: Int) async {
      var random = SplitMix64(seed: self.seed)
      for _ in 0..<calls {
        let thing = CachedJobsCoherenceTests.things.randomElement(using: &random)!
        let kind = Int.random(in: 0..<10, using: &random)
        let (document, noCache) = (
          Bool.random(using: &random), Int.random(in: 0..<12, using: &random) == 0
        )
        let call = Task(executorPreference: self.executor) {
          switch kind {
          case 0..<4: await self.describe(thing, "j", document, noCache)
          case 4, 5: await self.describe(thing, "$next", document, noCache)
          case 6, 7: await self.getPending(thing)
          case 8: await self.startNext(thing)
          default: await self.update(thing)
          }
        }
        if Int.random(in: 0..<15, using: &random) == 0 { call.cancel() }
        await call.value
        self.time.advance(by: .milliseconds(Int.random(in: 0..<5, using: &random)))
      }
    }

    private func describe(
      _ thing: String, _ jobID: String, _ document: Bool, _ noCache: Bool
    ) async {
      let floor = self.acknowledged.floor(of: thing)
      var context = CallContext(requestID: "r")
      context.cacheControl.noCache = noCache
      let call = ReadBench.ask(thing, jobID, document: document)
      if let stored = self.layer.storedReply(call, in: context) {
        return self.check(stored, floor)
      }
      do throws(JobsFailure) {
        self.check(.success(try await self.layer.describe(call, in: context)), floor)
      } catch {
        self.check(.failure(error), floor)
      }
    }

    private func check(_ result: Result<JobsReply<JobExecution?>, JobsFailure>, _ floor: Int64) {
      switch result {
      case .success(let reply): #expect(reply.value?.versionNumber ?? -1 >= floor)
      case .failure(let failure):
        #expect(failure.cause == .cancelled(mayHaveBeenApplied: false))
      }
    }

    private func getPending(_ thing: String) async {
      let floor = self.acknowledged.floor(of: thing)
      let reply = try? await self.layer.getPending(
        GetPendingJobExecutions(thingName: thing), in: CallContext(requestID: "r"))
      guard let lists = reply?.value else { return }
      #expect((lists.inProgress + lists.queued).first?.versionNumber ?? -1 >= floor)
    }

    private func startNext(_ thing: String) async {
      let floor = self.acknowledged.floor(of: thing)
      let reply = try? await self.layer.startNext(
        StartNextPendingJobExecution(thingName: thing), in: CallContext(requestID: "r"))
      guard let reply else { return }
      let version = reply.value?.versionNumber ?? -1
      #expect(version >= floor)
      self.acknowledged.saw(version, of: thing)
    }

    private func update(_ thing: String) async {
      var call = UpdateJobExecution(thingName: thing, jobID: "j", status: .inProgress)
      call.includeJobExecutionState = true
      let reply = try? await self.layer.update(call, in: CallContext(requestID: "r"))
      guard let version = reply?.value.executionState?.versionNumber else { return }
      self.acknowledged.saw(version, of: thing)
    }
  }

  /// Other lives and other bounds all the time, now and then with room for nothing.
  private static func changeSettings(
    of cache: ReadCache, from settings: ReadCacheSettings, seed: UInt64
  ) async {
    var random = SplitMix64(seed: seed)
    for _ in 0..<200 {
      var changed = settings
      changed.ttl = .milliseconds(Int.random(in: 250...350, using: &random))
      changed.maxBytes = Int.random(in: 0..<20, using: &random) << 17
      cache.apply(changed)
      await Task.yield()
    }
    cache.apply(settings)
  }

  @Test(arguments: 1...4 as ClosedRange<UInt64>)
  func `whoever saw a version acknowledged is never shown an older one`(seed: UInt64) async throws {
    let emulator = JobsEmulator()
    let arns = Self.things.map { "arn:aws:iot:us-east-1:123456789012:thing/\($0)" }
    try emulator.apply(
      EmulatorSeed(jobs: [CreateJob(jobID: "j", targets: arns, document: "{}")]))
    var settings = ReadCacheSettings()
    settings.ttl = .milliseconds(300)
    settings.pendingTTL = .milliseconds(300)
    settings.staleWhileRevalidate = seed % 2 == 0 ? .milliseconds(300) : .zero
    let time = MovableInstant()
    let registry = MetricsRegistry()
    let cache = ReadCache(
      settings, clock: PolicyClock { time.now }, wallClock: WallClock { 0 },
      metrics: CacheMetrics(registry: registry), shards: 3)
    let acknowledged = Acknowledged()
    let backend = WanderingJobs(emulator, seed: seed)
    await withTaskGroup { group in
      for index in 0..<24 {
        let loop = Self.group.next()
        let caller = Caller(
          layer: CachedJobs(backend, cache: cache, on: loop), executor: LoopTaskExecutor(loop),
          acknowledged: acknowledged, time: time, seed: seed &* 1_000 &+ UInt64(index))
        group.addTask { await caller.run(calls: 150) }
      }
      group.addTask { [settings] in
        await Self.changeSettings(of: cache, from: settings, seed: seed)
      }
    }
    // Of some 2,880 reads many were spared, else this has shown nothing; and things were written.
    let arrived = backend.arrived
    #expect(arrived.reads < 2_200 && arrived.writes > 400, "\(arrived)")
    #expect(Self.things.allSatisfy { acknowledged.floor(of: $0) > 60 })
  }
}

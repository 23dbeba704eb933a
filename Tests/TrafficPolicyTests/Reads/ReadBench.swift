// SPDX-License-Identifier: Apache-2.0

import AWSSigning
import JobsAPI
import NIOCore
import NIOPosix
import Synchronization
import Telemetry
import Transport

@testable import TrafficPolicy

/// A clock that stands until the test moves it.
final class MovableInstant: Sendable {
  private let origin = ContinuousClock.now
  private let nanoseconds = Atomic<Int64>(0)

  var now: ContinuousClock.Instant {
    self.origin.advanced(by: .nanoseconds(self.nanoseconds.load(ordering: .relaxed)))
  }

  func advance(by duration: Duration) {
    let (seconds, attoseconds) = duration.components
    self.nanoseconds.wrappingAdd(
      seconds * 1_000_000_000 + attoseconds / 1_000_000_000, ordering: .relaxed)
  }
}

/// The layer over gated backends, one for each of a few event loops, as the gateway has it.
struct ReadBench: Sendable {
  let time = MovableInstant()
  let registry = MetricsRegistry()
  let cache: ReadCache
  private let loops: [any EventLoop]
  private let executors: [LoopTaskExecutor]
  let backends: [GatedJobs]
  let layers: [CachedJobs<GatedJobs>]

  init(loops count: Int = 1, _ edit: (inout ReadCacheSettings) -> Void = { _ in }) {
    var settings = ReadCacheSettings()
    edit(&settings)
    let time = self.time
    let cache = ReadCache(
      settings, clock: PolicyClock { time.now }, wallClock: WallClock { 1_700_000_000 },
      metrics: CacheMetrics(registry: self.registry), shards: count)
    // A group of its own has as many threads as it is asked for; they end with the test process.
    let group = Self.group
    self.loops = (0..<count).map { _ in group.next() }
    self.executors = self.loops.map { LoopTaskExecutor($0) }
    self.backends = self.loops.map { GatedJobs(on: $0) }
    self.cache = cache
    self.layers = zip(self.backends, self.loops).map { CachedJobs($0, cache: cache, on: $1) }
  }

  private static let group = MultiThreadedEventLoopGroup(numberOfThreads: 4)

  var backend: GatedJobs { self.backends[0] }
  var layer: CachedJobs<GatedJobs> { self.layers[0] }

  /// Makes a call in the loop of a layer, as the server does.
  func call<Value: Sendable>(
    loop index: Int = 0,
    _ body:
      @escaping @Sendable (CachedJobs<GatedJobs>) async throws(JobsFailure) -> JobsReply<
        Value
      >
  ) -> Task<Result<JobsReply<Value>, JobsFailure>, Never> {
    let layer = self.layers[index]
    return Task(executorPreference: self.executors[index]) {
      do throws(JobsFailure) {
        return .success(try await body(layer))
      } catch {
        return .failure(error)
      }
    }
  }

  func describe(
    _ call: DescribeJobExecution = Self.ask(), _ control: CacheControl = .unspecified,
    loop index: Int = 0
  ) -> Task<Result<JobsReply<JobExecution?>, JobsFailure>, Never> {
    self.call(loop: index) { (layer) throws(JobsFailure) in
      try await layer.describe(call, in: Self.context(control))
    }
  }

  func getPending(
    _ control: CacheControl = .unspecified
  ) -> Task<Result<JobsReply<PendingJobExecutions>, JobsFailure>, Never> {
    self.call { (layer) throws(JobsFailure) in
      try await layer.getPending(
        GetPendingJobExecutions(thingName: "t"), in: Self.context(control))
    }
  }

  func startNext(
    _ control: CacheControl = .unspecified
  ) -> Task<Result<JobsReply<JobExecution?>, JobsFailure>, Never> {
    self.call { (layer) throws(JobsFailure) in
      try await layer.startNext(
        StartNextPendingJobExecution(thingName: "t"), in: Self.context(control))
    }
  }

  func update(
    _ thing: String = "t", loop index: Int = 0
  ) -> Task<Result<JobsReply<UpdatedJobExecution>, JobsFailure>, Never> {
    self.call(loop: index) { (layer) throws(JobsFailure) in
      try await layer.update(
        UpdateJobExecution(thingName: thing, jobID: "j", status: .succeeded), in: Self.context())
    }
  }

  /// Returns when every loop has done what it was given, and what that led to at once. Calls made
  /// before wait for their answers by then.
  func settle() async throws {
    for _ in 0..<3 {
      for loop in self.loops { try await loop.submit {}.get() }
    }
  }

  static func context(_ control: CacheControl = .unspecified) -> CallContext {
    var context = CallContext(requestID: "r")
    context.cacheControl = control
    return context
  }

  static func ask(
    _ thing: String = "t", _ jobID: String = "j", document: Bool? = nil
  ) -> DescribeJobExecution {
    var call = DescribeJobExecution(thingName: thing, jobID: jobID)
    call.includeJobDocument = document
    return call
  }

  static func execution(version: Int64, document: String? = "{}") -> JobExecution {
    var execution = JobExecution()
    execution.jobID = "j"
    execution.thingName = "t"
    execution.status = .inProgress
    execution.versionNumber = version
    execution.jobDocument = document
    return execution
  }

  /// A line of the metrics.
  func metric(_ line: String) -> Bool {
    String(decoding: self.registry.exposition(), as: UTF8.self)
      .split(separator: "\n").contains { $0 == line }
  }
}

extension Result where Failure == JobsFailure {
  var failure: JobsFailure? {
    if case .failure(let failure) = self { failure } else { nil }
  }

  func cache<Value>() -> CacheResult? where Success == JobsReply<Value> {
    switch self {
    case .success(let reply): reply.trace.cache
    case .failure(let failure): failure.trace.cache
    }
  }
}

extension Result where Success == JobsReply<JobExecution?>, Failure == JobsFailure {
  var version: Int64? { (try? self.get())?.value?.versionNumber }
}

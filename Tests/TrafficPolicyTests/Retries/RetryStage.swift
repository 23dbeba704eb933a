// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import JobsAPI
import NIOCore
import NIOEmbedded
import Synchronization
import Telemetry
@testable import TrafficPolicy

/// Retries in virtual time over a backend that does as it is told, for callers that run when they
/// are told to.
struct RetryStage<Backend: JobsBackend> {
  let loop: NIOAsyncTestingEventLoop
  let executor = ManualExecutor()
  let registry = MetricsRegistry()
  let retries: Retries
  let jobs: RetryingJobs<Backend>
  private let origin: ContinuousClock.Instant

  init(
    over backend: Backend, seed: UInt64 = 1, _ change: (inout RetrySettings) -> Void = { _ in }
  ) {
    let loop = NIOAsyncTestingEventLoop()
    let origin = ContinuousClock.now
    var settings = RetrySettings()
    change(&settings)
    self.loop = loop
    self.origin = origin
    let clock = PolicyClock {
      origin.advanced(by: .nanoseconds(Int64(loop.now.uptimeNanoseconds)))
    }
    self.retries = Retries(settings, clock: clock, registry: self.registry)
    self.jobs = RetryingJobs(
      backend, retries: self.retries, on: loop, random: SplitMix64(seed: seed))
  }

  /// Lets time pass, and then whoever can go on.
  func advance(_ time: TimeAmount) async {
    await self.loop.advanceTime(by: time)
    self.executor.run()
  }

  func context(deadlineMilliseconds: Int64? = nil) -> CallContext {
    CallContext(
      requestID: "r",
      deadline: deadlineMilliseconds.map { self.origin.advanced(by: .milliseconds($0)) })
  }

  /// A call that has got as far as possible by itself.
  func call<Value: Sendable & Equatable>(
    _ send:
      @escaping @Sendable (RetryingJobs<Backend>) async throws(JobsFailure) ->
      JobsReply<Value>
  ) -> StagedCall<Value> {
    let jobs = self.jobs
    let call = StagedCall(self.executor) { () async throws(JobsFailure) in try await send(jobs) }
    self.executor.run()
    return call
  }

  /// The same, brought to its end however long it takes.
  func outcome<Value: Sendable & Equatable>(
    _ send:
      @escaping @Sendable (RetryingJobs<Backend>) async throws(JobsFailure) ->
      JobsReply<Value>
  ) async -> Result<JobsReply<Value>, JobsFailure>? {
    let call = self.call(send)
    for _ in 0..<10 where call.outcome == nil { await self.advance(.seconds(30)) }
    return call.outcome?.timeless()
  }

  func update(
    _ call: UpdateJobExecution, deadlineMilliseconds: Int64? = nil
  ) async -> Result<JobsReply<UpdatedJobExecution>, JobsFailure>? {
    let context = self.context(deadlineMilliseconds: deadlineMilliseconds)
    return await self.outcome { jobs throws(JobsFailure) in
      try await jobs.update(call, in: context)
    }
  }

  /// The value of a sample, as the scrape shows it; nil if it is not there.
  func sample(_ name: String) -> String? {
    String(decoding: self.registry.exposition(), as: UTF8.self).split(separator: "\n")
      .first { $0.hasPrefix("iot_jobs_gateway_" + name + " ") }
      .flatMap { $0.split(separator: " ").last.map(String.init) }
  }
}

/// A task that makes a call, and what became of it.
struct StagedCall<Value: Sendable & Equatable>: Sendable {
  private let task: Task<Void, Never>
  private let ended: Box

  private final class Box: Sendable {
    let outcome = Mutex<Result<JobsReply<Value>, JobsFailure>?>(nil)
  }

  init(
    _ executor: ManualExecutor,
    _ send: @escaping @Sendable () async throws(JobsFailure) -> JobsReply<Value>
  ) {
    let ended = Box()
    self.ended = ended
    self.task = Task(executorPreference: executor) {
      let outcome: Result<JobsReply<Value>, JobsFailure>
      do throws(JobsFailure) {
        outcome = .success(try await send())
      } catch {
        outcome = .failure(error)
      }
      ended.outcome.withLock { $0 = outcome }
    }
  }

  /// Nil while it is under way.
  var outcome: Result<JobsReply<Value>, JobsFailure>? { self.ended.outcome.withLock { $0 } }

  func cancel() { self.task.cancel() }
}

// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import NIOCore
import NIOEmbedded
import Synchronization
import Telemetry
import TrafficPolicy

/// An account's budget in virtual time, with callers that run when they are told to.
struct BudgetStage {
  let loop: NIOAsyncTestingEventLoop
  let executor = ManualExecutor()
  let registry = MetricsRegistry()
  let offenders = Offenders()
  let budget: AccountBudget
  private let origin: ContinuousClock.Instant

  /// Fifty reads and writes a second, bursts of two.
  init(log: BudgetLog? = nil, _ change: (inout AccountBudgetSettings) -> Void = { _ in }) {
    let loop = NIOAsyncTestingEventLoop()
    let origin = ContinuousClock.now
    var settings = AccountBudgetSettings()
    settings.reads?.burst = 2
    settings.writes?.burst = 2
    change(&settings)
    self.loop = loop
    self.origin = origin
    self.budget = AccountBudget(
      settings,
      clock: PolicyClock {
        origin.advanced(by: .nanoseconds(Int64(loop.now.uptimeNanoseconds)))
      },
      metrics: BudgetMetrics(
        registry: self.registry, limited: RateLimitedMetrics(registry: self.registry)),
      offenders: self.offenders, loop: loop, log: log)
  }

  /// Lets time pass, and then whoever can go on.
  func advance(milliseconds: Int64) async {
    await self.loop.advanceTime(by: .milliseconds(milliseconds))
    self.executor.run()
  }

  /// An instant of the budget's clock, counted from its origin.
  func instant(milliseconds: Int64) -> ContinuousClock.Instant {
    self.origin.advanced(by: .milliseconds(milliseconds))
  }

  func context(
    deadlineMilliseconds: Int64? = nil, startByMilliseconds: Int64? = nil
  ) -> CallContext {
    var context = CallContext(
      requestID: "r", deadline: deadlineMilliseconds.map { self.instant(milliseconds: $0) })
    context.startBy = startByMilliseconds.map { self.instant(milliseconds: $0) }
    return context
  }

  /// Somebody who asks to be admitted, and has got as far as possible by himself.
  func caller(
    _ call: CallClass = .describe, _ thing: String = "door", deadlineMilliseconds: Int64? = nil,
    startByMilliseconds: Int64? = nil
  ) -> BudgetCaller {
    let context = self.context(
      deadlineMilliseconds: deadlineMilliseconds, startByMilliseconds: startByMilliseconds)
    let budget = self.budget
    let caller = BudgetCaller(self.executor) { () async throws(JobsFailure) in
      _ = try await budget.admit(call, for: thing, in: context)
    }
    self.executor.run()
    return caller
  }

  /// Takes the whole burst.
  func exhaust(_ call: CallClass = .describe) {
    for _ in 0..<2 { _ = self.caller(call) }
  }

  static let throttled = JobsFailure(
    .refused(
      AWSRefusal(
        name: "ThrottlingException", httpStatus: 400, message: "Rate exceeded",
        kind: .throttled)))

  /// Calls that were not let through for this reason.
  func heldBack(_ reason: String) -> String? {
    self.sample("rate_limited_total{reason=\"\(reason)\",mode=\"enforce\"}")
  }

  /// The value of a sample, as the scrape shows it; nil if it is not there.
  func sample(_ name: String) -> String? {
    String(decoding: self.registry.exposition(), as: UTF8.self).split(separator: "\n")
      .first { $0.hasPrefix("iot_jobs_gateway_" + name + " ") }
      .flatMap { $0.split(separator: " ").last.map(String.init) }
  }
}

/// A task that asks to be admitted, and what became of it.
struct BudgetCaller {
  enum Outcome: Equatable {
    case admitted
    case failed(JobsFailure.Cause)
  }

  private let task: Task<Void, Never>
  private let ended: Box

  private final class Box: Sendable {
    let outcomes = Mutex<[Outcome]>([])
  }

  init(_ executor: ManualExecutor, _ ask: @escaping @Sendable () async throws(JobsFailure) -> Void)
  {
    let ended = Box()
    self.ended = ended
    self.task = Task(executorPreference: executor) {
      let outcome: Outcome
      do throws(JobsFailure) {
        try await ask()
        outcome = .admitted
      } catch {
        outcome = .failed(error.cause)
      }
      ended.outcomes.withLock { $0.append(outcome) }
    }
  }

  /// Nil while it waits.
  var outcome: Outcome? { self.ended.outcomes.withLock { $0.first } }

  func cancel() { self.task.cancel() }
}

// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import JobsAPI
import NIOCore
import NIOPosix
import Telemetry
import Testing
@testable import TrafficPolicy
import Transport

/// One budget for callers in several event loops, with timers and threads as in the gateway.
@Suite struct BudgetLoopsTests {
  private static func budget(
    _ settings: AccountBudgetSettings, loop: any EventLoop
  ) -> (AccountBudget, BudgetMetrics) {
    let registry = MetricsRegistry()
    let metrics = BudgetMetrics(
      registry: registry, limited: RateLimitedMetrics(registry: registry))
    let budget = AccountBudget(
      settings, clock: PolicyClock(), metrics: metrics, offenders: Offenders(), loop: loop)
    return (budget, metrics)
  }

  @Test func `a call goes on in its own loop, whoever ends its wait`() async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 3)
    let loops = Array(group.makeIterator())
    var settings = AccountBudgetSettings()
    settings.reads = RateLimit(perSecond: 2_000, burst: 5)
    settings.maxWait = .seconds(60)
    let (budget, metrics) = Self.budget(settings, loop: loops[0])
    let start = ContinuousClock.now

    let backends = loops.map { ScriptedJobs(in: $0) }
    await withTaskGroup { tasks in
      for (loop, backend) in zip(loops, backends) {
        let executor = LoopTaskExecutor(loop)
        let jobs = BudgetedJobs(backend, budget: budget)
        for thing in 0..<100 {
          tasks.addTask(executorPreference: executor) {
            let call = DescribeJobExecution(thingName: "\(thing)", jobID: "j")
            _ = try? await jobs.describe(call, in: CallContext(requestID: "r"))
          }
        }
      }
    }
    #expect(backends.map(\.calls.count) == [100, 100, 100])
    #expect(backends.map(\.strays) == [0, 0, 0])
    #expect(metrics.reads.waiting.value == 0)
    // No sooner than the rate allows; how much later is the machine's affair.
    #expect(start.duration(to: .now) >= .nanoseconds(295 * 500_000))
    try await group.shutdownGracefully()
  }

  /// Callers that come, wait, run out of time and are cancelled, on all threads at once: each is
  /// answered once, and no token is made or lost.
  @Test(arguments: 1...4) func `in a storm of callers nobody is forgotten`(seed: UInt64)
    async throws
  {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 3)
    let executors = group.makeIterator().map { LoopTaskExecutor($0) }
    var settings = AccountBudgetSettings()
    settings.writes = RateLimit(perSecond: 20_000, burst: 20)
    settings.maxWait = .milliseconds(20)
    settings.maxWaiting = 200
    let (budget, metrics) = Self.budget(settings, loop: group.any())
    let tally = Tally()
    let start = ContinuousClock.now

    var random = SplitMix64(seed: seed)
    let callers = (0..<3_000).map { number in
      let thing = "\(min(Int.random(in: 0..<50, using: &random), number % 50))"
      let classes: [CallClass] = [.terminalUpdate, .update, .startNext]
      let call = classes[Int.random(in: 0..<3, using: &random)]
      let patience = Duration.microseconds(Int64.random(in: 0...40_000, using: &random))
      return Task(executorPreference: executors[number % 3]) {
        let context = CallContext(requestID: "r", deadline: .now + patience)
        do throws(JobsFailure) {
          _ = try await budget.admit(call, for: thing, in: context)
          tally.add(nil)
        } catch {
          tally.add(error.cause)
        }
      }
    }
    for caller in callers where Bool.random(using: &random) { caller.cancel() }
    for caller in callers { await caller.value }

    let elapsed = start.duration(to: .now)
    #expect(tally.total == 3_000)
    #expect(tally.strangers == 0)
    #expect(metrics.writes.waiting.value == 0)
    #expect(tally.admitted <= 20 + Int(elapsed / .microseconds(50)) + 1)
    try await group.shutdownGracefully()
  }

  private final class Tally: Sendable {
    private let all = Counter()
    private let good = Counter()
    private let strange = Counter()

    func add(_ cause: JobsFailure.Cause?) {
      self.all.increment()
      switch cause {
      case nil: self.good.increment()
      case .budgetExhausted(.write, _), .deadlineExceeded(mayHaveBeenApplied: false),
        .cancelled(mayHaveBeenApplied: false):
        break
      default: self.strange.increment()
      }
    }

    var total: Int { Int(self.all.value) }
    var admitted: Int { Int(self.good.value) }
    var strangers: Int { Int(self.strange.value) }
  }
}

// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import JobsAPI
import JobsEmulator
import Logging
import NIOCore
import NIOPosix
import Telemetry
import Testing
import Transport

@testable import TrafficPolicy

/// All policies together, in the loops that they are made for.
@Suite(.timeLimit(.minutes(1))) struct LivePolicyTests {
  private static let group = MultiThreadedEventLoopGroup(numberOfThreads: 3)

  private static func policy(_ settings: PolicySettings = PolicySettings()) -> TrafficPolicy {
    TrafficPolicy(
      settings, on: self.group, registry: MetricsRegistry(), logger: Logger(label: "policy"))
  }

  private static func emulator(things: Int) throws -> JobsEmulator {
    let emulator = JobsEmulator()
    let arns = (0..<things).map { "arn:aws:iot:us-east-1:123456789012:thing/t\($0)" }
    try emulator.apply(
      EmulatorSeed(jobs: [CreateJob(jobID: "j", targets: arns, document: "{}")]))
    return emulator
  }

  @Test func `whatever is told is in force, save for the size of the table`() {
    let policy = Self.policy()
    #expect(policy.settings == PolicySettings())
    var settings = PolicySettings()
    settings.thingLimit.mode = .shadow
    settings.thingLimit.exact["a"] = .unlimited
    settings.thingLimit.maxThings = 5
    settings.accountBudget.reads = nil
    settings.accountBudget.writes = RateLimit(perSecond: 7, burst: 9)
    settings.accountBudget.maxWaiting = 3
    settings.retries.quota = 60
    settings.breaker.failures = 3
    settings.readCache.maxBytes = 3 << 20
    policy.apply(settings)

    let snapshot = policy.snapshot()
    #expect(
      snapshot.limiter
        == LimiterSnapshot(mode: .shadow, things: 0, maxThings: 262_144, overrides: 1))
    #expect(
      snapshot.budgets == [
        BudgetSnapshot(
          kind: .write, ceilingPerSecond: 7, levelPerSecond: 7, burst: 9, tokens: 9, waiting: 0,
          maxWaiting: 3, waitingThings: 0)
      ])
    #expect(snapshot.retries == RetrySnapshot(tokens: 60, quota: 60))
    #expect(snapshot.breaker == BreakerSnapshot(state: .closed, failures: 0))
    #expect(snapshot.cache.parts.map(\.maxBytes) == [1 << 20, 1 << 20, 1 << 20])
    #expect(snapshot.cache.answers.hitRate == nil)
    #expect(snapshot.offenders == OffendersSnapshot(things: [], refusals: 0, milliseconds: 0))

    settings.thingLimit.maxThings = 262_144
    #expect(policy.settings == settings)
    policy.apply(PolicySettings())
    #expect(policy.settings == PolicySettings())
    #expect(policy.snapshot().cache == Self.policy().snapshot().cache)
    // The one is new and full; the other has what it had, and room for more.
    #expect(policy.snapshot().budgets.map(\.tokens) == [100, 9])
  }

  @Test func `two who change at a time leave one of the two`() async {
    let policy = Self.policy()
    await withTaskGroup { group in
      for number in 1...4 {
        group.addTask {
          var settings = PolicySettings()
          settings.retries.quota = number
          settings.accountBudget.reads?.burst = number
          settings.readCache.maxBytes = number << 20
          for _ in 0..<100 { policy.apply(settings) }
        }
      }
    }
    let snapshot = policy.snapshot()
    let number = snapshot.retries.quota
    #expect(policy.settings.retries.quota == number)
    #expect(snapshot.budgets.first?.burst == number)
    #expect(snapshot.cache.parts.map(\.maxBytes) == Array(repeating: number << 20 / 3, count: 3))
  }

  /// How one caller's calls ended.
  private struct Ends: Sendable {
    var answered = 0
    var limited = 0
    var waitedInVain = 0
    var others: [JobsFailure.Cause] = []

    mutating func count(_ failure: JobsFailure?) {
      switch failure?.cause {
      case nil: self.answered += 1
      case .thingLimited?: self.limited += 1
      case .budgetExhausted?: self.waitedInVain += 1
      case let cause?: self.others.append(cause)
      }
    }
  }

  private static func call<Backend: JobsBackend>(
    _ layers: Backend, calls: Int, seed: UInt64
  ) async -> Ends {
    var random = SplitMix64(seed: seed)
    var ends = Ends()
    for _ in 0..<calls {
      let thing = "t\(Int.random(in: 0..<20, using: &random))"
      let context = CallContext(requestID: "r")
      do throws(JobsFailure) {
        if Int.random(in: 0..<3, using: &random) == 0 {
          _ = try await layers.update(
            UpdateJobExecution(thingName: thing, jobID: "j", status: .inProgress), in: context)
        } else {
          _ = try await layers.describe(.init(thingName: thing, jobID: "j"), in: context)
        }
        ends.count(nil)
      } catch {
        ends.count(error)
      }
    }
    return ends
  }

  /// Strict, generous, and without any limit.
  private static func anySettings(_ random: inout SplitMix64) -> PolicySettings {
    var settings = PolicySettings()
    settings.readCache.ttl = .milliseconds(Int.random(in: 0...20, using: &random))
    settings.readCache.maxBytes = Int.random(in: 0...8, using: &random) << 18
    settings.accountBudget.maxWait = .milliseconds(Int.random(in: 0...60, using: &random))
    settings.accountBudget.maxWaiting = Int.random(in: 1...100, using: &random)
    let rate = Double(Int.random(in: 100...20_000, using: &random))
    let limit = Bool.random(using: &random) ? RateLimit(perSecond: rate, burst: 5) : nil
    settings.accountBudget.reads = limit
    settings.accountBudget.writes = limit
    settings.thingLimit.mode = LimitMode.allCases.randomElement(using: &random) ?? .off
    settings.thingLimit.limits.reads?.perSecond = rate
    settings.breaker.failures = Bool.random(using: &random) ? nil : 3
    return settings
  }

  @Test(arguments: 1...3 as ClosedRange<UInt64>)
  func `every call ends while everything changes around it`(seed: UInt64) async throws {
    let policy = Self.policy()
    let emulator = try Self.emulator(things: 20)
    let callers = 24
    let ends = await withTaskGroup { group in
      for caller in 0..<callers {
        let loop = Self.group.next()
        let layers = policy.layers(over: emulator, on: loop)
        group.addTask {
          await Task(executorPreference: LoopTaskExecutor(loop)) {
            await Self.call(layers, calls: 120, seed: seed &* 100 &+ UInt64(caller))
          }.value
        }
      }
      let changes = Task.detached {
        var random = SplitMix64(seed: seed)
        while !Task.isCancelled {
          policy.apply(Self.anySettings(&random))
          _ = (policy.snapshot(), policy.cacheContents())
          await Task.yield()
        }
      }
      let ends = await group.reduce(into: []) { $0.append($1) }
      changes.cancel()
      await changes.value
      return ends
    }
    #expect(ends.count == callers)
    #expect(ends.allSatisfy { $0.others.isEmpty }, "\(ends.flatMap(\.others).prefix(3))")
    let sums = ends.reduce(into: Ends()) {
      $0.answered += $1.answered
      $0.limited += $1.limited
      $0.waitedInVain += $1.waitedInVain
    }
    #expect(sums.answered + sums.limited + sums.waitedInVain == callers * 120)
    #expect(sums.answered > callers * 30, "\(sums)")
    // Nobody is left behind, in no queue and in no flight.
    policy.apply(PolicySettings())
    let snapshot = policy.snapshot()
    #expect(snapshot.budgets.map(\.waiting) == [0, 0])
    #expect(snapshot.cache.parts.allSatisfy { $0.flights == 0 })
  }
}

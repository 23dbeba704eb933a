// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import Testing

@testable import TrafficPolicy

/// Settings that change while calls wait for the account's budget.
@Suite struct BudgetChangeTests {
  /// As the stage has it: fifty a second, bursts of two.
  private static func settings(
    _ change: (inout AccountBudgetSettings) -> Void
  ) -> AccountBudgetSettings {
    var settings = AccountBudgetSettings()
    settings.reads?.burst = 2
    settings.writes?.burst = 2
    change(&settings)
    return settings
  }

  private static func refused(_ milliseconds: Int64) -> BudgetCaller.Outcome {
    .failed(.budgetExhausted(.read, retryAfterMilliseconds: milliseconds))
  }

  @Test func `those who wait keep their places and go at the new rate`() async {
    let stage = BudgetStage()
    stage.exhaust()
    let callers = (0..<4).map { _ in stage.caller() }
    await stage.advance(milliseconds: 10)
    stage.budget.apply(Self.settings { $0.reads?.perSecond = 500 })
    stage.executor.run()
    // Half a token was there, the other half takes a millisecond.
    #expect(callers.map(\.outcome) == [nil, nil, nil, nil])
    await stage.advance(milliseconds: 1)
    #expect(callers.map(\.outcome) == [.admitted, nil, nil, nil])
    await stage.advance(milliseconds: 4)
    #expect(callers.map(\.outcome) == [.admitted, .admitted, .admitted, nil])
    await stage.advance(milliseconds: 2)
    #expect(callers.last?.outcome == .admitted)
    #expect(stage.sample(#"budget_waiting{kind="read"}"#) == "0")
  }

  @Test func `without a budget all go at once, and a new one is full`() async {
    let stage = BudgetStage()
    stage.exhaust()
    let callers = (0..<5).map { _ in stage.caller() }
    stage.budget.apply(Self.settings { $0.reads = nil })
    stage.executor.run()
    #expect(callers.allSatisfy { $0.outcome == .admitted })
    #expect(stage.budget.snapshots.map(\.kind) == [.write])
    #expect(stage.sample(#"budget_level{kind="read"}"#) == nil)
    for _ in 0..<50 { #expect(stage.budget.admitAtOnce(.describe)) }
    stage.budget.failed(.read, BudgetStage.throttled)
    stage.budget.apply(Self.settings { _ in })
    #expect(stage.budget.admitAtOnce(.describe))
    #expect(stage.budget.admitAtOnce(.describe))
    #expect(!stage.budget.admitAtOnce(.describe))
    #expect(stage.sample(#"budget_level{kind="read"}"#) == "50")
  }

  @Test func `nobody waits for longer than the new longest wait`() async {
    let stage = BudgetStage { $0.reads = RateLimit(perSecond: 2, burst: 2) }
    stage.exhaust()
    let first = stage.caller()
    await stage.advance(milliseconds: 100)
    stage.budget.apply(
      Self.settings {
        $0.reads = RateLimit(perSecond: 2, burst: 2)
        $0.maxWait = .milliseconds(200)
      })
    await stage.advance(milliseconds: 199)
    #expect(first.outcome == nil)
    await stage.advance(milliseconds: 2)
    // It would have had its turn after 500 milliseconds, and is told how long that is from now.
    #expect(first.outcome == Self.refused(200))
    #expect(stage.sample(#"budget_waiting{kind="read"}"#) == "0")
  }

  @Test func `a longer wait is for those who come`() async {
    let stage = BudgetStage { $0.maxWait = .milliseconds(50) }
    stage.exhaust()
    _ = (stage.caller(), stage.caller())
    #expect(stage.caller().outcome == Self.refused(60))
    stage.budget.apply(Self.settings { $0.maxWait = .seconds(60) })
    let patient = stage.caller()
    #expect(patient.outcome == nil)
    await stage.advance(milliseconds: 60)
    #expect(patient.outcome == .admitted)
  }

  @Test func `fewer places drive nobody out`() async {
    let stage = BudgetStage()
    stage.exhaust()
    let callers = (0..<4).map { _ in stage.caller() }
    stage.budget.apply(Self.settings { $0.maxWaiting = 2 })
    stage.executor.run()
    #expect(callers.allSatisfy { $0.outcome == nil })
    #expect(stage.caller().outcome == Self.refused(100))
    await stage.advance(milliseconds: 80)
    #expect(callers.allSatisfy { $0.outcome == .admitted })
  }

  @Test func `a debt stays`() async {
    let stage = BudgetStage { $0.reads = RateLimit(perSecond: 50, burst: 10) }
    for _ in 0..<10 { #expect(stage.budget.admitAtOnce(.describe)) }
    stage.budget.answered(.read, UpstreamTrace(attempts: 6))
    #expect(stage.budget.snapshots.first?.tokens == -5)
    stage.budget.apply(Self.settings { $0.reads = RateLimit(perSecond: 100, burst: 20) })
    #expect(stage.budget.snapshots.first?.tokens == -5)
    await stage.advance(milliseconds: 59)
    #expect(!stage.budget.admitAtOnce(.describe))
    await stage.advance(milliseconds: 1)
    #expect(stage.budget.admitAtOnce(.describe))
    // But none is greater than what the bucket holds.
    stage.budget.answered(.read, UpstreamTrace(attempts: 21))
    stage.budget.apply(Self.settings { $0.reads = RateLimit(perSecond: 100, burst: 3) })
    #expect(stage.budget.snapshots.first?.tokens == -3)
  }

  @Test func `what AWS has taught stays`() async {
    let stage = BudgetStage()
    stage.budget.failed(.read, BudgetStage.throttled)
    #expect(stage.sample(#"budget_level{kind="read"}"#) == "35")
    stage.budget.apply(Self.settings { $0.reads?.perSecond = 600 })
    // A tenth of the ceiling is the least.
    #expect(stage.sample(#"budget_level{kind="read"}"#) == "60")
    await stage.advance(milliseconds: 1_000)
    #expect(stage.sample(#"budget_level{kind="read"}"#) == "70")
    stage.budget.apply(Self.settings { $0.reads?.perSecond = 65 })
    #expect(stage.sample(#"budget_level{kind="read"}"#) == "65")
  }

  @Test func `a snapshot tells what a budget holds`() async {
    let stage = BudgetStage { $0.maxWaiting = 7 }
    stage.exhaust()
    _ = (stage.caller(.describe, "a"), stage.caller(.describe, "a"), stage.caller(.pending, "b"))
    stage.budget.failed(.write, BudgetStage.throttled)
    await stage.advance(milliseconds: 30)
    #expect(
      stage.budget.snapshots == [
        BudgetSnapshot(
          kind: .read, ceilingPerSecond: 50, levelPerSecond: 50, burst: 2, tokens: 0, waiting: 2,
          maxWaiting: 7, waitingThings: 2),
        BudgetSnapshot(
          kind: .write, ceilingPerSecond: 50, levelPerSecond: 35, burst: 2, tokens: 2, waiting: 0,
          maxWaiting: 7, waitingThings: 0),
      ])
  }
}

// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import NIOCore
import NIOEmbedded
import Telemetry
import Testing

@testable import TrafficPolicy

@Suite struct AccountBudgetTests {
  @Test func `a call for which there is a token is admitted at once`() {
    let stage = BudgetStage()
    #expect(stage.caller().outcome == .admitted)
    #expect(stage.caller().outcome == .admitted)
    #expect(stage.caller().outcome == nil)
    #expect(stage.sample(#"admitted_total{kind="read"}"#) == "2")
    #expect(stage.sample(#"budget_waiting{kind="read"}"#) == "1")
    #expect(stage.sample(#"budget_wait_seconds_count{kind="read"}"#) == "0")
  }

  @Test func `a call without a token waits for one, and not longer`() async {
    let stage = BudgetStage()
    stage.exhaust()
    let (first, second) = (stage.caller(), stage.caller())
    await stage.advance(milliseconds: 19)
    #expect(first.outcome == nil)
    await stage.advance(milliseconds: 1)
    #expect(first.outcome == .admitted)
    #expect(second.outcome == nil)
    await stage.advance(milliseconds: 20)
    #expect(second.outcome == .admitted)
    #expect(stage.sample(#"admitted_total{kind="read"}"#) == "4")
    #expect(stage.sample(#"budget_waiting{kind="read"}"#) == "0")
    #expect(stage.sample(#"budget_wait_seconds_count{kind="read"}"#) == "2")
    #expect(stage.sample(#"budget_wait_seconds_sum{kind="read"}"#) == "0.06")
  }

  @Test func `reads and writes have budgets of their own`() {
    let stage = BudgetStage()
    stage.exhaust(.pending)
    #expect(stage.caller(.describe).outcome == nil)
    for call in [CallClass.startNext, .terminalUpdate] {
      #expect(stage.caller(call).outcome == .admitted)
    }
    #expect(stage.caller(.update).outcome == nil)
  }

  @Test func `the burst comes back with time`() async {
    let stage = BudgetStage()
    stage.exhaust()
    await stage.advance(milliseconds: 60_000)
    stage.exhaust()
    #expect(stage.caller().outcome == nil)
  }

  // MARK: Too late

  @Test func `a call that cannot have its turn in time is refused at once`() async {
    let stage = BudgetStage()
    stage.exhaust()
    let caller = stage.caller(deadlineMilliseconds: 20)
    #expect(caller.outcome == .failed(.budgetExhausted(.read, retryAfterMilliseconds: 20)))
    #expect(
      stage.caller(startByMilliseconds: 5).outcome
        == .failed(.budgetExhausted(.read, retryAfterMilliseconds: 20)))
    #expect(
      stage.sample(#"rate_limited_total{reason="account_read",mode="enforce"}"#) == "2")
    #expect(stage.sample(#"budget_waiting{kind="read"}"#) == "0")
    #expect(stage.sample(#"admitted_total{kind="read"}"#) == "2")
    // And the next is not the worse for it.
    let next = stage.caller()
    await stage.advance(milliseconds: 20)
    #expect(next.outcome == .admitted)
  }

  @Test func `a call whose deadline has passed is told so`() {
    let stage = BudgetStage()
    stage.exhaust(.update)
    #expect(
      stage.caller(.update, deadlineMilliseconds: 0).outcome
        == .failed(.deadlineExceeded(mayHaveBeenApplied: false)))
    #expect(
      stage.sample(#"rate_limited_total{reason="account_write",mode="enforce"}"#) == "0")
  }

  @Test func `a call waits no longer than its caller`() async {
    let stage = BudgetStage()
    stage.exhaust()
    let caller = stage.caller(deadlineMilliseconds: 21)
    // Its token stays away.
    stage.budget.failed(.read, BudgetStage.throttled)
    await stage.advance(milliseconds: 20)
    #expect(caller.outcome == nil)
    await stage.advance(milliseconds: 5)
    #expect(caller.outcome == .failed(.deadlineExceeded(mayHaveBeenApplied: false)))
    #expect(stage.sample(#"budget_waiting{kind="read"}"#) == "0")
    #expect(stage.heldBack("account_read_abandoned") == "1")
    #expect(stage.heldBack("account_read") == "0")
    // What it waited for is another's.
    let other = stage.caller()
    await stage.advance(milliseconds: 4)
    #expect(other.outcome == .admitted)
  }

  @Test func `a call waits no longer than the longest wait, and is told when to come`() async {
    let stage = BudgetStage()
    stage.exhaust()
    let callers = (0..<49).map { _ in stage.caller() }
    #expect(callers.allSatisfy { $0.outcome == nil })
    // All would have had their turn within the second, but now there are 35 tokens in it.
    stage.budget.failed(.read, BudgetStage.throttled)
    await stage.advance(milliseconds: 1_000)
    #expect(callers.prefix(35).allSatisfy { $0.outcome == .admitted })
    #expect(callers.dropFirst(35).allSatisfy { $0.outcome == nil })
    await stage.advance(milliseconds: 4)
    for caller in callers.dropFirst(35) {
      guard case .failed(.budgetExhausted(.read, let milliseconds)) = caller.outcome else {
        return #expect(Bool(false), "\(String(describing: caller.outcome))")
      }
      #expect((1...400).contains(milliseconds))
    }
    #expect(stage.sample(#"budget_waiting{kind="read"}"#) == "0")
    #expect(
      stage.sample(#"rate_limited_total{reason="account_read",mode="enforce"}"#) == "14")
  }

  // MARK: Cancelled

  @Test func `who is cancelled while waiting goes at once, and his token to the next`() async {
    let stage = BudgetStage()
    stage.exhaust()
    let (first, second) = (stage.caller(), stage.caller())
    first.cancel()
    stage.executor.run()
    #expect(first.outcome == .failed(.cancelled(mayHaveBeenApplied: false)))
    #expect(stage.sample(#"budget_waiting{kind="read"}"#) == "1")
    #expect(stage.heldBack("account_read_abandoned") == "1")
    await stage.advance(milliseconds: 20)
    #expect(second.outcome == .admitted)
    #expect(stage.sample(#"budget_waiting{kind="read"}"#) == "0")
  }

  @Test func `who is cancelled when his turn has come leaves the token to the next`() async {
    let stage = BudgetStage()
    stage.exhaust()
    let (first, second) = (stage.caller(), stage.caller())
    // His turn has come, but he has not gone on.
    await stage.loop.advanceTime(by: .milliseconds(20))
    first.cancel()
    stage.executor.run()
    #expect(first.outcome == .failed(.cancelled(mayHaveBeenApplied: false)))
    #expect(second.outcome == .admitted)
    #expect(stage.sample(#"admitted_total{kind="read"}"#) == "3")
    #expect(stage.heldBack("account_read_abandoned") == "1")
  }

  @Test func `who comes cancelled does not wait`() {
    let stage = BudgetStage()
    stage.exhaust()
    let budget = stage.budget
    let caller = BudgetCaller(stage.executor) { () async throws(JobsFailure) in
      _ = try await budget.admit(.describe, for: "door", in: CallContext(requestID: "r"))
    }
    caller.cancel()
    stage.executor.run()
    #expect(caller.outcome == .failed(.cancelled(mayHaveBeenApplied: false)))
    #expect(stage.sample(#"budget_waiting{kind="read"}"#) == "0")
  }

  @Test func `to be cancelled after the answer changes nothing`() async {
    let stage = BudgetStage()
    stage.exhaust()
    let first = stage.caller()
    await stage.advance(milliseconds: 20)
    first.cancel()
    stage.executor.run()
    #expect(first.outcome == .admitted)
    #expect(stage.caller().outcome == nil)
  }

  // MARK: Order

  @Test func `a single call of a thing waits for one turn of the thing with many`() async {
    let stage = BudgetStage()
    stage.exhaust()
    let greedy = (0..<40).map { _ in stage.caller(.describe, "greedy") }
    let modest = stage.caller(.describe, "modest", deadlineMilliseconds: 41)
    await stage.advance(milliseconds: 40)
    #expect(modest.outcome == .admitted)
    #expect(greedy.filter { $0.outcome == .admitted }.count == 1)
  }

  @Test func `a full queue lets the modest in at the greedy one's expense`() async {
    let stage = BudgetStage { $0.maxWaiting = 3 }
    stage.exhaust()
    let greedy = (0..<4).map { _ in stage.caller(.describe, "greedy") }
    #expect(
      greedy[3].outcome == .failed(.budgetExhausted(.read, retryAfterMilliseconds: 80)))
    let modest = stage.caller(.describe, "modest")
    stage.executor.run()
    #expect(
      greedy[2].outcome == .failed(.budgetExhausted(.read, retryAfterMilliseconds: 80)))
    #expect(stage.sample(#"budget_waiting{kind="read"}"#) == "3")
    // The one that was refused and the one that gave way.
    #expect(stage.offenders.top(5) == [Offender(thing: "greedy", refusals: 2, overcount: 0)])
    await stage.advance(milliseconds: 60)
    #expect(modest.outcome == .admitted)
    #expect(greedy[1].outcome == .admitted)
    #expect(
      stage.sample(#"rate_limited_total{reason="account_read",mode="enforce"}"#) == "2")
  }

  @Test func `whose turn comes too late is among the offenders`() {
    let stage = BudgetStage()
    stage.exhaust(.update)
    _ = stage.caller(.update, "late", startByMilliseconds: 5)
    _ = stage.caller(.update, "gone", deadlineMilliseconds: 0)
    #expect(stage.offenders.top(5) == [Offender(thing: "late", refusals: 1, overcount: 0)])
    #expect(stage.heldBack("account_write") == "1")
    #expect(stage.heldBack("account_write_abandoned") == "0")
  }

  // MARK: Level

  @Test func `a budget below one call a second has a level`() {
    let stage = BudgetStage { $0.reads?.perSecond = 0.1 }
    #expect(stage.sample(#"budget_level{kind="read"}"#) == "0.1")
    stage.budget.failed(.read, BudgetStage.throttled)
    #expect(stage.sample(#"budget_level{kind="read"}"#) == "0.07")
  }

  @Test func `the level sinks when AWS throttles, and comes back`() async {
    let stage = BudgetStage()
    #expect(stage.sample(#"budget_level{kind="read"}"#) == "50")
    stage.budget.failed(.read, BudgetStage.throttled)
    stage.budget.failed(.read, BudgetStage.throttled)
    #expect(stage.sample(#"budget_level{kind="read"}"#) == "35")
    #expect(stage.sample(#"budget_level{kind="write"}"#) == "50")
    #expect(stage.sample(#"budget_reductions_total{kind="read"}"#) == "1")
    await stage.advance(milliseconds: 60_000)
    #expect(stage.sample(#"budget_level{kind="read"}"#) == "50")
  }

  @Test func `without a limit everything passes, and there is no level`() {
    let stage = BudgetStage { $0.reads = nil }
    for _ in 0..<1_000 { #expect(stage.caller().outcome == .admitted) }
    stage.budget.failed(.read, BudgetStage.throttled)
    #expect(stage.sample(#"budget_level{kind="read"}"#) == nil)
    #expect(stage.sample(#"budget_level{kind="write"}"#) == "50")
    #expect(stage.sample(#"budget_reductions_total{kind="read"}"#) == "0")
    #expect(stage.sample(#"admitted_total{kind="read"}"#) == "1000")
  }

  @Test func `a metric outlives its budget and shows nothing of it`() {
    let registry = BudgetStage().registry
    let text = String(decoding: registry.exposition(), as: UTF8.self)
    #expect(!text.contains("budget_level{"))
  }
}

// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import Logging
import Testing

@testable import TrafficPolicy

@Suite struct BudgetLogTests {
  private let lines = KeptLines.Lines()
  private let stage: BudgetStage

  init() {
    let lines = self.lines
    self.stage = BudgetStage(log: BudgetLog(Logger(label: "test") { _ in KeptLines(lines: lines) }))
  }

  private static func lowered(_ kind: CallKind, _ level: String) -> String {
    "AWS throttles, the account's budget is lowered calls-per-second: \(level) kind: \(kind)"
  }

  private static func restored(_ kind: CallKind) -> String {
    "the account's budget is back at its configured rate calls-per-second: 50 kind: \(kind)"
  }

  @Test func `a passing shortage is two lines: that it came, and that it went`() async {
    self.stage.budget.failed(.read, BudgetStage.throttled)
    #expect(self.lines.all == [Self.lowered(.read, "35")])
    for _ in 0..<10 {
      self.stage.budget.failed(.read, BudgetStage.throttled)
      await self.stage.advance(milliseconds: 100)
    }
    await self.stage.advance(milliseconds: 58_999)
    #expect(self.lines.all == [Self.lowered(.read, "35")])
    await self.stage.advance(milliseconds: 1)
    #expect(self.lines.all == [Self.lowered(.read, "35"), Self.restored(.read)])
    await self.stage.advance(milliseconds: 3_600_000)
    #expect(self.lines.all.count == 2)
    // And the next is told of at once.
    self.stage.budget.failed(.read, BudgetStage.throttled)
    #expect(self.lines.all.last == Self.lowered(.read, "35"))
  }

  @Test func `a lasting shortage is a line a minute, and one when it is over`() async {
    for _ in 0..<150 {
      self.stage.budget.failed(.write, BudgetStage.throttled)
      await self.stage.advance(milliseconds: 1_000)
    }
    #expect(self.lines.all.count == 3)
    #expect(self.lines.all.allSatisfy { $0.hasPrefix("AWS throttles") && $0.hasSuffix("write") })
    // The last reduction was after two minutes, so the third tells of it; then it is quiet.
    await self.stage.advance(milliseconds: 120_000)
    #expect(self.lines.all.count == 5)
    #expect(self.lines.all.last == Self.restored(.write))
    await self.stage.advance(milliseconds: 3_600_000)
    #expect(self.lines.all.count == 5)
  }

  @Test func `reads and writes are told of apart`() {
    self.stage.budget.failed(.read, BudgetStage.throttled)
    self.stage.budget.failed(.write, BudgetStage.throttled)
    #expect(self.lines.all == [Self.lowered(.read, "35"), Self.lowered(.write, "35")])
  }

  @Test func `other failures are no news`() async {
    self.stage.budget.failed(.read, JobsFailure(.unreachable("refused")))
    await self.stage.advance(milliseconds: 120_000)
    #expect(self.lines.all.isEmpty)
  }

  @Test func `a reduction between two lines is told of in the next`() {
    var rhythm = ReductionRhythm()
    #expect(rhythm.reduced() == .writeAndArmTimer)
    #expect(rhythm.reduced() == .nothing)
    #expect(rhythm.timerFired(isRestored: false) == .writeReducedAndArmTimer)
    #expect(rhythm.timerFired(isRestored: false) == .armTimer)
    #expect(rhythm.reduced() == .nothing)
    #expect(rhythm.timerFired(isRestored: true) == .writeRestored)
    #expect(rhythm.reduced() == .writeAndArmTimer)
  }
}

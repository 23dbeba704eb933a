// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import GatewayServer

struct MemoryBudgetTests {
  @Test func `what would go over the limit is refused and not charged`() {
    let budget = MemoryBudget(limitBytes: 100)
    #expect(budget.charge(100) == .admit)
    #expect(budget.charge(1) == .refuse)
    #expect(budget.chargedBytes == 100)
    budget.giveBack(1)
    #expect(budget.charge(1) == .admit)
    #expect(budget.charge(1) == .refuse)
  }

  @Test func `what is there already is charged over the limit, and delays the next`() {
    let budget = MemoryBudget(limitBytes: 100)
    budget.chargeAnyway(150)
    #expect(budget.charge(1) == .refuse)
    budget.giveBack(60)
    #expect(budget.charge(10) == .admit)
    #expect(budget.chargedBytes == 100)
  }

  @Test func `many at once never go over the limit, and leave nothing behind`() async {
    let budget = MemoryBudget(limitBytes: 1_000)
    await withTaskGroup { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<2_000 where budget.charge(300) == .admit { budget.giveBack(300) }
        }
      }
    }
    #expect(budget.chargedBytes == 0)
  }
}

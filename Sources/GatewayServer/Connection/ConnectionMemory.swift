// SPDX-License-Identifier: Apache-2.0

/// What the calls of one connection hold, charged to the budget of all connections.
///
/// A connection has a limit of its own besides, so that one caller cannot use up what is there for
/// all. What its channel holds is charged too, and comes on top of the limit: it is answers already.
struct ConnectionMemory {
  private let budget: MemoryBudget
  private let limitBytes: Int
  private(set) var chargedBytes = 0

  init(_ budget: MemoryBudget, limitBytes: Int) {
    self.budget = budget
    self.limitBytes = limitBytes
  }

  /// Charges what the peer wants to be kept, or refuses it.
  mutating func charge(_ count: Int) -> MemoryBudget.OnCharge {
    guard self.chargedBytes + count <= self.limitBytes, self.budget.charge(count) == .admit
    else { return .refuse }
    self.chargedBytes += count
    return .admit
  }

  /// Charges what is there already.
  mutating func chargeAnyway(_ count: Int) {
    self.budget.chargeAnyway(count)
    self.chargedBytes += count
  }

  mutating func giveBack(_ count: Int) {
    self.budget.giveBack(count)
    self.chargedBytes -= count
  }
}

// SPDX-License-Identifier: Apache-2.0

/// What one connection holds of a request and its answer.
struct HeldMemory {
  /// The records of one exchange, here and in the libraries.
  private static let bytesPerRequest = 4_096

  private let budget: (any RequestMemory)?
  private var bytes = 0

  init(_ budget: (any RequestMemory)?) {
    self.budget = budget
  }

  /// A request begins.
  /// - Returns: False if there is no room for it.
  mutating func begin() -> Bool { self.charge(Self.bytesPerRequest) }

  mutating func charge(_ count: Int) -> Bool {
    guard let budget = self.budget else { return true }
    guard budget.charge(count) else { return false }
    self.bytes += count
    return true
  }

  mutating func chargeAnyway(_ count: Int) {
    guard let budget = self.budget else { return }
    budget.chargeAnyway(count)
    self.bytes += count
  }

  /// Nothing is held any more.
  mutating func release() {
    guard self.bytes > 0 else { return }
    self.budget?.giveBack(self.bytes)
    self.bytes = 0
  }
}

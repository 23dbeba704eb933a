// SPDX-License-Identifier: Apache-2.0

/// What all calls may repeat together: an upstream that fails for everybody is left alone soon,
/// while one that fails now and then never notices.
///
/// Source: botocore, `retries/quota`: full at the start, five for a repeat, ten after a time-out. A
/// success gives back what its last repeat took, or one if it needed none.
package struct RetryQuota: Equatable, Sendable {
  package let capacity: Int
  package private(set) var tokens: Int

  /// - Parameter tokens: what is left; nil for all.
  package init(capacity: Int, tokens: Int? = nil) {
    self.capacity = max(0, capacity)
    self.tokens = min(tokens ?? self.capacity, self.capacity)
  }

  /// False if there is not enough for the repeat; then nothing is taken.
  package mutating func take(_ cost: Int) -> Bool {
    guard self.tokens >= cost else { return false }
    self.tokens -= cost
    return true
  }

  /// A repeat that was paid for is not made.
  package mutating func giveBack(_ cost: Int) {
    self.tokens = min(self.capacity, self.tokens + cost)
  }

  /// - Parameter repeatCost: what the repeat took that succeeded; nil for a first attempt.
  package mutating func succeeded(repeatCost: Int?) {
    self.giveBack(repeatCost ?? 1)
  }
}

// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The quota of one upstream host, for calls in all event loops. While it is full, which it nearly
/// always is, a call that succeeds reads one word and writes none.
package final class SharedRetryQuota: Sendable {
  private let whole: Atomic<Int>
  private let left: Atomic<Int>

  package init(capacity: Int) {
    let quota = RetryQuota(capacity: capacity)
    self.whole = Atomic(quota.capacity)
    self.left = Atomic(quota.tokens)
  }

  package var capacity: Int { self.whole.load(ordering: .relaxed) }

  package var tokens: Int { min(self.capacity, self.left.load(ordering: .relaxed)) }

  /// Holds another number of tokens from now on. What is taken stays taken.
  package func changed(capacity: Int) {
    let capacity = max(0, capacity)
    let difference = capacity - self.whole.exchange(capacity, ordering: .relaxed)
    var known = self.left.load(ordering: .relaxed)
    while true {
      let (exchanged, original) = self.left.weakCompareExchange(
        expected: known, desired: min(capacity, max(0, known + difference)), ordering: .relaxed)
      if exchanged { return }
      known = original
    }
  }

  package func take(_ cost: Int) -> Bool {
    self.update { $0.take(cost) }
  }

  package func giveBack(_ cost: Int) {
    self.update { $0.giveBack(cost) }
  }

  package func succeeded(repeatCost: Int?) {
    self.update { $0.succeeded(repeatCost: repeatCost) }
  }

  /// The tokens guard nothing but themselves, so no order is asked for.
  @discardableResult
  private func update<Answer>(_ change: (inout RetryQuota) -> Answer) -> Answer {
    var known = self.left.load(ordering: .relaxed)
    while true {
      var quota = RetryQuota(capacity: self.capacity, tokens: known)
      let answer = change(&quota)
      if quota.tokens == known { return answer }
      let (exchanged, original) = self.left.weakCompareExchange(
        expected: known, desired: quota.tokens, ordering: .relaxed)
      if exchanged { return answer }
      known = original
    }
  }
}

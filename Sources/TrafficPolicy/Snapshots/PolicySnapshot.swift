// SPDX-License-Identifier: Apache-2.0

// Snapshots say what the policies hold at a moment, as plain values: for an operator's page, and for
// nothing that decides. Each part is consistent in itself; the parts are read one after the other.

/// What the policies of the process hold. See ``CacheContents`` for what takes longer to tell.
package struct PolicySnapshot: Equatable, Sendable {
  package var offenders: OffendersSnapshot
  package var limiter: LimiterSnapshot
  /// Those that there are, reads first.
  package var budgets: [BudgetSnapshot]
  package var breaker: BreakerSnapshot
  package var retries: RetrySnapshot
  package var cache: CacheSnapshot
}

// SPDX-License-Identifier: Apache-2.0

package import JobsAPI

/// One of the account's budgets.
package struct BudgetSnapshot: Equatable, Sendable {
  package var kind: CallKind
  /// As configured.
  package var ceilingPerSecond: Double
  /// As let through at present: lower than the ceiling after AWS has throttled.
  package var levelPerSecond: Double
  package var burst: Int
  /// Calls that may go at once; below zero, calls that were sent and not asked for.
  package var tokens: Int
  package var waiting: Int
  package var maxWaiting: Int
  /// Things that have a call waiting.
  package var waitingThings: Int
}

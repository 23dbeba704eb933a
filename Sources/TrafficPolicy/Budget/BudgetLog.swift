// SPDX-License-Identifier: Apache-2.0

import JobsAPI
package import Logging
import Telemetry

/// What an operator is told of the account's budgets.
package struct BudgetLog: Sendable {
  private let logger: Logger

  package init(_ logger: Logger) {
    self.logger = logger
  }

  /// - Parameter level: thousandths of a call a second.
  func reduced(_ kind: CallKind, to level: Int64) {
    self.logger.warning(
      "AWS throttles, the account's budget is lowered", metadata: Self.metadata(kind, level))
  }

  func restored(_ kind: CallKind, to level: Int64) {
    self.logger.notice(
      "the account's budget is back at its configured rate", metadata: Self.metadata(kind, level))
  }

  private static func metadata(_ kind: CallKind, _ level: Int64) -> Logger.Metadata {
    [
      LogKey.kind: .string(kind.rawValue),
      LogKey.callsPerSecond: .string(AdaptiveRate.decimal(level)),
    ]
  }
}

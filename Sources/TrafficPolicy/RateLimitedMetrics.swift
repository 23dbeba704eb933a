// SPDX-License-Identifier: Apache-2.0

package import JobsAPI
package import Telemetry

/// What the limits let through and what they held back, whichever of them it was: the families that
/// the limit for each thing and the account's budgets count into together.
package final class RateLimitedMetrics: Sendable {
  /// What was used up.
  package enum Reason: String, CaseIterable, Sendable {
    case thingRead = "thing_read"
    case thingWrite = "thing_write"
    case accountRead = "account_read"
    case accountWrite = "account_write"
    /// The caller's deadline passed, or the caller went, while the call waited for its turn.
    case accountReadAbandoned = "account_read_abandoned"
    case accountWriteAbandoned = "account_write_abandoned"
    /// The table of things is full, and the newcomers' common bucket is empty.
    case tableFull = "table_full"
  }

  private let enforced: [Counter]
  private let shadowed: [Counter]
  private let readsAdmitted: Counter
  private let writesAdmitted: Counter

  package init(registry: MetricsRegistry) {
    let limited = registry.family(
      Counter.self, "iot_jobs_gateway_rate_limited_total",
      help:
        "Upstream calls that a limit held back, or would have in shadow mode; many may share one.",
      labels: ["reason", "mode"])
    self.enforced = Reason.allCases.map { limited.child($0.rawValue, LimitMode.enforce.rawValue) }
    self.shadowed = Reason.allCases.map { limited.child($0.rawValue, LimitMode.shadow.rawValue) }
    let admitted = registry.family(
      Counter.self, "iot_jobs_gateway_admitted_total",
      help: "Upstream calls that all limits let through to AWS.", labels: ["kind"])
    self.readsAdmitted = admitted.child(CallKind.read.rawValue)
    self.writesAdmitted = admitted.child(CallKind.write.rawValue)
  }

  /// A call was refused.
  package func refused(_ reason: Reason) {
    self.enforced[reason.index].increment()
  }

  /// A call would have been refused if the limit were kept.
  package func wouldHaveRefused(_ reason: Reason) {
    self.shadowed[reason.index].increment()
  }

  /// A call goes upstream. Counted once for each call, by the last of the limits: the budgets.
  package func admitted(_ kind: CallKind) {
    switch kind {
    case .read: self.readsAdmitted.increment()
    case .write: self.writesAdmitted.increment()
    }
  }
}

extension RateLimitedMetrics.Reason {
  /// The position in `allCases`.
  var index: Int {
    switch self {
    case .thingRead: 0
    case .thingWrite: 1
    case .accountRead: 2
    case .accountWrite: 3
    case .accountReadAbandoned: 4
    case .accountWriteAbandoned: 5
    case .tableFull: 6
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

import JobsAPI
package import Telemetry

/// What is counted of retries.
package final class RetryMetrics: Sendable {
  /// Why a call that might have done better was not made again.
  enum Withheld: String, CaseIterable {
    case attempts
    case deadline
    case quota
  }

  /// How an update ended whose answer was lost.
  enum Resolution: String, CaseIterable {
    /// A repeat of it was applied.
    case repeated
    /// It was applied the first time.
    case replayed
    /// It was not applied, and will not be.
    case refused
    case unknown
  }

  private let retries: CounterTable
  private let withheld: LabelledCounters<Withheld>
  private let resolutions: LabelledCounters<Resolution>

  package init(registry: MetricsRegistry, quota: SharedRetryQuota) {
    self.retries = registry.table(
      "iot_jobs_gateway_retries_total",
      help: "Attempts after the first one of a call, by what ended the one before.",
      axes: [
        LabelAxis("operation", JobsOperation.allCases.map(\.rawValue)),
        LabelAxis("reason", RetryReason.allCases.map(\.rawValue)),
      ])
    self.withheld = registry.counters(
      Withheld.self, "iot_jobs_gateway_retries_withheld_total",
      help:
        "Calls that ended although another attempt might have helped, by what stood against it.",
      label: "reason")
    self.resolutions = registry.counters(
      Resolution.self, "iot_jobs_gateway_updates_resolved_total",
      help: "Updates whose answer was lost, by what became of them.", label: "result")
    registry.register(
      SampledGauges(
        name: "iot_jobs_gateway_retry_quota", help: "Tokens that are left for repeats."
      ) { [([], Int64(quota.tokens))] })
  }

  func repeated(_ operation: JobsOperation, _ reason: RetryReason) {
    self.retries.increment(operation.index, reason.index)
  }

  func withheld(_ reason: Withheld) {
    self.withheld.increment(reason)
  }

  func resolved(_ result: Resolution) {
    self.resolutions.increment(result)
  }
}

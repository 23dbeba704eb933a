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

  private let retries: MetricFamily<Counter>
  private let withheld: MetricFamily<Counter>
  private let resolutions: MetricFamily<Counter>

  package init(registry: MetricsRegistry, quota: SharedRetryQuota) {
    self.retries = registry.family(
      Counter.self, "iot_jobs_gateway_retries_total",
      help: "Attempts after the first one of a call, by what ended the one before.",
      labels: ["operation", "reason"])
    self.withheld = registry.family(
      Counter.self, "iot_jobs_gateway_retries_withheld_total",
      help:
        "Calls that ended although another attempt might have helped, by what stood against it.",
      labels: ["reason"])
    self.resolutions = registry.family(
      Counter.self, "iot_jobs_gateway_updates_resolved_total",
      help: "Updates whose answer was lost, by what became of them.", labels: ["result"])
    for reason in Withheld.allCases { _ = self.withheld.child(reason.rawValue) }
    for result in Resolution.allCases { _ = self.resolutions.child(result.rawValue) }
    registry.register(
      SampledGauges(
        name: "iot_jobs_gateway_retry_quota", help: "Tokens that are left for repeats."
      ) { [([], Int64(quota.tokens))] })
  }

  /// Something went wrong before, so there is time to look the child up.
  func repeated(_ operation: JobsOperation, _ reason: RetryReason) {
    self.retries.child(operation.rawValue, reason.rawValue).increment()
  }

  func withheld(_ reason: Withheld) {
    self.withheld.child(reason.rawValue).increment()
  }

  func resolved(_ result: Resolution) {
    self.resolutions.child(result.rawValue).increment()
  }
}

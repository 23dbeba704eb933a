// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import AWSSigning
import Telemetry

/// What is counted of the credentials, and shown of those in use. Nothing secret is.
struct CredentialMetrics: Sendable {
  private enum Result: String, CaseIterable {
    case success
    case failure
  }

  private let attempts = LabelledCounters<Result>(
    "iot_jobs_gateway_credentials_refreshes_total",
    help: "Times that the source of credentials was asked, by how that went.", label: "result")
  private let lastSuccess = Gauge()

  func succeeded(atSeconds now: Int64) {
    self.attempts.increment(.success)
    self.lastSuccess.set(now)
  }

  func failed() {
    self.attempts.increment(.failure)
  }

  /// - Parameter held: what is in use, asked for at each scrape.
  func register(
    in registry: MetricsRegistry, clock: WallClock,
    held: @escaping @Sendable () -> CredentialStatus.Held?
  ) {
    registry.register(self.attempts)
    let lastSuccess = self.lastSuccess
    registry.register(
      SampledGauges(
        name: "iot_jobs_gateway_credentials_last_success_timestamp_seconds",
        help: "When the source of credentials last gave some, in seconds since 1970."
      ) { lastSuccess.value > 0 ? [([], lastSuccess.value)] : [] })
    registry.register(
      SampledGauges(
        name: "iot_jobs_gateway_credentials_expiry_seconds",
        help: "Seconds until the credentials in use end; below zero when they have ended."
      ) {
        guard let held = held(), let end = held.expiresAtSeconds else { return [] }
        return [([.init(name: "source", value: held.kind.name)], end - clock.epochSeconds)]
      })
    registry.register(
      SampledInfo(
        name: "iot_jobs_gateway_credentials_info",
        help: "Always 1; the label tells where the credentials in use came from."
      ) { held().map { [MetricLabel(name: "source", value: $0.kind.name)] } })
  }
}

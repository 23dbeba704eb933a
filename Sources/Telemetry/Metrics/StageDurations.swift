// SPDX-License-Identifier: Apache-2.0

/// How long the stages of calls take, in one family, whoever measures them.
package struct StageDurations: Sendable {
  private let family: MetricFamily<Histogram>

  package init(registry: MetricsRegistry) {
    self.family = registry.family(
      Histogram.self, "iot_jobs_gateway_stage_duration_seconds",
      help: "Time that calls spent in a stage, those left out that spent none; connect and tls: "
        + "time to make a connection for whichever call.",
      labels: ["stage"])
  }

  /// The histogram of a stage. Whoever records keeps it.
  package func histogram(_ stage: String) -> Histogram {
    self.family.child(stage)
  }
}

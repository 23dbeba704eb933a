// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import Logging
import Telemetry
import Upstream

/// Counts what goes to AWS, and shows how full the pools are.
final class UpstreamMetrics: UpstreamObserver {
  private let total: MetricFamily<Counter>
  /// By the operation's index.
  private let succeeded: [Counter]
  private let durations: [Histogram]
  private let clockOffset: Gauge
  private let logger: Logger
  private let trouble: TroubleLog

  init(registry: MetricsRegistry, logger: Logger, trouble: TroubleLog) {
    let total = registry.family(
      Counter.self, "iot_jobs_gateway_upstream_requests_total",
      help: "Requests to AWS, by operation, HTTP status and error name.",
      labels: ["operation", "http_status", "error"])
    let durations = registry.family(
      Histogram.self, "iot_jobs_gateway_upstream_request_duration_seconds",
      help: "Time of one request to AWS, the wait for a connection included.",
      labels: ["operation"])
    self.clockOffset =
      registry.family(
        Gauge.self, "iot_jobs_gateway_clock_offset_seconds",
        help: "How far AWS's clock is ahead of this one, as far as refused signatures told."
      ).child()
    self.logger = logger
    self.trouble = trouble
    self.total = total
    self.succeeded = JobsOperation.allCases.map { total.child($0.rawValue, "200", "") }
    self.durations = JobsOperation.allCases.map { durations.child($0.rawValue) }
  }

  func attemptEnded(
    operation: JobsOperation, httpStatus: Int?, errorName: String?, duration: Duration
  ) {
    self.durations[operation.index].record(duration)
    if httpStatus == 200, errorName == nil {
      self.succeeded[operation.index].increment()
    } else {
      let status = httpStatus.map { "\($0)" } ?? ""
      self.total.child(operation.rawValue, status, errorName ?? "").increment()
      // Whoever is not let in cannot be helped by the caller, whom alone it would be told to.
      if httpStatus == 401 || httpStatus == 403 { self.trouble.refused(errorName ?? "") }
    }
  }

  func clockCorrected(bySeconds seconds: Int64) {
    self.clockOffset.set(seconds)
    self.logger.warning(
      "the clock is wrong, signatures are made by AWS's",
      metadata: [LogKey.offsetSeconds: "\(seconds)"])
  }

  /// Registers the pools' levels, summed over the event loops.
  static func register(_ pools: [PoolGauges], in registry: MetricsRegistry) {
    registry.register(
      SampledGauges(
        name: "iot_jobs_gateway_upstream_connections",
        help: "Connections to AWS, by what they do."
      ) {
        [
          Self.level("active", pools.map(\.active)),
          Self.level("idle", pools.map(\.idle)),
          Self.level("connecting", pools.map(\.connecting)),
        ]
      })
    registry.register(
      SampledGauges(
        name: "iot_jobs_gateway_upstream_pool_waiting",
        help: "Calls that wait for a connection to AWS."
      ) { [([], pools.reduce(0) { $0 + $1.waiting.value })] })
  }

  private static func level(
    _ state: String, _ loops: [Gauge]
  ) -> (labels: [ExpositionText.Label], value: Int64) {
    ([.init(name: "state", value: state)], loops.reduce(0) { $0 + $1.value })
  }
}

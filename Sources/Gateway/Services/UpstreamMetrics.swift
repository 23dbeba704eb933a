// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import Logging
import Telemetry
import Upstream

/// Counts what goes to AWS, and shows how full the pools are.
final class UpstreamMetrics: UpstreamObserver {
  /// The values of `http_status`: none at first, for an attempt without a response.
  private static let statuses = 100...599
  /// The values of `error`: none at first, for success.
  private static let errors =
    [""] + AttemptError.allCases.map(\.rawValue) + AWSErrorKind.names
  private static let errorPositions = Dictionary(
    uniqueKeysWithValues: errors.enumerated().map { ($1, $0) })

  private let total: CounterTable
  /// By the operation's index.
  private let durations: [Histogram]
  private let clockOffset: Gauge
  private let logger: Logger
  private let trouble: TroubleLog

  init(registry: MetricsRegistry, logger: Logger, trouble: TroubleLog) {
    let success = [Self.position(ofStatus: 200), Self.position(ofError: nil)]
    self.total = registry.table(
      "iot_jobs_gateway_upstream_requests_total",
      help: "Requests to AWS, by operation, HTTP status and error name.",
      axes: [
        LabelAxis("operation", JobsOperation.allCases.map(\.rawValue)),
        LabelAxis("http_status", [""] + Self.statuses.map { "\($0)" }),
        LabelAxis("error", Self.errors),
      ],
      zeros: .only(JobsOperation.allCases.map { [$0.index] + success }))
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
    self.durations = JobsOperation.allCases.map { durations.child($0.rawValue) }
  }

  func attemptEnded(
    operation: JobsOperation, httpStatus: Int?, errorName: String?, duration: Duration
  ) {
    self.durations[operation.index].record(duration)
    self.total.increment(
      operation.index, Self.position(ofStatus: httpStatus), Self.position(ofError: errorName))
    // Whoever is not let in cannot be helped by the caller, whom alone it would be told to.
    if httpStatus == 401 || httpStatus == 403 { self.trouble.refused(errorName ?? "") }
  }

  /// A number that is no status of HTTP's, which the parser lets nobody send, is shown as none.
  private static func position(ofStatus status: Int?) -> Int {
    guard let status, self.statuses.contains(status) else { return 0 }
    return status - self.statuses.lowerBound + 1
  }

  private static func position(ofError name: String?) -> Int {
    guard let name else { return 0 }
    return self.errorPositions[name] ?? self.errorPositions[AttemptError.unknown.rawValue] ?? 0
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
  ) -> (labels: [MetricLabel], value: Int64) {
    ([.init(name: "state", value: state)], loops.reduce(0) { $0 + $1.value })
  }
}

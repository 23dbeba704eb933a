// SPDX-License-Identifier: Apache-2.0

extension LiveSeries {
  private static let calls = "iot_jobs_gateway_requests_total"
  private static let attempts = "iot_jobs_gateway_upstream_requests_total"
  private static let connections = "iot_jobs_gateway_upstream_connections"
  private static let reads: Set = ["DescribeJobExecution", "GetPendingJobExecutions"]
  private static let writes: Set = ["StartNextPendingJobExecution", "UpdateJobExecution"]

  /// Reads whose answer was there without a call to AWS of their own.
  private static let spared: Set = ["hit", "stale", "coalesced"]

  /// Everything that the page draws over time. The page knows these names.
  static let all: [LiveSeries] =
    Self.callsAndCache + Self.stages + Self.upstream + Self.process

  private static let callsAndCache: [LiveSeries] =
    CallOutcome.allCases.map { Self("calls.\($0.rawValue)", .rate(Self.calls, $0.filter)) } + [
      Self("latency.p50", .quantile(0.5, "iot_jobs_gateway_request_duration_seconds")),
      Self("latency.p90", .quantile(0.9, "iot_jobs_gateway_request_duration_seconds")),
      Self("latency.p99", .quantile(0.99, "iot_jobs_gateway_request_duration_seconds")),
      Self(
        "cache.spared",
        .share("iot_jobs_gateway_cache_requests_total", .label("result", Self.spared), of: .any)),
      Self("cache.reads", .rate("iot_jobs_gateway_cache_requests_total", .any)),
      Self("cache.bytes", .level("iot_jobs_gateway_cache_bytes", .any)),
      Self("cache.entries", .level("iot_jobs_gateway_cache_entries", .any)),
      Self("calls.in_flight", .level("iot_jobs_gateway_requests_in_flight", .any)),
      Self(
        "connections",
        .level("iot_jobs_gateway_connections", .notLabel("listener", ["admin", "operator"]))),
    ]

  /// The stages that make a call slow. Calls that spent no time in one are not counted there.
  private static let stages: [LiveSeries] =
    ["limiter", "queue", "first_byte", "backoff"].map { stage in
      Self(
        "stage.\(stage)",
        .quantile(
          0.99, "iot_jobs_gateway_stage_duration_seconds", .label("stage", [stage])))
    }

  private static let upstream: [LiveSeries] = [
    Self("aws.reads", .rate(Self.attempts, .label("operation", Self.reads))),
    Self("aws.writes", .rate(Self.attempts, .label("operation", Self.writes))),
    Self("aws.latency.p99", .quantile(0.99, "iot_jobs_gateway_upstream_request_duration_seconds")),
    Self("aws.retries", .rate("iot_jobs_gateway_retries_total", .any)),
    Self("budget.reads", .level("iot_jobs_gateway_budget_level", .label("kind", ["read"]))),
    Self("budget.writes", .level("iot_jobs_gateway_budget_level", .label("kind", ["write"]))),
    Self("budget.waiting", .level("iot_jobs_gateway_budget_waiting", .any)),
    Self("pool.active", .level(Self.connections, .label("state", ["active"]))),
    Self("pool.idle", .level(Self.connections, .label("state", ["idle"]))),
    Self("pool.connecting", .level(Self.connections, .label("state", ["connecting"]))),
    Self("pool.waiting", .level("iot_jobs_gateway_upstream_pool_waiting", .any)),
  ]

  private static let process: [LiveSeries] = [
    Self("loops.lag", .quantile(0.99, "iot_jobs_gateway_event_loop_lag_seconds")),
    Self("process.cpu", .rate("process_cpu_seconds_total", .any)),
    Self("process.resident", .level("process_resident_memory_bytes", .any)),
    Self("process.descriptors", .level("process_open_fds", .any)),
  ]

  private init(_ name: String, _ derivation: Derivation) {
    self.name = name
    self.derivation = derivation
  }
}

// SPDX-License-Identifier: Apache-2.0

import JobsAPI
package import Telemetry

/// What is counted of reads and of what is stored of them.
package final class CacheMetrics: Sendable {
  private let outcomes: [Counter]
  private let notCached: Counter
  /// Bytes and entries of all shards together.
  let bytes: Gauge
  let entries: Gauge
  private let evictions: MetricFamily<Counter>

  package init(registry: MetricsRegistry) {
    let requests = registry.family(
      Counter.self, "iot_jobs_gateway_cache_requests_total",
      help: "Reads, and start-nexts that needed no write, by how they were answered.",
      labels: ["result"])
    self.outcomes = CacheResult.Outcome.allCases.map { requests.child($0.rawValue) }
    self.notCached = requests.child("not_cached")
    self.bytes = registry.family(
      Gauge.self, "iot_jobs_gateway_cache_bytes",
      help: "Bytes that stored answers take, keys and bookkeeping included."
    ).child()
    self.entries = registry.family(
      Gauge.self, "iot_jobs_gateway_cache_entries", help: "Stored answers."
    ).child()
    self.evictions = registry.family(
      Counter.self, "iot_jobs_gateway_cache_evictions_total",
      help: "Stored answers that were given up, by reason.", labels: ["reason"])
  }

  func answered(_ outcome: CacheResult.Outcome) {
    self.outcomes[outcome.index].increment()
  }

  func refusedAsNotCached() {
    self.notCached.increment()
  }
}

extension CacheResult.Outcome {
  /// The position in `allCases`.
  fileprivate var index: Int {
    switch self {
    case .hit: 0
    case .miss: 1
    case .stale: 2
    case .coalesced: 3
    case .bypass: 4
    }
  }
}

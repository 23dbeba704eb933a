// SPDX-License-Identifier: Apache-2.0

import JobsAPI
package import Telemetry

/// What is counted of reads, and shown of what is stored.
package final class CacheMetrics: Sendable {
  private let registry: MetricsRegistry
  private let outcomes: [Counter]
  private let notCached: Counter

  package init(registry: MetricsRegistry) {
    let requests = registry.family(
      Counter.self, "iot_jobs_gateway_cache_requests_total",
      help: "Reads, looks at $next before a start-next included, and start-nexts that needed no "
        + "write, by how they were answered.",
      labels: ["result"])
    self.registry = registry
    self.outcomes = CacheResult.Outcome.allCases.map { requests.child($0.rawValue) }
    self.notCached = requests.child("not_cached")
  }

  func answered(_ outcome: CacheResult.Outcome) {
    self.outcomes[outcome.index].increment()
  }

  func refusedAsNotCached() {
    self.notCached.increment()
  }

  /// What was counted so far.
  var answers: CacheSnapshot.Answers {
    func count(_ outcome: CacheResult.Outcome) -> UInt64 { self.outcomes[outcome.index].value }
    return CacheSnapshot.Answers(
      hits: count(.hit), misses: count(.miss), stale: count(.stale), coalesced: count(.coalesced),
      bypasses: count(.bypass), notCached: self.notCached.value)
  }

  /// Shows these levels in each scrape. Asked for then, so that no call pays for them.
  func show(_ levels: @escaping @Sendable () -> StoreLevels) {
    self.registry.register(StoreGauges(levels: levels))
  }
}

private struct StoreGauges: MetricSource {
  let levels: @Sendable () -> StoreLevels

  func collect(into families: inout [FamilySnapshot]) {
    let levels = self.levels()
    families += [
      FamilySnapshot(
        "iot_jobs_gateway_cache_bytes", .gauge,
        help: "Bytes that stored answers take, bookkeeping included.",
        MetricNumber(Int64(levels.bytes))),
      FamilySnapshot(
        "iot_jobs_gateway_cache_entries", .gauge, help: "Stored answers.",
        MetricNumber(Int64(levels.entries))),
      FamilySnapshot(
        "iot_jobs_gateway_cache_evictions_total", .counter,
        help: "Stored answers that were given up, by reason.",
        samples: levels.evictions.byReason.map { reason, count in
          FamilySnapshot.Sample(
            [MetricLabel(name: "reason", value: reason)], MetricNumber(clamping: count))
        }),
    ]
  }
}

extension ReadStore.Evictions {
  fileprivate var byReason: [(reason: String, count: UInt64)] {
    [
      ("capacity", self.capacity), ("expired", self.expired), ("invalidated", self.invalidated),
      ("replaced", self.replaced),
    ]
  }
}

extension CacheResult.Outcome {
  /// The position in `allCases`.
  var index: Int {
    switch self {
    case .hit: 0
    case .miss: 1
    case .stale: 2
    case .coalesced: 3
    case .bypass: 4
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import Synchronization
package import Telemetry

/// What is counted of the account's budgets.
package final class BudgetMetrics: Sendable {
  /// What is counted of one kind. Looked up once.
  struct Kind: Sendable {
    let waiting: Gauge
    let waits: Histogram
    let reductions: Counter
  }

  let reads: Kind
  let writes: Kind
  let limited: RateLimitedMetrics
  private let levels = BudgetLevels()

  /// - Parameter limited: the families shared with the limit for each thing.
  package init(registry: MetricsRegistry, limited: RateLimitedMetrics) {
    registry.register(self.levels)
    let waiting = registry.family(
      Gauge.self, "iot_jobs_gateway_budget_waiting",
      help: "Calls that wait for their turn in the account's budget.", labels: ["kind"])
    let waits = registry.family(
      Histogram.self, "iot_jobs_gateway_budget_wait_seconds",
      help: "Time that calls waited for the account's budget, those left out that did not wait.",
      labels: ["kind"])
    let reductions = registry.family(
      Counter.self, "iot_jobs_gateway_budget_reductions_total",
      help: "Times that the account's budget was lowered because AWS throttled.",
      labels: ["kind"])
    func kind(_ kind: CallKind) -> Kind {
      Kind(
        waiting: waiting.child(kind.rawValue), waits: waits.child(kind.rawValue),
        reductions: reductions.child(kind.rawValue))
    }
    self.reads = kind(.read)
    self.writes = kind(.write)
    self.limited = limited
  }

  subscript(kind: CallKind) -> Kind {
    switch kind {
    case .read: self.reads
    case .write: self.writes
    }
  }

  /// From now on the levels, in thousandths of a call a second, are asked for here. A kind without a budget has no level.
  func sampleLevels(_ sample: @escaping @Sendable () -> [(kind: CallKind, level: Int64)]) {
    self.levels.source.withLock { $0 = sample }
  }
}

/// The levels change with time alone, so they are asked for and not told.
private final class BudgetLevels: MetricSource {
  let source = Mutex<@Sendable () -> [(kind: CallKind, level: Int64)]>({ [] })

  func collect(into families: inout [FamilySnapshot]) {
    let source = self.source.withLock { $0 }
    let samples = source().map { kind, level in
      FamilySnapshot.Sample(
        [MetricLabel(name: "kind", value: kind.rawValue)], MetricNumber(level, decimals: 3))
    }
    families.append(
      FamilySnapshot(
        "iot_jobs_gateway_budget_level", .gauge,
        help: "Calls a second that the account's budget allows now.", samples: samples))
  }
}

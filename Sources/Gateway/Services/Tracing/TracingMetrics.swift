// SPDX-License-Identifier: Apache-2.0

import Telemetry

/// What is counted of the spans on their way to the collector.
struct TracingMetrics: Sendable {
  enum Loss: String, CaseIterable {
    /// Found the queue full.
    case queueFull = "queue_full"
    /// The collector would not have them.
    case rejected
    /// No collector took them, for as long as it was tried.
    case unreachable
  }

  /// For whoever keeps the queue.
  let queueFull: Counter
  private let sent: Counter
  private let losses: [Counter]

  init(registry: MetricsRegistry) {
    self.sent =
      registry.family(
        Counter.self, "iot_jobs_gateway_trace_spans_exported_total",
        help: "Spans that the collector took."
      ).child()
    let losses = registry.family(
      Counter.self, "iot_jobs_gateway_trace_spans_dropped_total",
      help: "Spans that never came to the collector.", labels: ["reason"])
    self.losses = Loss.allCases.map { losses.child($0.rawValue) }
    self.queueFull = losses.child(Loss.queueFull.rawValue)
  }

  static func register(_ queue: SpanQueue, in registry: MetricsRegistry) {
    registry.register(
      SampledGauges(
        name: "iot_jobs_gateway_trace_queue_spans", help: "Spans that wait to be sent."
      ) { [([], Int64(queue.count))] })
  }

  func exported(_ count: Int) {
    self.sent.increment(by: UInt64(count))
  }

  func dropped(_ count: Int, _ loss: Loss) {
    guard let index = Loss.allCases.firstIndex(of: loss) else { return }
    self.losses[index].increment(by: UInt64(count))
  }
}

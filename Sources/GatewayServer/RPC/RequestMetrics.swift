// SPDX-License-Identifier: Apache-2.0

import GRPCWire
import JobsAPI
import Synchronization
package import Telemetry

/// What is counted of the calls that come in.
///
/// Children are looked up once, so that a call costs atomic additions only; those of failures when
/// the first call ends so, since most never do.
package final class RequestMetrics: Sendable {
  private let total: MetricFamily<Counter>
  private let answered: [Counter]
  /// By operation, then by code.
  private let failed: InlineArray<68, AtomicLazyReference<Counter>> = InlineArray { _ in
    AtomicLazyReference()
  }
  private let durations: [Histogram]
  private let inFlight: [Gauge]

  package init(registry: MetricsRegistry) {
    let total = registry.family(
      Counter.self, "iot_jobs_gateway_requests_total",
      help: "Calls received, by method and gRPC code.", labels: ["method", "code"])
    let durations = registry.family(
      Histogram.self, "iot_jobs_gateway_request_duration_seconds",
      help: "Time from a call's headers to its answer.", labels: ["method"])
    let inFlight = registry.family(
      Gauge.self, "iot_jobs_gateway_requests_in_flight",
      help: "Calls that are being worked on.", labels: ["method"])
    self.total = total
    self.answered = JobsOperation.allCases.map { total.child($0.rawValue, "OK") }
    self.durations = JobsOperation.allCases.map { durations.child($0.rawValue) }
    self.inFlight = JobsOperation.allCases.map { inFlight.child($0.rawValue) }
  }

  func callBegan(_ operation: JobsOperation) {
    self.inFlight[operation.index].add(1)
  }

  func callEnded(_ operation: JobsOperation, code: GRPCStatusCode, after duration: Duration) {
    let index = operation.index
    self.inFlight[index].add(-1)
    self.durations[index].record(duration)
    if code == .ok {
      self.answered[index].increment()
    } else {
      self.failures(of: operation, code).increment()
    }
  }

  private func failures(of operation: JobsOperation, _ code: GRPCStatusCode) -> Counter {
    let position = operation.index * GRPCStatusCode.allCases.count + Int(code.rawValue)
    if let counter = self.failed[position].load() { return counter }
    // Whoever comes second stores the same child.
    return self.failed[position].storeIfNil(
      self.total.child(operation.rawValue, "\(code.name)"))
  }

  /// A call that named no method of ours, or was no gRPC at all.
  func callRefused(code: GRPCStatusCode) {
    self.total.child("unknown", "\(code.name)").increment()
  }
}

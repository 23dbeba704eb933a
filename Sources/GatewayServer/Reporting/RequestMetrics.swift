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
  /// The values of `method`: the operations at their indices, then the standard methods.
  private static let methods =
    JobsOperation.allCases.map(\.rawValue) + StandardMethod.allCases.map(\.rawValue)

  private let total: MetricFamily<Counter>
  private let answered: [Counter]
  /// By method, then by code: 8 times 17.
  private let failed: InlineArray<136, AtomicLazyReference<Counter>> = InlineArray { _ in
    AtomicLazyReference()
  }
  /// Of operations only: standard calls last as long as their callers like, or no time at all.
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
    self.answered = Self.methods.map { total.child($0, "OK") }
    self.durations = JobsOperation.allCases.map { durations.child($0.rawValue) }
    self.inFlight = Self.methods.map { inFlight.child($0) }
  }

  func callBegan(_ operation: JobsOperation) {
    self.inFlight[operation.index].add(1)
  }

  func callEnded(_ operation: JobsOperation, code: GRPCStatusCode, after duration: Duration) {
    self.durations[operation.index].record(duration)
    self.callEnded(at: operation.index, code)
  }

  func callBegan(_ method: StandardMethod) {
    self.inFlight[Self.index(method)].add(1)
  }

  func callEnded(_ method: StandardMethod, code: GRPCStatusCode) {
    self.callEnded(at: Self.index(method), code)
  }

  private static func index(_ method: StandardMethod) -> Int {
    JobsOperation.allCases.count + method.index
  }

  private func callEnded(at index: Int, _ code: GRPCStatusCode) {
    self.inFlight[index].add(-1)
    if code == .ok {
      self.answered[index].increment()
    } else {
      self.failures(at: index, code).increment()
    }
  }

  private func failures(at index: Int, _ code: GRPCStatusCode) -> Counter {
    let position = index * GRPCStatusCode.allCases.count + Int(code.rawValue)
    if let counter = self.failed[position].load() { return counter }
    // Whoever comes second stores the same child.
    return self.failed[position].storeIfNil(self.total.child(Self.methods[index], "\(code.name)"))
  }

  /// A call that named no method of ours, or was no gRPC at all.
  func callRefused(code: GRPCStatusCode) {
    self.total.child("unknown", "\(code.name)").increment()
  }
}

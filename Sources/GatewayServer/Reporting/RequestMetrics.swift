// SPDX-License-Identifier: Apache-2.0

import GRPCWire
import JobsAPI
package import Telemetry

/// What is counted of the calls that come in. Each costs atomic additions only, however it ends.
package final class RequestMetrics: Sendable {
  /// The values of `method`: the operations at their indices, then the standard methods, then what
  /// is neither.
  private static let methods =
    JobsOperation.allCases.map(\.rawValue) + StandardMethod.allCases.map(\.rawValue)
    + ["unknown"]
  private static let operationCount = JobsOperation.allCases.count

  private let total: CounterTable
  /// Of operations only: standard calls last as long as their callers like, or no time at all.
  private let durations: [Histogram]
  private let stages: StageMetrics
  private let inFlight: [Gauge]

  /// - Parameter stages: where the stages of calls are told of.
  package init(registry: MetricsRegistry, stages: StageDurations? = nil) {
    self.stages = StageMetrics(stages ?? StageDurations(registry: registry))
    let known = Self.methods.dropLast()
    self.total = registry.table(
      "iot_jobs_gateway_requests_total", help: "Calls received, by method and gRPC code.",
      axes: [
        LabelAxis("method", Self.methods),
        LabelAxis("code", GRPCStatusCode.allCases.map { "\($0.name)" }),
      ],
      zeros: .only(known.indices.map { [$0, Int(GRPCStatusCode.ok.rawValue)] }))
    let durations = registry.family(
      Histogram.self, "iot_jobs_gateway_request_duration_seconds",
      help: "Time from a call's headers to its answer.", labels: ["method"])
    let inFlight = registry.family(
      Gauge.self, "iot_jobs_gateway_requests_in_flight",
      help: "Calls that are being worked on.", labels: ["method"])
    self.durations = JobsOperation.allCases.map { durations.child($0.rawValue) }
    self.inFlight = known.map { inFlight.child($0) }
  }

  func callBegan(_ operation: JobsOperation) {
    self.inFlight[operation.index].add(1)
  }

  /// - Parameters:
  ///   - stages: where its time went.
  ///   - trace: of the call, if somebody keeps it: an exemplar of its buckets.
  func callEnded(
    _ operation: JobsOperation, code: GRPCStatusCode, after duration: Duration,
    _ stages: StageTimes, trace: TraceID? = nil
  ) {
    self.durations[operation.index].record(duration, trace: trace)
    self.stages.callEnded(stages, total: duration, trace: trace)
    self.callEnded(at: operation.index, code)
  }

  func callBegan(_ method: StandardMethod) {
    self.inFlight[Self.index(method)].add(1)
  }

  func callEnded(_ method: StandardMethod, code: GRPCStatusCode) {
    self.callEnded(at: Self.index(method), code)
  }

  /// A call that named no method of ours, or was no gRPC at all.
  func callRefused(code: GRPCStatusCode) {
    self.total.increment(Self.methods.count - 1, Int(code.rawValue))
  }

  private static func index(_ method: StandardMethod) -> Int {
    self.operationCount + method.index
  }

  private func callEnded(at index: Int, _ code: GRPCStatusCode) {
    self.inFlight[index].add(-1)
    self.total.increment(index, Int(code.rawValue))
  }
}

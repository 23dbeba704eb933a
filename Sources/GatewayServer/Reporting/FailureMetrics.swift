// SPDX-License-Identifier: Apache-2.0

import GRPCWire
import JobsAPI
package import Telemetry

/// Counts failed calls by the reason that their callers were told: the code says whose turn it is,
/// the reason what to do.
package final class FailureMetrics: Sendable {
  private let total: CounterTable
  /// To ask `allCases` for a position may take memory.
  private let methods: [CallMethod: Int]
  private let reasons: [FailureReason: Int]

  package init(registry: MetricsRegistry) {
    let methods =
      JobsOperation.allCases.map { CallMethod.operation($0) }
      + StandardMethod.allCases.map { CallMethod.standard($0) } + [.unknown]
    self.total = registry.table(
      "iot_jobs_gateway_failures_total",
      help: "Calls that failed, by method, gRPC code and the reason in ErrorInfo.",
      axes: [
        LabelAxis("method", methods.map(\.name)),
        LabelAxis("code", GRPCStatusCode.allCases.map { "\($0.name)" }),
        LabelAxis("reason", FailureReason.allCases.map(\.rawValue)),
      ],
      zeros: .only([]))
    self.methods = Dictionary(uniqueKeysWithValues: methods.enumerated().map { ($1, $0) })
    self.reasons = Dictionary(
      uniqueKeysWithValues: FailureReason.allCases.enumerated().map { ($1, $0) })
  }

  func callFailed(_ method: CallMethod, _ failure: RPCFailure) {
    guard let method = self.methods[method], let reason = self.reasons[failure.reason] else {
      return
    }
    self.total.increment(method, Int(failure.code.rawValue), reason)
  }
}

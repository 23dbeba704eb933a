// SPDX-License-Identifier: Apache-2.0

// Where calls are told of that are over. Whoever keeps an account of calls has a part here; the
// connection hands each call to all of them at once, and knows none.

import GRPCWire
import JobsAPI
package import Logging
import Telemetry

/// Everybody who keeps an account of calls, for all connections of the process.
package struct CallReporting: Sendable {
  let metrics: RequestMetrics
  private let logger: Logger

  package init(metrics: RequestMetrics, logger: Logger) {
    self.metrics = metrics
    self.logger = logger
  }

  /// Tells of a call that has begun. Every call that has, ends.
  func began(_ method: CallMethod) {
    switch method {
    case .operation(let operation): self.metrics.callBegan(operation)
    case .standard(let method): self.metrics.callBegan(method)
    case .unknown: break
    }
  }

  /// Tells of a call that is over, exactly once.
  func ended(_ report: CallReport) {
    switch report.method {
    case .operation(let operation):
      self.metrics.callEnded(operation, code: report.code, after: report.total)
    case .standard(let method): self.metrics.callEnded(method, code: report.code)
    case .unknown: self.metrics.callRefused(code: report.code)
    }
    if let failure = report.failure { self.log(failure, of: report) }
  }

  /// A failure that an operator can do something about is worth a line; a caller's own mistake is
  /// worth one only to those who look for it, and so is the miss of one that wanted no more.
  private func log(_ failure: RPCFailure, of report: CallReport) {
    let level: Logger.Level =
      switch (failure.code, failure.reason) {
      case (_, .notCached), (_, .policyDenied), (_, .malformedRequest), (_, .draining): .debug
      case (.internal, _), (.unavailable, _), (.unknown, _), (.permissionDenied, _): .warning
      default: .debug
      }
    self.logger.log(
      level: level, "call failed",
      metadata: [
        LogKey.method: "\(report.method.name)", LogKey.grpcCode: "\(failure.code.name)",
        LogKey.reason: "\(failure.reason.rawValue)", LogKey.error: "\(failure.message)",
        LogKey.requestID: "\(report.context.requestID)",
      ])
  }
}

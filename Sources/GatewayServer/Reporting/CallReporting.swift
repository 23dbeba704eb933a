// SPDX-License-Identifier: Apache-2.0

// Where calls are told of that are over. Whoever keeps an account of calls has a part here; the
// connection hands each call to all of them at once, and knows none.

import GRPCWire
import JobsAPI
import Telemetry

/// Everybody who keeps an account of calls, for all connections of the process.
package struct CallReporting: Sendable {
  let metrics: RequestMetrics
  let failures: FailureMetrics
  /// Nil if no call is traced.
  private let tracing: CallTracing?
  let log: CallLog

  package init(
    metrics: RequestMetrics, failures: FailureMetrics, tracing: CallTracing? = nil, log: CallLog
  ) {
    self.metrics = metrics
    self.failures = failures
    self.tracing = tracing
    self.log = log
  }

  /// Tells of a call that has begun. Every call that has, ends.
  func began(_ method: CallMethod) {
    switch method {
    case .operation(let operation): self.metrics.callBegan(operation)
    case .standard(let method): self.metrics.callBegan(method)
    case .unknown: break
    }
  }

  /// Gives a call that begins its span, if it is to be traced.
  func trace(
    _ operation: JobsOperation, over port: ServedProtocol = .grpc, in context: inout CallContext,
    startedAt: ContinuousClock.Instant
  ) {
    guard let tracing = self.tracing else { return }
    let span = tracing.began(
      operation, over: port, parent: context.traceparent, startedAt: startedAt)
    context.span = span
    // The caller's state is of the caller's trace, and not of one that begins here (Trace Context
    // §4.3).
    if span?.isRoot == true { context.tracestate = nil }
  }

  /// Tells of a call that is over, exactly once.
  ///
  /// - Parameter report: all that is known of it. To put that together costs more than to count, so
  ///   it is asked for only if there is a line or a span to write; of most answers there is neither.
  func ended(_ figures: CallFigures, _ report: () -> CallReport) {
    self.count(figures)
    let hasShareLine = self.log.takesNext()
    guard hasShareLine || figures.code != .ok || figures.span != nil else { return }
    let report = report()
    if let failure = report.failure { self.failures.callFailed(report.method, failure) }
    if let span = figures.span { CallTracing.ended(span, report) }
    self.log.ended(report, isOfShare: hasShareLine)
  }

  private func count(_ figures: CallFigures) {
    switch figures.method {
    case .operation(let operation):
      self.metrics.callEnded(
        operation, code: figures.code, after: figures.total, figures.stages,
        trace: figures.span?.context.traceID)
    case .standard(let method): self.metrics.callEnded(method, code: figures.code)
    case .unknown: self.metrics.callRefused(code: figures.code)
    }
  }
}

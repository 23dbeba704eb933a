// SPDX-License-Identifier: Apache-2.0

import Authorization
import GRPCWire
import JobsAPI
import Logging
import Telemetry
import Testing

@testable import GatewayServer

/// All calls are counted; what else is known of them is put together for who wants it.
@Suite struct CallReportingTests {
  private let registry = MetricsRegistry()
  private let recorder = SpanRecorder(
    sampler: TraceSampler(ratio: 1), queue: SpanQueue(limit: 8, batchLimit: 8))

  /// Tells of a call that is over.
  /// - Returns: How often its report was asked for.
  private func reportsAsked(
    share: Double = 0, failure: RPCFailure? = nil, span: CallSpan? = nil
  ) -> Int {
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let reporting = CallReporting(
      metrics: RequestMetrics(registry: self.registry),
      failures: FailureMetrics(registry: self.registry), log: CallLog(logger, share: share))
    var count = 0
    let figures = CallFigures(
      method: .operation(.describe), code: failure?.code ?? .ok, span: span)
    reporting.began(figures.method)
    reporting.ended(figures) {
      count += 1
      var context = CallContext(requestID: "req-7")
      context.span = span
      let now = ContinuousClock.now
      return CallReport(
        method: figures.method, context: context, caller: .unknown, failure: failure,
        trace: UpstreamTrace(), startedAt: now, endedAt: now)
    }
    return count
  }

  private func counted(_ code: String) -> Int? {
    self.registry.samples(of: "iot_jobs_gateway_requests_total")[
      #"method="DescribeJobExecution",code="\#(code)""#]
  }

  @Test func `an answer without line and span is counted and no more`() {
    #expect(self.reportsAsked() == 0)
    #expect(self.counted("OK") == 1)
    #expect(self.registry.samples(of: "iot_jobs_gateway_requests_in_flight").values.max() == 0)
  }

  @Test func `an answer of the share is reported once`() {
    #expect(self.reportsAsked(share: 1) == 1)
    #expect(self.counted("OK") == 1)
  }

  @Test func `a failure is reported once`() {
    #expect(self.reportsAsked(failure: StatusMapping.abandoned) == 1)
    #expect(self.counted("CANCELLED") == 1)
    #expect(
      self.registry.samples(of: "iot_jobs_gateway_failures_total").values.reduce(0, +) == 1)
  }

  @Test func `a traced answer is reported once, and its span ends`() {
    let span = self.recorder.beginCall("call", parent: nil, startedAt: .now)
    #expect(self.reportsAsked(span: span) == 1)
    #expect(self.recorder.queue.count == 1)
  }
}

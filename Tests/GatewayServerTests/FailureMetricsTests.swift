// SPDX-License-Identifier: Apache-2.0

import GRPCWire
import JobsAPI
import Telemetry
import Testing

@testable import GatewayServer

@Suite struct FailureMetricsTests {
  private func lines(_ registry: MetricsRegistry) -> [String] {
    String(decoding: registry.exposition(), as: UTF8.self).split(separator: "\n")
      .filter { !$0.hasPrefix("#") }.map(String.init)
  }

  @Test func `a failure is counted by what its caller was told`() {
    let registry = MetricsRegistry()
    let metrics = FailureMetrics(registry: registry)
    #expect(self.lines(registry).isEmpty)
    let failure = RPCFailure(.unavailable, .circuitOpen, message: "")
    metrics.callFailed(.operation(.describe), failure)
    metrics.callFailed(.operation(.describe), failure)
    metrics.callFailed(.unknown, RPCFailure(.unimplemented, .unimplemented, message: ""))
    #expect(
      self.lines(registry) == [
        #"iot_jobs_gateway_failures_total{method="DescribeJobExecution",code="UNAVAILABLE",reason="CIRCUIT_OPEN"} 2"#,
        #"iot_jobs_gateway_failures_total{method="unknown",code="UNIMPLEMENTED",reason="UNIMPLEMENTED"} 1"#,
      ])
  }

  @Test func `however calls fail, the series are bounded`() {
    let registry = MetricsRegistry()
    let metrics = FailureMetrics(registry: registry)
    for reason in FailureReason.allCases {
      for operation in JobsOperation.allCases {
        for code in [
          RPCFailure(.internal, reason, message: ""), .init(.unknown, reason, message: ""),
        ] {
          metrics.callFailed(.operation(operation), code)
          metrics.callFailed(.standard(.healthCheck), code)
        }
      }
    }
    #expect(self.lines(registry).count <= 513)
  }
}

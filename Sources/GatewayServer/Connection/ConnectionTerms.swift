// SPDX-License-Identifier: Apache-2.0

package import Telemetry

/// What all connections have in common: how long they may wait, and what they may hold together.
package final class ConnectionTerms: Sendable {
  package let limits: ConnectionLimits
  package let budget: MemoryBudget
  private let ended: MetricFamily<Counter>?

  package init(
    limits: ConnectionLimits = ConnectionLimits(), budget: MemoryBudget = MemoryBudget()
  ) {
    self.limits = limits
    self.budget = budget
    self.ended = nil
  }

  /// - Parameter registry: gets the metrics of what is refused and ended here.
  package init(limits: ConnectionLimits, budget: MemoryBudget, registry: MetricsRegistry) {
    self.limits = limits
    self.budget = budget
    self.ended = registry.family(
      Counter.self, "iot_jobs_gateway_connections_ended_total",
      help: "Connections of callers that the gateway ended, by its reason.", labels: ["reason"])
    registry.register(
      SampledGauges(
        name: "iot_jobs_gateway_buffered_bytes",
        help: "Bytes of requests and unsent answers that --memory-limit-bytes counts."
      ) { [([], Int64(budget.chargedBytes))] })
  }

  func memoryOfConnection() -> ConnectionMemory {
    ConnectionMemory(self.budget, limitBytes: self.limits.memoryBytes)
  }

  func connectionEnded(_ reason: String) {
    self.ended?.child(reason).increment()
  }
}

/// What came and went on one connection. Numbers only grow, and wrap round in theory.
struct ConnectionTraffic {
  var bytesReceived = 0
  var streamsOpened = 0
  var answers = 0
}

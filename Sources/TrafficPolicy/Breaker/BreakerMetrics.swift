// SPDX-License-Identifier: Apache-2.0

package import Telemetry

/// What is counted of the breaker.
package final class BreakerMetrics: Sendable {
  private let state: Gauge
  private let toOpen: Counter
  private let toHalfOpen: Counter
  private let toClosed: Counter
  /// Calls that were turned away.
  let refused: Counter

  package init(registry: MetricsRegistry) {
    self.state = registry.family(
      Gauge.self, "iot_jobs_gateway_breaker_state",
      help: "Whether AWS is called: 0 closed, it is; 1 half open, tried again; 2 open, left alone."
    ).child()
    let transitions = registry.family(
      Counter.self, "iot_jobs_gateway_breaker_transitions_total",
      help: "Times that the breaker came to a state.", labels: ["state"])
    self.toOpen = transitions.child("open")
    self.toHalfOpen = transitions.child("half_open")
    self.toClosed = transitions.child("closed")
    self.refused = registry.family(
      Counter.self, "iot_jobs_gateway_breaker_refused_total",
      help: "Attempts turned away while AWS was left alone."
    ).child()
  }

  func closed() {
    self.state.set(0)
    self.toClosed.increment()
  }

  func halfOpened() {
    self.state.set(1)
    self.toHalfOpen.increment()
  }

  func opened() {
    self.state.set(2)
    self.toOpen.increment()
  }
}

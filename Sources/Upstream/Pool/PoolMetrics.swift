// SPDX-License-Identifier: Apache-2.0

import CryptoEngine
package import Telemetry
package import Transport

/// What is counted of the pools, of all event loops together. How full they are stands in their
/// ``PoolGauges``.
package final class PoolMetrics: Sendable {
  /// Calls that were given a connection: one that was there, or one that was made just now.
  private let keptLeases: Counter
  private let newLeases: Counter
  /// Those that waited alone, however the wait ended.
  private let waits: Histogram
  private let opens: Counter
  private let connects: Histogram
  private let failures: LabelledCounters<FailureLabel>
  private let closes: LabelledCounters<PoolState.CloseReason>
  private let connectStage: Histogram
  private let tlsStage: Histogram
  private let fullHandshakes: Histogram
  private let resumedHandshakes: Histogram

  /// Also told of each connection that could not be made.
  private let whenConnectFails: (@Sendable (ConnectFailure) -> Void)?

  /// - Parameters:
  ///   - stages: where the making of connections is told of too, beside the stages of calls.
  ///   - whenConnectFails: called in the connection's event loop; it notes and returns.
  package init(
    registry: MetricsRegistry = MetricsRegistry(), stages: StageDurations? = nil,
    whenConnectFails: (@Sendable (ConnectFailure) -> Void)? = nil
  ) {
    self.whenConnectFails = whenConnectFails
    let stages = stages ?? StageDurations(registry: registry)
    self.connectStage = stages.histogram("connect")
    self.tlsStage = stages.histogram("tls")
    let leases = registry.family(
      Counter.self, "iot_jobs_gateway_upstream_pool_leases_total",
      help: "Requests that were given a connection to AWS.", labels: ["connection"])
    self.keptLeases = leases.child("kept")
    self.newLeases = leases.child("new")
    self.waits = registry.family(
      Histogram.self, "iot_jobs_gateway_upstream_pool_wait_seconds",
      help: "Time that requests waited for a connection, those left out that did not wait."
    ).child()
    self.opens = registry.family(
      Counter.self, "iot_jobs_gateway_upstream_connections_opened_total",
      help: "Connections made to AWS."
    ).child()
    self.connects = registry.family(
      Histogram.self, "iot_jobs_gateway_upstream_connect_seconds",
      help: "Time to make a connection to AWS, from the lookup of its name to the end of TLS."
    ).child()
    self.failures = registry.counters(
      FailureLabel.self, "iot_jobs_gateway_upstream_connect_failures_total",
      help: "Connections to AWS that could not be made.", label: "reason")
    self.closes = registry.counters(
      PoolState.CloseReason.self, "iot_jobs_gateway_upstream_connections_closed_total",
      help: "Connections to AWS that were closed.", label: "reason")
    let handshakes = registry.family(
      Histogram.self, "iot_jobs_gateway_upstream_tls_handshake_seconds",
      help: "Time of the TLS handshakes with AWS.", labels: ["resumed"])
    self.fullHandshakes = handshakes.child("false")
    self.resumedHandshakes = handshakes.child("true")
  }

  func leased(kept: Bool) {
    (kept ? self.keptLeases : self.newLeases).increment()
  }

  func waited(_ duration: Duration) {
    self.waits.record(duration)
  }

  func opened(after duration: Duration, _ tls: TLSEstablished?) {
    self.opens.increment()
    self.connects.record(duration)
    guard let tls else { return self.connectStage.record(duration) }
    self.connectStage.record(duration - tls.duration)
    self.tlsStage.record(tls.duration)
    let handshakes = tls.handshake.isResumed ? self.resumedHandshakes : self.fullHandshakes
    handshakes.record(tls.duration)
  }

  func connectFailed(_ failure: ConnectFailure) {
    self.failures.increment(FailureLabel(failure))
    self.whenConnectFails?(failure)
  }

  func closed(_ reason: PoolState.CloseReason) {
    self.closes.increment(reason)
  }
}

/// Why a connection could not be made, in one word.
private enum FailureLabel: String, CaseIterable {
  case timeout
  case unresolvable
  case refused
  case proxy
  case tls
  case other

  init(_ failure: ConnectFailure) {
    self =
      switch failure {
      case .timedOut: .timeout
      case .unresolvable: .unresolvable
      case .native: .refused
      case .proxy: .proxy
      case .tls: .tls
      case .other: .other
      }
  }
}

// SPDX-License-Identifier: Apache-2.0

package import Telemetry

/// What all connections have in common: how long they may wait, and what they may hold together.
package final class ConnectionTerms: Sendable {
  package let limits: ConnectionLimits
  /// Of calls, and of all that connections have not sent yet.
  package let budget: MemoryBudget
  /// Of health checks and reflection: calls do not use it up, nor they what calls have.
  private let standardBudget: MemoryBudget
  private let ended: LabelledCounters<ConnectionEnd>?

  package init(
    limits: ConnectionLimits = ConnectionLimits(), budget: MemoryBudget = MemoryBudget(),
    standardBudget: MemoryBudget = MemoryBudget()
  ) {
    self.limits = limits
    self.budget = budget
    self.standardBudget = standardBudget
    self.ended = nil
  }

  /// - Parameters:
  ///   - memoryLimitBytes: what calls and standard methods may hold together.
  ///   - registry: gets the metrics of what is refused and ended here.
  package init(limits: ConnectionLimits, memoryLimitBytes: Int, registry: MetricsRegistry) {
    self.limits = limits
    let standardBytes = memoryLimitBytes / MemoryBudget.standardPart
    let budget = MemoryBudget(limitBytes: memoryLimitBytes - standardBytes)
    let standardBudget = MemoryBudget(limitBytes: standardBytes)
    self.budget = budget
    self.standardBudget = standardBudget
    self.ended = registry.counters(
      ConnectionEnd.self, "iot_jobs_gateway_connections_ended_total",
      help: "Connections of callers that the gateway ended, by its reason.", label: "reason")
    registry.register(
      SampledGauges(
        name: "iot_jobs_gateway_buffered_bytes",
        help: "Bytes of requests and unsent answers that --memory-limit-bytes counts."
      ) { [([], Int64(budget.chargedBytes + standardBudget.chargedBytes))] })
  }

  func memoryOfConnection() -> ConnectionMemory {
    ConnectionMemory(self.budget, limitBytes: self.limits.memoryBytes)
  }

  func standardMemoryOfConnection() -> ConnectionMemory {
    // A few checks at a time have room even where a connection has little.
    let share = max(self.limits.memoryBytes / MemoryBudget.standardPart, 16_384)
    return ConnectionMemory(self.standardBudget, limitBytes: share)
  }

  func connectionEnded(_ end: ConnectionEnd) {
    self.ended?.increment(end)
  }
}

/// Why the gateway ended a connection, in a word for metrics.
enum ConnectionEnd: String, CaseIterable {
  case handshakeTimeout = "handshake_timeout"
  case frameTimeout = "frame_timeout"
  case writeTimeout = "write_timeout"
  case keepaliveTimeout = "keepalive_timeout"
  case idleTimeout = "idle_timeout"
  case maxAge = "max_age"
  case tooManyPings = "too_many_pings"
  case tooManyFrames = "too_many_frames"

  init(_ reason: ConnectionWatch.Reason) {
    self =
      switch reason {
      case .handshake: .handshakeTimeout
      case .frame: .frameTimeout
      case .write: .writeTimeout
      case .keepalive: .keepaliveTimeout
      case .idle: .idleTimeout
      case .age: .maxAge
      }
  }
}

/// What came and went on one connection. Numbers only grow, and wrap round in theory.
struct ConnectionTraffic {
  var bytesReceived = 0
  var streamsOpened = 0
  var answers = 0
}

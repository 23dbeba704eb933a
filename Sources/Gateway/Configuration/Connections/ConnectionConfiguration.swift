// SPDX-License-Identifier: Apache-2.0

import GatewayServer
import NIOCore
import Telemetry

/// What `serve` was told of callers' connections.
struct ConnectionConfiguration: Sendable {
  var connectionLimit: Int
  var streamLimit: Int
  var memoryLimitBytes: Int
  var limits: ConnectionLimits

  init(_ reader: SettingsReader, handshakeTimeout: Duration) throws(ConfigurationError) {
    self.connectionLimit = try reader.value(ConnectionSettings.connections)
    self.streamLimit = try reader.value(ConnectionSettings.streams)
    self.memoryLimitBytes = try reader.value(ConnectionSettings.memory)
    var limits = ConnectionLimits()
    limits.memoryBytes = try reader.value(ConnectionSettings.connectionMemory)
    limits.handshakeTimeout = TimeAmount(handshakeTimeout)
    limits.frameTimeout = TimeAmount(try reader.value(ConnectionSettings.frameTimeout))
    limits.requestTimeout = TimeAmount(try reader.value(ConnectionSettings.requestTimeout))
    limits.writeTimeout = TimeAmount(try reader.value(ConnectionSettings.writeTimeout))
    limits.idleTimeout = Self.unlessZero(try reader.value(ConnectionSettings.idleTimeout))
    limits.keepaliveInterval = Self.unlessZero(
      try reader.value(ConnectionSettings.keepaliveInterval))
    limits.keepaliveTimeout = TimeAmount(try reader.value(ConnectionSettings.keepaliveTimeout))
    limits.leastPingInterval = TimeAmount(try reader.value(ConnectionSettings.leastPingInterval))
    limits.maxAge = Self.unlessZero(try reader.value(ConnectionSettings.maxAge))
    limits.maxAgeGrace = TimeAmount(try reader.value(ConnectionSettings.maxAgeGrace))
    self.limits = limits
  }

  func terms(_ registry: MetricsRegistry) -> ConnectionTerms {
    ConnectionTerms(
      limits: self.limits, memoryLimitBytes: self.memoryLimitBytes,
      registry: registry)
  }

  private static func unlessZero(_ duration: Duration) -> TimeAmount? {
    duration == .zero ? nil : TimeAmount(duration)
  }
}

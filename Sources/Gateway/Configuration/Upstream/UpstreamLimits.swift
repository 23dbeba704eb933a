// SPDX-License-Identifier: Apache-2.0

import Transport
import Upstream

/// How much may go to AWS at a time, and how long each part of it may take.
struct UpstreamLimits: Equatable, Sendable {
  /// Over all threads.
  var connections: Int
  /// Over all threads.
  var waiting: Int
  /// For each thread.
  var warmConnections: Int
  var idleTimeout: Duration
  /// Nil for any age.
  var maxAge: Duration?
  /// Nil for none.
  var keepalive: TCPKeepalive?
  var connectTimeout: Duration
  var handshakeTimeout: Duration
  var firstByteTimeout: Duration
  var attemptTimeout: Duration
  var responseBytes: Int

  init(_ reader: SettingsReader) throws(ConfigurationError) {
    self.connections = try reader.value(UpstreamSettings.connections)
    self.waiting = try reader.value(UpstreamSettings.waiting)
    self.warmConnections = try reader.value(UpstreamSettings.warm)
    self.idleTimeout = try reader.value(UpstreamSettings.idle)
    let maxAge = try reader.value(UpstreamSettings.maxAge)
    self.maxAge = maxAge == .zero ? nil : maxAge
    self.keepalive = Self.keepalive(after: try reader.value(UpstreamSettings.keepalive))
    self.connectTimeout = try reader.value(UpstreamSettings.connect)
    self.handshakeTimeout = try reader.value(UpstreamSettings.handshake)
    self.firstByteTimeout = try reader.value(UpstreamSettings.firstByte)
    self.attemptTimeout = try reader.value(UpstreamSettings.attempt)
    self.responseBytes = try reader.value(UpstreamSettings.body)
  }

  private static func keepalive(after silence: Duration) -> TCPKeepalive? {
    guard silence > .zero else { return nil }
    var keepalive = TCPKeepalive()
    keepalive.idle = silence
    return keepalive
  }

  /// What is over all threads is shared out evenly, and never to nothing.
  func apply(to configuration: inout UpstreamConfiguration, threads: Int) {
    configuration.connectTimeout = self.connectTimeout
    configuration.handshakeTimeout = self.handshakeTimeout
    configuration.firstByteTimeout = self.firstByteTimeout
    configuration.attemptTimeout = self.attemptTimeout
    configuration.keepalive = self.keepalive
    configuration.maxBodyBytes = self.responseBytes
    configuration.pool.maxConnections = max(1, self.connections / threads)
    configuration.pool.warmConnections = self.warmConnections
    configuration.pool.maxWaiting = (self.waiting + threads - 1) / threads
    configuration.pool.idleTimeout = self.idleTimeout
    configuration.pool.maxAge = self.maxAge
  }
}

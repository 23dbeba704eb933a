// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import HTTP2Engine
import TrafficPolicy
import Transport

/// Everything `serve` needs to know, read and checked before anything is started.
struct ServeConfiguration: Sendable {
  var listening: ListenConfiguration
  var adminListen: ListenAddress
  var upstream: UpstreamPlan
  var calls: CallConfiguration
  var connections: ConnectionConfiguration
  var offersReflection: Bool
  var reloadInterval: Duration
  /// SIGHUP asks for a look at changed files. Else it ends the process, as a closed terminal should.
  var hearsHangups = true
  var access: AccessConfiguration
  var policy: PolicySettings
  var process: ProcessConfiguration

  static let settingNames = ProcessConfiguration.settingNames
    .union(PolicySettings.settingNames)
    .union(FailureSettings.names)
    .union(UpstreamSettings.names)
    .union(ListenSettings.names)
    .union(CallSettings.names)
    .union(ConnectionSettings.names)
    .union(AccessSettings.names)
    .union([
      ServeSettings.adminListen.name, SharedSettings.allowInsecureRemote.name,
      ReflectionSettings.reflection.name, ReloadSettings.interval.name,
    ])

  init(_ reader: SettingsReader) throws(ConfigurationError) {
    try reader.rejectUnknownFileKeys(known: Self.settingNames)
    self.process = try ProcessConfiguration(reader)
    self.listening = try ListenConfiguration(reader)
    self.adminListen = try reader.value(ServeSettings.adminListen)
    self.upstream = try UpstreamPlan(reader)
    self.calls = try CallConfiguration(reader)
    self.connections = try ConnectionConfiguration(
      reader, handshakeTimeout: self.listening.patience)
    self.offersReflection = try reader.value(ReflectionSettings.reflection)
    self.reloadInterval = try reader.value(ReloadSettings.interval)
    self.access = try AccessConfiguration(reader, callerKinds: self.listening.callerKinds)
    self.policy = try PolicySettings(reader)
    if try reader.sourced(FailureSettings.attempts) == nil,
      let attempts = self.upstream.aws.maxAttempts
    {
      self.policy.retries.maxAttempts = attempts.value
    }
    try Self.checkCache(self.policy.readCache.maxBytes, threads: self.process.threads)
  }

  private static func checkCache(_ bytes: Int, threads: Int) throws(ConfigurationError) {
    guard bytes == 0 || bytes / threads >= TrafficSettings.leastCacheBytesPerThread else {
      throw .cacheTooSmall(bytes, threads: threads)
    }
  }
}

extension ServeConfiguration {
  var http2Limits: HTTP2Limits {
    var limits = HTTP2Limits()
    limits.maxConcurrentStreams = UInt32(self.connections.streamLimit)
    self.calls.apply(to: &limits)
    return limits
  }
}

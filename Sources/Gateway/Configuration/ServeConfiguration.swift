// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import HTTP2Engine
import JobWatching
import TrafficPolicy
import Transport

/// Everything `serve` needs to know, read and checked before anything is started.
struct ServeConfiguration: Sendable {
  /// Flags, variables and file that all of it was read from.
  let reader: SettingsReader
  var listening: ListenConfiguration
  var adminListen: ListenAddress
  /// Nil for no such listener.
  var operatorListen: ListenAddress?
  var upstream: UpstreamPlan
  var calls: CallConfiguration
  var connections: ConnectionConfiguration
  var offersReflection: Bool
  var offersPresigning: Bool
  var reloadInterval: Duration
  var access: AccessConfiguration
  var policy: PolicySettings
  var watching: WatchSettings
  var callLog: CallLogConfiguration
  /// Nil if no call is traced.
  var tracing: TracingPlan?
  var process: ProcessConfiguration

  /// All that `serve` can be told, in the order of the flags and of the README.
  static let catalogue = SettingsCatalogue([
    ListenSettings.section, RESTSettings.section, AccessSettings.section, UpstreamSettings.section,
    CallSettings.section, ConnectionSettings.section,
    SettingsSection("Reflection", [SettingEntry(ReflectionSettings.reflection)]),
    SettingsSection("Presigned URLs", [SettingEntry(PresignSettings.presign)]),
    TrafficSettings.limits, TrafficSettings.budgets, TrafficSettings.cache,
    FailureSettings.section, WatchingSettings.section, CallLogSettings.section,
    TracingSettings.section,
    SettingsSection("Files that change", [SettingEntry(ReloadSettings.interval)]),
    SharedSettings.process,
  ])
  static let settingNames = Self.catalogue.names

  init(_ reader: SettingsReader) throws(ConfigurationError) {
    try reader.rejectUnknownFileKeys(known: Self.settingNames)
    self.reader = reader
    self.process = try ProcessConfiguration(reader)
    self.listening = try ListenConfiguration(reader)
    self.adminListen = try reader.value(ServeSettings.adminListen)
    self.operatorListen = try reader.optional(ServeSettings.operatorListen)
    self.upstream = try UpstreamPlan(reader)
    self.calls = try CallConfiguration(reader)
    self.connections = try ConnectionConfiguration(
      reader, handshakeTimeout: self.listening.patience)
    self.offersReflection = try reader.value(ReflectionSettings.reflection)
    self.offersPresigning = try reader.value(PresignSettings.presign)
    self.reloadInterval = try reader.value(ReloadSettings.interval)
    self.callLog = try CallLogConfiguration(reader)
    self.access = try AccessConfiguration(reader, callerKinds: self.listening.callerKinds)
    self.policy = try PolicySettings(reader)
    self.watching = try WatchSettings(reader)
    if try reader.sourced(FailureSettings.attempts) == nil,
      let attempts = self.upstream.aws.maxAttempts
    {
      self.policy.retries.maxAttempts = attempts.value
    }
    self.tracing = try TracingPlan.read(reader)
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

// SPDX-License-Identifier: Apache-2.0

import HTTP2Engine
import TrafficPolicy
import Transport
import Upstream

/// Everything `serve` needs to know, read and checked before anything is started.
struct ServeConfiguration: Sendable {
  var listen: [ListenAddress]
  var adminListen: ListenAddress
  var upstream: UpstreamEndpoint
  var region: String
  var requestLimitBytes: Int
  var connectionLimit: Int
  var streamLimit: Int
  var upstreamConnectionLimit: Int
  var upstreamWaitingLimit: Int
  var upstreamIdleTimeout: Duration
  var upstreamConnectTimeout: Duration
  var upstreamAttemptTimeout: Duration
  var upstreamResponseLimitBytes: Int
  var policy: PolicySettings
  var process: ProcessConfiguration

  static let settingNames: Set<String> = ProcessConfiguration.settingNames.union(
    PolicySettings.settingNames
  ).union([
    ServeSettings.listen.name, ServeSettings.adminListen.name,
    SharedSettings.allowInsecureRemote.name, ServeSettings.upstreamEndpoint.name,
    ServeSettings.region.name, ServeSettings.requestLimit.name, ServeSettings.connections.name,
    ServeSettings.streams.name, ServeSettings.upstreamConnections.name,
    ServeSettings.upstreamWaiting.name, ServeSettings.upstreamIdle.name,
    ServeSettings.upstreamConnect.name, ServeSettings.upstreamAttempt.name,
    ServeSettings.upstreamBody.name,
  ])

  init(_ reader: SettingsReader) throws(ConfigurationError) {
    try reader.rejectUnknownFileKeys(known: Self.settingNames)
    self.process = try ProcessConfiguration(reader)
    self.listen = try reader.value(ServeSettings.listen)
    self.adminListen = try reader.value(ServeSettings.adminListen)
    self.upstream = try Self.upstream(reader)
    self.region = try Self.region(reader)
    self.requestLimitBytes = try reader.value(ServeSettings.requestLimit)
    self.connectionLimit = try reader.value(ServeSettings.connections)
    self.streamLimit = try reader.value(ServeSettings.streams)
    self.upstreamConnectionLimit = try reader.value(ServeSettings.upstreamConnections)
    self.upstreamWaitingLimit = try reader.value(ServeSettings.upstreamWaiting)
    self.upstreamIdleTimeout = try reader.value(ServeSettings.upstreamIdle)
    self.upstreamConnectTimeout = try reader.value(ServeSettings.upstreamConnect)
    self.upstreamAttemptTimeout = try reader.value(ServeSettings.upstreamAttempt)
    self.upstreamResponseLimitBytes = try reader.value(ServeSettings.upstreamBody)
    self.policy = try PolicySettings(reader)
    try Self.checkCache(self.policy.readCache.maxBytes, threads: self.process.threads)
    let allowInsecureRemote = try reader.value(SharedSettings.allowInsecureRemote)
    if !allowInsecureRemote, let remote = self.listen.first(where: { !$0.isLoopback }) {
      throw .insecureRemote(remote)
    }
  }

  private static func checkCache(_ bytes: Int, threads: Int) throws(ConfigurationError) {
    guard bytes == 0 || bytes / threads >= TrafficSettings.leastCacheBytesPerThread else {
      throw .cacheTooSmall(bytes, threads: threads)
    }
  }

  private static func region(_ reader: SettingsReader) throws(ConfigurationError) -> String {
    let region = try reader.optional(
      ServeSettings.region, standardVariables: ["AWS_REGION", "AWS_DEFAULT_REGION"])
    guard let region else {
      throw .missing(
        name: ServeSettings.region.name,
        why: "each signature names the region; use --region or AWS_REGION")
    }
    return region
  }

  private static func upstream(_ reader: SettingsReader) throws(ConfigurationError)
    -> UpstreamEndpoint
  {
    let endpoint = try reader.optional(
      ServeSettings.upstreamEndpoint,
      standardVariables: ["AWS_ENDPOINT_URL_IOT_JOBS_DATA_PLANE", "AWS_ENDPOINT_URL"])
    guard let endpoint else {
      throw .missing(
        name: ServeSettings.upstreamEndpoint.name,
        why: "AWS's default host refuses calls; each account has an endpoint of its own, which "
          + "`aws iot describe-endpoint --endpoint-type iot:Jobs` tells")
    }
    guard !endpoint.isSecure else {
      throw .refused(
        "--upstream-endpoint: https is not spoken yet; use http to an emulator or a TLS proxy")
    }
    return endpoint
  }
}

extension ServeConfiguration {
  var http2Limits: HTTP2Limits {
    var limits = HTTP2Limits()
    limits.maxConcurrentStreams = UInt32(self.streamLimit)
    return limits
  }

  /// Limits over all threads are shared out evenly, and never to nothing.
  var upstreamConfiguration: UpstreamConfiguration {
    let threads = self.process.threads
    var configuration = UpstreamConfiguration(endpoint: self.upstream, region: self.region)
    configuration.userAgent = "iot-jobs-gateway/\(Version.text)"
    configuration.connectTimeout = self.upstreamConnectTimeout
    configuration.attemptTimeout = self.upstreamAttemptTimeout
    configuration.maxBodyBytes = self.upstreamResponseLimitBytes
    configuration.pool.maxConnections = max(1, self.upstreamConnectionLimit / threads)
    configuration.pool.maxWaiting = (self.upstreamWaitingLimit + threads - 1) / threads
    configuration.pool.idleTimeout = self.upstreamIdleTimeout
    return configuration
  }
}

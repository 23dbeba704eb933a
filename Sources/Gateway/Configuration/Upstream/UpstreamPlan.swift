// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import AWSSigning
import CryptoEngine
import Transport
import Upstream

/// Everything about AWS that is known before start: where it is or who is asked where, whom to
/// trust, and what may wait for it.
struct UpstreamPlan: Sendable {
  /// Where the account's calls go.
  enum Target: Equatable, Sendable {
    case known(ServiceEndpoint)
    /// Nobody named an endpoint: AWS IoT's control plane knows the account's own.
    case discovered(askedAt: ServiceEndpoint)
  }

  var target: Target
  /// AWS's own settings, with ours on top.
  var aws: AWSSettings
  /// Read again whenever credentials are looked for.
  var sharedFiles: SharedFilePaths
  var trust: TLSTrust
  /// Somebody wants no certificate of AWS's to be looked at.
  var skipsVerification: Bool
  var proxies: ProxySettings
  var limits: UpstreamLimits

  init(_ reader: SettingsReader) throws(ConfigurationError) {
    let aws = try Self.settings(reader)
    self.target = try Self.target(try reader.sourced(UpstreamSettings.endpoint), aws)
    self.aws = aws
    self.sharedFiles = SharedFilePaths(AWSEnvironment(reader.environment))
    self.trust = aws.caBundle.map { .file(path: $0.value) } ?? .system
    self.skipsVerification = try reader.value(UpstreamSettings.skipVerification)
    self.proxies = try Self.reading { () throws(AWSConfigurationError) in
      try ProxySettings(AWSEnvironment(reader.environment))
    }
    try Self.checkProxy(self.proxies, self.target)
    self.limits = try UpstreamLimits(reader)
  }

  private static func settings(
    _ reader: SettingsReader
  ) throws(ConfigurationError) -> AWSSettings {
    let environment = AWSEnvironment(reader.environment)
    let shared: SharedConfiguration
    do throws(CredentialError) {
      shared = try SharedConfiguration.read(SharedFilePaths(environment))
    } catch {
      throw .refused("\(error)")
    }
    let overrides = AWSOverrides(
      region: try reader.sourced(UpstreamSettings.region),
      usesFIPS: try reader.sourced(UpstreamSettings.fips),
      usesDualStack: try reader.sourced(UpstreamSettings.dualStack),
      caBundle: try reader.sourced(UpstreamSettings.caBundle))
    return try Self.reading { () throws(AWSConfigurationError) in
      try AWSSettings(environment: environment, shared: shared, overrides: overrides)
    }
  }

  private static func target(
    _ choice: Sourced<EndpointChoice>?, _ aws: AWSSettings
  ) throws(ConfigurationError) -> Target {
    do throws(AWSConfigurationError) {
      switch choice?.value {
      case .url(let url):
        let url = Sourced(url, from: choice?.origin ?? .ruleSet)
        return .known(try aws.endpoint(for: .iotJobsData, at: url))
      case .ruleSet:
        return .known(try aws.ruleSetEndpoint(for: .iotJobsData))
      case nil:
        if let configured = try aws.configuredEndpoint(for: .iotJobsData) {
          return .known(configured)
        }
        return .discovered(askedAt: try aws.endpoint(for: .iot))
      }
    } catch .missingRegion {
      throw .missing(
        name: UpstreamSettings.region.name,
        why: "each signature names the region, and the account's endpoint is found in it; "
          + "use --region or AWS_REGION, or set region in the profile")
    } catch {
      throw .aws(error)
    }
  }

  private static func checkProxy(
    _ proxies: ProxySettings, _ target: Target
  ) throws(ConfigurationError) {
    guard let proxy = proxies.proxy(for: target.firstURL), proxy.url.isSecure else { return }
    throw .refused(
      "\(proxy.origin): TLS is not spoken with a proxy itself; name it with http://, what goes "
        + "through it is TLS all the same")
  }

  private static func reading<Value>(
    _ body: () throws(AWSConfigurationError) -> Value
  ) throws(ConfigurationError) -> Value {
    do throws(AWSConfigurationError) {
      return try body()
    } catch {
      throw .aws(error)
    }
  }
}

extension UpstreamPlan.Target {
  /// Where the first connection to AWS goes.
  var firstURL: HTTPURL {
    switch self {
    case .known(let endpoint): endpoint.url
    case .discovered(let control): control.url
    }
  }
}

extension UpstreamPlan {
  static let userAgent = "iot-jobs-gateway/\(Version.text)"

  /// The proxy that a URL is reached through; nil to go straight. One that wants TLS for itself is
  /// refused at start.
  func proxy(for url: HTTPURL) -> OutboundProxy? {
    self.proxies.proxy(for: url).map { proxy in
      OutboundProxy(
        host: proxy.url.host, port: proxy.url.port, authorization: proxy.authorization?.text)
    }
  }

  /// How an endpoint is called.
  func upstreamConfiguration(
    _ endpoint: ServiceEndpoint, threads: Int
  ) -> UpstreamConfiguration {
    var configuration = UpstreamConfiguration(
      endpoint: endpoint.url, region: endpoint.signingRegion)
    configuration.userAgent = Self.userAgent
    self.limits.apply(to: &configuration, threads: threads)
    return configuration
  }
}

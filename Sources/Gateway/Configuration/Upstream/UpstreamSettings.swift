// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration

/// Everything that `serve` can be told of AWS: where it is, how it is trusted, and what may wait for
/// it. What AWS's own variables and files say as well is marked in the help; ours wins.
enum UpstreamSettings {
  // MARK: Where

  static let endpoint = Setting<EndpointChoice>(
    "upstream-endpoint",
    help: "URL of the IoT Jobs data endpoint. Without one, here or in AWS's settings, "
      + "iot:DescribeEndpoint is asked for the account's own; the word default means the region's "
      + "host, which AWS refuses.",
    allowed: "an http:// or https:// URL without user name, query and fragment, or the word default"
  ) { (text) throws(Misfit) in
    guard let choice = EndpointChoice(text) else { throw Misfit(url: text) }
    return choice
  }

  static let region = Setting(
    "region",
    help: "AWS region, which is part of each signature. Else AWS_REGION, AWS_DEFAULT_REGION, or "
      + "region in the profile.",
    allowed: AWSRegion.rule
  ) { (text: String) -> String? in AWSRegion(text) == nil ? nil : text }

  static let fips = Setting<Bool>.wish(
    "upstream-fips",
    help: "Call hosts that meet FIPS 140. AWS_USE_FIPS_ENDPOINT means the same.")

  static let dualStack = Setting<Bool>.wish(
    "upstream-dual-stack",
    help: "Call hosts that have addresses of IPv6 too. AWS_USE_DUALSTACK_ENDPOINT means the same.")

  // MARK: Trust

  static let caBundle = Setting(
    "upstream-ca-bundle",
    help: "PEM file with the authorities to trust instead of the system's. Else AWS_CA_BUNDLE, or "
      + "ca_bundle in the profile.",
    allowed: "the path of a file"
  ) { $0.isEmpty ? nil : $0 }

  static let skipVerification = Setting<Bool>.toggle(
    "upstream-insecure-skip-verification",
    help: "Take any certificate. Whoever sits on the way can then read and change every call.")

  // MARK: How much, how long

  static let connections = Setting<Int>.count(
    "upstream-connection-limit",
    help: "Connections to AWS open at a time, over all threads: HTTP/1.1 carries one call each.",
    in: 1...10_000, fallback: 100)

  static let waiting = Setting<Int>.count(
    "upstream-waiting-limit",
    help: "Calls that may wait for a connection to AWS, over all threads; more are refused.",
    in: 0...100_000, fallback: 1_000)

  static let warm = Setting<Int>.count(
    "upstream-warm-connections",
    help: "Connections to AWS kept open for each thread, used or not, so that a call after a pause "
      + "waits for no handshake.", in: 0...1_000, fallback: 1)

  static let idle = Setting<Duration>.duration(
    "upstream-idle-timeout",
    help: "How long an unused connection to AWS is kept, beyond the warm ones.", fallback: "15s")

  static let maxAge = Setting<Duration>.duration(
    "upstream-max-age",
    help: "How old a connection to AWS may get, less up to a tenth at random, so that calls follow "
      + "DNS; 0s for any age.", atLeast: .zero, fallback: "10m")

  static let keepalive = Setting<Duration>.duration(
    "upstream-tcp-keepalive",
    help: "Silence after which the kernel asks whether AWS's side of a connection still lives; 0s "
      + "for never.", atLeast: .zero, fallback: "20s")

  static let connect = Setting<Duration>.duration(
    "upstream-connect-timeout", help: "How long a connection to AWS may take to open.",
    fallback: "5s")

  static let handshake = Setting<Duration>.duration(
    "upstream-tls-timeout", help: "How long the TLS handshake may take after that.",
    fallback: "5s")

  static let firstByte = Setting<Duration>.duration(
    "upstream-first-byte-timeout",
    help: "How long AWS may take to begin its answer once a request is sent.", fallback: "15s")

  static let attempt = Setting<Duration>.duration(
    "upstream-attempt-timeout", help: "How long one request to AWS may take as a whole.",
    fallback: "30s")

  static let body = Setting<Int>.bytes(
    "upstream-response-limit-bytes", help: "Largest response body read from AWS.",
    in: 1_024...16_777_216, fallback: 1_048_576)

  static let section = SettingsSection(
    "AWS",
    [
      SettingEntry(Self.endpoint), SettingEntry(Self.region), SettingEntry(Self.fips),
      SettingEntry(Self.dualStack), SettingEntry(Self.caBundle),
      SettingEntry(Self.skipVerification), SettingEntry(Self.connections),
      SettingEntry(Self.waiting), SettingEntry(Self.warm), SettingEntry(Self.idle),
      SettingEntry(Self.maxAge), SettingEntry(Self.keepalive), SettingEntry(Self.connect),
      SettingEntry(Self.handshake), SettingEntry(Self.firstByte), SettingEntry(Self.attempt),
      SettingEntry(Self.body),
    ])
}

/// What `upstream-endpoint` may say.
enum EndpointChoice: Equatable, Sendable {
  case url(String)
  /// AWS's rule set: the host of the region.
  case ruleSet

  init?(_ text: String) {
    if text == "default" {
      self = .ruleSet
    } else if HTTPURL(text) != nil {
      self = .url(text)
    } else {
      return nil
    }
  }
}

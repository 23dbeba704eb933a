// SPDX-License-Identifier: Apache-2.0

/// How the metadata service of an EC2 instance is asked for credentials.
package struct InstanceMetadataSettings: Equatable, Sendable {
  /// Without a path; `http://169.254.169.254` or, by mode or setting, another.
  package let endpoint: HTTPURL
  /// For one connect and for one answer.
  package let timeoutSeconds: Int
  /// In all, at least 1.
  package let attempts: Int
  /// True if credentials must not be asked for without a token.
  package let requiresToken: Bool

  static let ipv4 = "http://169.254.169.254/"
  static let ipv6 = "http://[fd00:ec2::254]/"

  init(
    environment: AWSEnvironment, profile: Profile
  ) throws(AWSConfigurationError) {
    let lookup = MetadataLookup(environment: environment, profile: profile)
    self.endpoint = try lookup.endpoint()
    self.timeoutSeconds = try lookup.number("metadata_service_timeout", in: 1...60)
    self.attempts = try lookup.number("metadata_service_num_attempts", in: 1...10)
    self.requiresToken = lookup.flag("ec2_metadata_v1_disabled")
  }

  /// The variable that switches the service off, if it does: only the word `true` counts.
  static func disabling(_ environment: AWSEnvironment) -> SettingOrigin? {
    let found = environment.sourced("AWS_EC2_METADATA_DISABLED")
    return found?.value.lowercased() == "true" ? found?.origin : nil
  }
}

/// Reads a key under its two names.
private struct MetadataLookup {
  let environment: AWSEnvironment
  let profile: Profile

  private func sourced(_ key: String) -> Sourced<String>? {
    self.environment.sourced("AWS_\(key.uppercased())") ?? self.profile.sourced(key)
  }

  func endpoint() throws(AWSConfigurationError) -> HTTPURL {
    var text = Sourced(
      try self.usesIPv6() ? InstanceMetadataSettings.ipv6 : InstanceMetadataSettings.ipv4,
      from: .ruleSet)
    text = self.sourced("ec2_metadata_service_endpoint") ?? text
    guard let url = HTTPURL(text.value) else { throw .invalid(text.origin, rule: HTTPURL.rule) }
    return url
  }

  private func usesIPv6() throws(AWSConfigurationError) -> Bool {
    guard let mode = self.sourced("ec2_metadata_service_endpoint_mode") else {
      return self.flag("imds_use_ipv6")
    }
    switch mode.value.lowercased() {
    case "ipv4": return false
    case "ipv6": return true
    default: throw .invalid(mode.origin, rule: "ipv4 or ipv6")
    }
  }

  func flag(_ key: String) -> Bool {
    self.sourced(key)?.value.lowercased() == "true"
  }

  /// One if nobody says.
  func number(_ key: String, in range: ClosedRange<Int>) throws(AWSConfigurationError) -> Int {
    guard let text = self.sourced(key) else { return 1 }
    guard let number = Int(text.value), range ~= number else {
      throw .invalid(
        text.origin, rule: "a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }
}

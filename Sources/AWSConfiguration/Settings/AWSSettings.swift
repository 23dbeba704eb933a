// SPDX-License-Identifier: Apache-2.0

/// What this program's own flags say of AWS, which beats environment and files.
package struct AWSOverrides: Sendable {
  package var region: Sourced<String>?
  package var usesFIPS: Sourced<Bool>?
  package var usesDualStack: Sourced<Bool>?
  package var caBundle: Sourced<String>?

  package init(
    region: Sourced<String>? = nil, usesFIPS: Sourced<Bool>? = nil,
    usesDualStack: Sourced<Bool>? = nil, caBundle: Sourced<String>? = nil
  ) {
    self.region = region
    self.usesFIPS = usesFIPS
    self.usesDualStack = usesDualStack
    self.caBundle = caBundle
  }
}

/// How AWS is to be called, by flags, then environment, then the profile.
///
/// Source: AWS SDKs and Tools Reference Guide, "Settings reference". Read once at start: what may
/// change while the program runs is credentials alone.
package struct AWSSettings: Sendable {
  /// The profile that counts; empty if there is none.
  package let profile: Profile
  /// `AWS_REGION`, then `AWS_DEFAULT_REGION`, then the profile's `region`. botocore does not read
  /// the first; the other SDKs do, and Kubernetes on AWS injects both.
  package let region: Sourced<AWSRegion>?
  /// True if hosts that meet FIPS 140 are asked for, be it by a pseudo-region.
  package let usesFIPS: Sourced<Bool>
  /// True if hosts with addresses of IPv6 too are asked for.
  package let usesDualStack: Sourced<Bool>
  /// A PEM file with the authorities that are trusted instead of the system's. `AWS_CA_BUNDLE`, then
  /// the profile's `ca_bundle`.
  package let caBundle: Sourced<String>?
  /// How many attempts a call has in all. `AWS_MAX_ATTEMPTS`, then the profile's `max_attempts`.
  package let maxAttempts: Sourced<Int>?
  /// True if endpoints in environment and files do not count.
  package let ignoresConfiguredEndpoints: Sourced<Bool>
  /// What an operator should know of: settings that have no effect as they are. No values.
  package let warnings: [String]
  let environment: AWSEnvironment
  let shared: SharedConfiguration

  package init(
    environment: AWSEnvironment, shared: SharedConfiguration,
    overrides: AWSOverrides = AWSOverrides()
  ) throws(AWSConfigurationError) {
    let profile = try ProfileChoice(environment).profile(in: shared)
    var flags = FlagReader(environment: environment, profile: profile)
    let region = try Self.region(
      overrides.region ?? environment.sourced("AWS_REGION")
        ?? environment.sourced("AWS_DEFAULT_REGION") ?? profile.sourced("region"))
    let fips = overrides.usesFIPS ?? flags.read("use_fips_endpoint")
    self.usesFIPS =
      region.flatMap { $0.value.isPseudoFIPS ? Sourced(true, from: $0.origin) : nil } ?? fips
    self.usesDualStack = overrides.usesDualStack ?? flags.read("use_dualstack_endpoint")
    self.ignoresConfiguredEndpoints = flags.read("ignore_configured_endpoint_urls")
    self.caBundle =
      overrides.caBundle ?? environment.sourced("AWS_CA_BUNDLE") ?? profile.sourced("ca_bundle")
    self.maxAttempts = try Self.attempts(
      environment.sourced("AWS_MAX_ATTEMPTS") ?? profile.sourced("max_attempts"))
    self.region = region
    self.profile = profile
    self.warnings = flags.warnings
    self.environment = environment
    self.shared = shared
  }

  private static func region(
    _ text: Sourced<String>?
  ) throws(AWSConfigurationError) -> Sourced<AWSRegion>? {
    guard let text else { return nil }
    guard let region = AWSRegion(text.value) else {
      throw .invalid(text.origin, rule: AWSRegion.rule)
    }
    return Sourced(region, from: text.origin)
  }

  private static func attempts(
    _ text: Sourced<String>?
  ) throws(AWSConfigurationError) -> Sourced<Int>? {
    guard let text else { return nil }
    guard let number = Int(text.value), 1...100 ~= number else {
      throw .invalid(text.origin, rule: "a whole number from 1 to 100")
    }
    return Sourced(number, from: text.origin)
  }
}

/// Reads flags that stand under a key in the profile, or under the same name in upper case behind
/// `AWS_` in the environment.
struct FlagReader {
  let environment: AWSEnvironment
  let profile: Profile
  private(set) var warnings: [String] = []

  init(environment: AWSEnvironment, profile: Profile) {
    self.environment = environment
    self.profile = profile
  }

  /// Only the word `true`, in any case, is true: so all of AWS's clients have it. What is neither it
  /// nor `false` gets a warning, for whoever wrote `1` meant something else.
  mutating func read(_ key: String) -> Sourced<Bool> {
    guard
      let found = self.environment.sourced("AWS_\(key.uppercased())") ?? self.profile.sourced(key)
    else { return Sourced(false, from: .ruleSet) }
    let word = found.value.lowercased()
    if word != "true" && word != "false" {
      self.warnings.append("\(found.origin) is neither true nor false, and counts as false")
    }
    return Sourced(word == "true", from: found.origin)
  }
}

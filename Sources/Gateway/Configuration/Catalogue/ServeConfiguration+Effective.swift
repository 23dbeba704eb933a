// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration

extension ServeConfiguration {
  /// What counts for each setting, in order, with what AWS's own settings decide.
  var effectiveSettings: [EffectiveSetting] {
    Self.catalogue.effective(self.reader) { self.decidedByAWS($0) }
  }

  /// What AWS's variables and files say of a setting that they know as well.
  private func decidedByAWS(_ name: String) -> (value: String, source: String)? {
    let aws = self.upstream.aws
    return switch name {
    case UpstreamSettings.endpoint.name: self.configuredEndpoint
    case UpstreamSettings.region.name: Self.told(aws.region, \.name)
    case UpstreamSettings.fips.name: Self.told(aws.usesFIPS, \.description)
    case UpstreamSettings.dualStack.name: Self.told(aws.usesDualStack, \.description)
    case UpstreamSettings.caBundle.name: Self.told(aws.caBundle, \.self)
    case FailureSettings.attempts.name: Self.told(aws.maxAttempts, \.description)
    default: nil
    }
  }

  private var configuredEndpoint: (value: String, source: String)? {
    switch self.upstream.target {
    case .known(let endpoint): (endpoint.url.text, "\(endpoint.origin)")
    case .discovered: nil
    }
  }

  /// Nil for what nobody configured, which AWS's rules decide.
  private static func told<Value>(
    _ found: Sourced<Value>?, _ text: KeyPath<Value, String>
  ) -> (value: String, source: String)? {
    guard let found, found.origin != .ruleSet else { return nil }
    return (found.value[keyPath: text], "\(found.origin)")
  }
}

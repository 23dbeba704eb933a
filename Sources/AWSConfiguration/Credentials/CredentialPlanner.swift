// SPDX-License-Identifier: Apache-2.0

import AWSSigning

extension CredentialPlan {
  /// Never fails as a whole: what cannot work is a finding of its step, since a gateway without
  /// credentials starts all the same and says why it has none.
  package init(_ settings: AWSSettings) {
    self.init(environment: settings.environment, shared: settings.shared, profile: settings.profile)
  }

  /// The same for files that were read again, since what is in them changes with time.
  package init(
    _ settings: AWSSettings, rereading shared: SharedConfiguration
  ) throws(AWSConfigurationError) {
    self.init(
      environment: settings.environment, shared: shared,
      profile: try ProfileChoice(settings.environment).profile(in: shared))
  }

  private init(environment: AWSEnvironment, shared: SharedConfiguration, profile: Profile) {
    let planner = CredentialPlanner(environment: environment, shared: shared, profile: profile)
    self.steps = CredentialSourceKind.allCases.map { kind in
      Step(kind: kind, finding: planner.finding(kind))
    }
  }
}

/// Looks at one kind of source after the other.
struct CredentialPlanner {
  let environment: AWSEnvironment
  let shared: SharedConfiguration
  let profile: Profile

  func finding(_ kind: CredentialSourceKind) -> CredentialPlan.Finding {
    do throws(AWSConfigurationError) {
      let source: PlannedSource? =
        switch kind {
        case .environment: try self.environmentKeys()
        case .assumeRole: try self.assumeRole()
        case .webIdentity, .sso, .sharedFile, .login, .process, .configFile:
          try self.ofProfile(kind, self.profile, environment: self.environment)
        case .container: try ContainerPlan(self.environment).map { .container($0) }
        case .instanceMetadata: try self.instanceMetadata()
        }
      return source.map { .configured($0) } ?? .absent(self.absence(kind))
    } catch {
      return .refused(error)
    }
  }

  private func assumeRole() throws(AWSConfigurationError) -> PlannedSource? {
    var chain = RoleChain(self)
    return try chain.assumeRole(self.profile).map { .assumeRole($0) }
  }

  /// The sources of a profile itself, in order.
  static let ofProfile: [CredentialSourceKind] = [
    .webIdentity, .sso, .sharedFile, .login, .process, .configFile,
  ]

  /// One of the sources of a profile.
  ///
  /// - Parameter environment: empty for a profile that is another's source: the variables are
  ///   meant for the profile that was chosen.
  func ofProfile(
    _ kind: CredentialSourceKind, _ profile: Profile, environment: AWSEnvironment
  ) throws(AWSConfigurationError) -> PlannedSource? {
    switch kind {
    case .webIdentity:
      return try WebIdentityPlan(environment, profile).map { .webIdentity($0) }
    case .sso:
      guard let origin = profile.origin(ofAny: ["sso_account_id", "sso_role_name"]) else {
        return nil
      }
      throw .unsupported(
        origin, why: "SSO needs a human at a browser; give the gateway a role instead")
    case .sharedFile:
      return try profile.keys(in: profile.credentials).map { .sharedFile($0.0, $0.1) }
    case .login:
      guard let origin = profile.origin(ofAny: ["login_session"]) else { return nil }
      throw .unsupported(
        origin, why: "a login needs a human at a browser; give the gateway a role instead")
    case .process:
      return try ProcessPlan(profile).map { .process($0) }
    case .configFile:
      return try profile.keys(in: profile.config).map { .configFile($0.0, $0.1) }
    case .environment, .assumeRole, .container, .instanceMetadata:
      return nil
    }
  }

  func environmentKeys() throws(AWSConfigurationError) -> PlannedSource? {
    do throws(CredentialError) {
      return try self.environment.credentialSource.read().map { .environment($0) }
    } catch {
      switch error {
      case .incomplete(let missing):
        let present =
          missing == "AWS_ACCESS_KEY_ID" ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID"
        throw .incomplete(.environment(variable: present), missing: missing)
      case .malformed(let setting):
        throw .invalid(
          .environment(variable: setting),
          rule: setting == "AWS_CREDENTIAL_EXPIRATION"
            ? "a time such as 2026-01-02T03:04:05Z" : "printable ASCII without white space")
      case .unavailable(let text):
        throw .noCredentials(.environment(variable: "AWS_ACCESS_KEY_ID"), what: text)
      }
    }
  }

  func instanceMetadata() throws(AWSConfigurationError) -> PlannedSource? {
    guard InstanceMetadataSettings.disabling(self.environment) == nil else { return nil }
    return .instanceMetadata(
      try InstanceMetadataSettings(environment: self.environment, profile: self.profile))
  }

  /// What is not set.
  private func absence(_ kind: CredentialSourceKind) -> String {
    let profile = "profile \(PeerText.clean(self.profile.name))"
    return switch kind {
    case .environment: "AWS_ACCESS_KEY_ID is not set"
    case .assumeRole: "\(profile) has no role_arn to assume with a source"
    case .webIdentity: "AWS_WEB_IDENTITY_TOKEN_FILE is not set"
    case .sso: "\(profile) has no sso_account_id"
    case .sharedFile: "\(profile) has no aws_access_key_id in the credentials file"
    case .login: "\(profile) has no login_session"
    case .process: "\(profile) has no credential_process"
    case .configFile: "\(profile) has no aws_access_key_id in the config file"
    case .container:
      "AWS_CONTAINER_CREDENTIALS_FULL_URI and AWS_CONTAINER_CREDENTIALS_RELATIVE_URI are not set"
    case .instanceMetadata: "AWS_EC2_METADATA_DISABLED is true"
    }
  }
}

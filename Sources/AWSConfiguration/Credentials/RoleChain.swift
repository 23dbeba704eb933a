// SPDX-License-Identifier: Apache-2.0

/// Follows `source_profile` from role to role until it meets a source that is none.
struct RoleChain {
  private let planner: CredentialPlanner
  /// The names of the profiles on the way here.
  private var visited: [String] = []

  init(_ planner: CredentialPlanner) {
    self.planner = planner
  }

  /// Nil if the profile has no role, or assumes it with a token from a file.
  mutating func assumeRole(_ profile: Profile) throws(AWSConfigurationError) -> AssumeRolePlan? {
    guard Self.assumesRole(profile), let role = profile.sourced("role_arn") else { return nil }
    self.visited.append(profile.name)
    if let serial = profile.sourced("mfa_serial") {
      throw .unsupported(serial.origin, why: "nobody is there to type a code")
    }
    return AssumeRolePlan(
      profile: profile.name, roleARN: try STSLimits.roleARN(role),
      sessionName: try profile.sessionName(),
      externalID: try profile.sourced("external_id").map(STSLimits.externalID),
      durationSeconds: try profile.sourced("duration_seconds").flatMap(STSLimits.duration),
      source: try self.source(of: profile, role: role.origin))
  }

  /// A profile with a token file is the business of web identity, wherever it stands in a chain.
  private static func assumesRole(_ profile: Profile) -> Bool {
    profile.sourced("role_arn") != nil && profile.sourced("web_identity_token_file") == nil
  }

  private mutating func source(
    of profile: Profile, role: SettingOrigin
  ) throws(AWSConfigurationError) -> PlannedSource {
    switch (profile.sourced("source_profile"), profile.sourced("credential_source")) {
    case (nil, nil):
      throw .incomplete(role, missing: "source_profile or credential_source")
    case (_?, let named?):
      throw .invalid(named.origin, rule: "left out where there is a source_profile")
    case (nil, let named?):
      return try self.named(named)
    case (let name?, nil):
      return try self.sourceProfile(name, of: profile)
    }
  }

  /// The case of the words counts, as botocore has it.
  private func named(_ name: Sourced<String>) throws(AWSConfigurationError) -> PlannedSource {
    let (source, what): (PlannedSource?, String)
    switch name.value {
    case "Environment":
      (source, what) = (try self.planner.environmentKeys(), "AWS_ACCESS_KEY_ID is not set")
    case "EcsContainer":
      source = try ContainerPlan(self.planner.environment).map { .container($0) }
      what = "no AWS_CONTAINER_CREDENTIALS_… variable is set"
    case "Ec2InstanceMetadata":
      (source, what) = (try self.planner.instanceMetadata(), "AWS_EC2_METADATA_DISABLED is true")
    default:
      throw .invalid(name.origin, rule: "Environment, EcsContainer or Ec2InstanceMetadata")
    }
    guard let source else { throw .noCredentials(name.origin, what: what) }
    return source
  }

  private mutating func sourceProfile(
    _ name: Sourced<String>, of parent: Profile
  ) throws(AWSConfigurationError) -> PlannedSource {
    guard let profile = self.planner.shared.profile(name.value) else {
      throw .invalid(name.origin, rule: "the name of a profile in the shared files")
    }
    if self.visited.contains(profile.name) {
      // A profile may name itself: then its keys assume its role.
      guard profile.name == parent.name, profile.hasKeys else {
        throw .profileCycle(name.origin)
      }
    }
    if !profile.hasKeys, let plan = try self.assumeRole(profile) { return .assumeRole(plan) }
    for kind in CredentialPlanner.ofProfile {
      let source = try self.planner.ofProfile(kind, profile, environment: AWSEnvironment([:]))
      if let source { return source }
    }
    throw .noCredentials(name.origin, what: "the profile that it names has no credentials")
  }
}

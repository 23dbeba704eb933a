// SPDX-License-Identifier: Apache-2.0

package import AWSSigning

/// A place that environment or profile name for credentials, with all that it takes to ask there.
package indirect enum PlannedSource: Equatable, Sendable {
  /// Keys that stand in environment variables. They stay what they are until the process ends.
  case environment(Credential)
  /// A role that is assumed with the credentials of another source, through a signed call of STS.
  case assumeRole(AssumeRolePlan)
  /// A role that is assumed with a token from a file, through an unsigned call of STS.
  case webIdentity(WebIdentityPlan)
  /// Keys in the shared credentials file. Read the file again to see them change.
  case sharedFile(Credential, FilePlace)
  case process(ProcessPlan)
  /// Keys in the shared config file.
  case configFile(Credential, FilePlace)
  case container(ContainerPlan)
  case instanceMetadata(InstanceMetadataSettings)

  package var kind: CredentialSourceKind {
    switch self {
    case .environment: .environment
    case .assumeRole: .assumeRole
    case .webIdentity: .webIdentity
    case .sharedFile: .sharedFile
    case .process: .process
    case .configFile: .configFile
    case .container: .container
    case .instanceMetadata: .instanceMetadata
    }
  }
}

/// The kinds of sources, in the order in which AWS's clients look at them.
package enum CredentialSourceKind: String, CaseIterable, Sendable {
  case environment
  case assumeRole = "assume-role"
  case webIdentity = "web-identity"
  /// Known so that it can be refused by name.
  case sso
  case sharedFile = "shared-credentials-file"
  /// Known so that it can be refused by name.
  case login
  case process
  case configFile = "config-file"
  case container
  case instanceMetadata = "instance-metadata"

  /// For logs and metric labels.
  package var name: String { self.rawValue }
}

/// `sts:AssumeRole` by a profile with `role_arn`.
package struct AssumeRolePlan: Equatable, Sendable {
  package let profile: String
  package let roleARN: String
  /// Nil to have one made: see ``STSRequest/sessionName(atSeconds:)``.
  package let sessionName: String?
  package let externalID: String?
  /// Nil for the service's default of an hour.
  package let durationSeconds: Int?
  /// Whose credentials sign the call.
  package let source: PlannedSource
}

/// `sts:AssumeRoleWithWebIdentity`: what EKS calls IAM roles for service accounts.
package struct WebIdentityPlan: Equatable, Sendable {
  package let roleARN: String
  package let sessionName: String?
  /// Read anew for each call: the token in it is exchanged now and then.
  package let tokenFile: String
  /// Who named the file.
  package let origin: SettingOrigin
}

/// A program that prints credentials.
package struct ProcessPlan: Equatable, Sendable {
  /// The program and its arguments, to be run without a shell. Arguments may be secrets.
  package let command: [Secret]
  package let origin: SettingOrigin
}

/// The endpoint that ECS or EKS offer in the pod.
package struct ContainerPlan: Equatable, Sendable {
  /// What stands in the `Authorization` header.
  package enum Authorization: Equatable, Sendable {
    case none
    case token(Secret)
    /// A file whose text it is, read anew for each call.
    case file(path: String)
  }

  /// With its whole target, query included.
  package let url: HTTPURL
  package let authorization: Authorization
  package let origin: SettingOrigin
}

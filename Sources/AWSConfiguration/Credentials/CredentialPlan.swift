// SPDX-License-Identifier: Apache-2.0

/// The sources of credentials in AWS's order, each with what environment and profile say of it.
///
/// The first that is not absent is the one that is asked, and the last: a source that is configured
/// and fails ends the search, for to go on would be to sign with an identity that nobody meant.
/// Source: botocore 1.43.11, `create_credential_resolver`.
package struct CredentialPlan: Equatable, Sendable {
  /// What was found out about one kind of source.
  package enum Finding: Equatable, Sendable {
    /// Not configured. The text says what is not set.
    case absent(String)
    case configured(PlannedSource)
    /// Configured in a way that cannot work.
    case refused(AWSConfigurationError)
  }

  package struct Step: Equatable, Sendable {
    package let kind: CredentialSourceKind
    package let finding: Finding

    package var isAbsent: Bool {
      if case .absent = self.finding { true } else { false }
    }
  }

  /// One for each kind, in order.
  package let steps: [Step]

  /// The step that counts; nil if no source is configured.
  package var chosen: Step? { self.steps.first { !$0.isAbsent } }

  /// What was looked at before the one that counts, with the reason why each is absent: everything,
  /// if none counts.
  package var passedOver: ArraySlice<Step> { self.steps.prefix { $0.isAbsent } }

  /// Why nothing that was looked at before the one that counts has credentials, a clause for each.
  package var absences: String {
    self.passedOver.map { step in
      guard case .absent(let why) = step.finding else { return step.kind.name }
      return "\(step.kind.name): \(why)"
    }.joined(separator: "; ")
  }

  /// Kinds that are configured as well, and never asked. Keys that were left in the environment hide
  /// a pod's role so: a warning helps.
  package var hidden: [CredentialSourceKind] {
    self.steps.drop { $0.isAbsent }.dropFirst().filter { !$0.isAbsent }.map(\.kind)
      // The instance's metadata is always there to be asked, which says nothing.
      .filter { $0 != .instanceMetadata }
  }
}

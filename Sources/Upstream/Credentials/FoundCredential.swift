// SPDX-License-Identifier: Apache-2.0

package import AWSConfiguration
package import AWSSigning

/// What a source gave, and how long it may be relied on.
package struct FoundCredential: Equatable, Sendable {
  /// When the source is worth asking again.
  package enum Renewal: Equatable, Sendable {
    /// Ahead of the credential's end; never, if it has none.
    case byExpiry
    /// The same, but the credential stays in use beyond its end for want of a newer one: an
    /// instance's metadata service may be late, and AWS then takes what it gave before.
    case lenient
    /// After so long, since the source changes without a sign: a file that is mounted.
    case every(Duration)
  }

  package var credential: Credential
  package let kind: CredentialSourceKind
  /// Where it comes from, in an operator's words: a variable, a line of a file, a host.
  package let origin: String
  package let renewal: Renewal
  /// Kinds that are configured as well and never asked, for a warning.
  package let hidden: [CredentialSourceKind]

  package init(
    _ credential: Credential, kind: CredentialSourceKind, origin: String,
    renewal: Renewal = .byExpiry, hidden: [CredentialSourceKind] = []
  ) {
    self.credential = credential
    self.kind = kind
    self.origin = origin
    self.renewal = renewal
    self.hidden = hidden
  }
}

extension Credential {
  /// True if both are the same set, whenever each is said to end.
  func isSameSet(as other: Credential) -> Bool {
    self.accessKeyID == other.accessKeyID && self.secretAccessKey == other.secretAccessKey
      && self.sessionToken == other.sessionToken
  }

  func expiring(atSeconds seconds: Int64) -> Credential {
    Credential(
      accessKeyID: self.accessKeyID, secretAccessKey: self.secretAccessKey.text,
      sessionToken: self.sessionToken?.text, expiresAtSeconds: seconds)
  }
}

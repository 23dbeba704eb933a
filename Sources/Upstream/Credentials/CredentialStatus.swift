// SPDX-License-Identifier: Apache-2.0

package import AWSConfiguration
import AWSSigning

/// How the gateway stands with its credentials, for probes, metrics and whoever checks a setup. No
/// part of it is a secret.
package struct CredentialStatus: Equatable, Sendable {
  /// Of the credential that is held, be it over or not; nil if there is none.
  package struct Held: Equatable, Sendable {
    package let kind: CredentialSourceKind
    /// A variable, a line of a file, a host.
    package let origin: String
    /// The end of the access key id.
    package let loggableID: String
    /// Seconds since 1970 (UTC); nil for keys that stay.
    package let expiresAtSeconds: Int64?
  }

  package let held: Held?
  /// Why the last attempt failed; nil if it did not, or none has ended yet.
  package let failure: String?
  /// False until the first attempt has ended: then a credential is there or reported missing.
  package let isResolved: Bool

  /// True if calls can be signed.
  package func isGood(atSeconds now: Int64) -> Bool {
    guard let held = self.held else { return false }
    return held.expiresAtSeconds.map { now < $0 } ?? true
  }
}

extension CredentialStatus.Held {
  init(_ found: FoundCredential) {
    self.kind = found.kind
    self.origin = found.origin
    self.loggableID = found.credential.loggableID
    self.expiresAtSeconds = found.credential.expiresAtSeconds
  }
}

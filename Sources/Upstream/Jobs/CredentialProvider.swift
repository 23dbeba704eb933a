// SPDX-License-Identifier: Apache-2.0

package import AWSSigning

/// Whoever has the credentials to sign with at the moment of a call.
///
/// Asked for each attempt, in the call's event loop: a provider answers from what it holds whenever
/// it can, and waits only if it holds nothing that is good.
package protocol CredentialProvider: Sendable {
  func credential() async throws(CredentialError) -> Credential

  /// AWS has refused the credential as expired: it is not to be handed out again if there is another
  /// one to be had. Answers at once; whoever asks next waits for what comes in its place.
  func rejected(_ credential: Credential)
}

extension CredentialProvider {
  /// For providers that know of no other credential.
  package func rejected(_ credential: Credential) {}
}

/// One credential for the life of the process, as environment variables give it.
package struct FixedCredential: CredentialProvider {
  private let value: Credential

  package init(_ value: Credential) {
    self.value = value
  }

  package func credential() async throws(CredentialError) -> Credential {
    self.value
  }
}

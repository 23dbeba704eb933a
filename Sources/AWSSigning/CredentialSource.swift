// SPDX-License-Identifier: Apache-2.0

/// A place where credentials may be found.
///
/// A source that is not configured answers nil, and a chain asks the next one. A source that is
/// configured and cannot deliver throws, which ends the chain: AWS's own clients do so, because to
/// fall through would sign with an identity that nobody meant.
package protocol CredentialSource: Sendable {
  /// A word for logs and metric labels: `environment`, `static`.
  var name: String { get }

  /// The present credentials. May wait for the network; a caller that needs an answer at once
  /// keeps the last one.
  func credential() async throws(CredentialError) -> Credential?
}

/// Why a configured source has no credentials. The texts name variables, files and hosts, never
/// what they hold.
package enum CredentialError: Error, Equatable, Sendable {
  /// One half of a pair is set without the other. The word is the missing setting's name.
  case incomplete(missing: String)
  /// A setting is there and cannot be used.
  case malformed(setting: String)
  /// The source was asked and did not deliver.
  case unavailable(String)
}

extension CredentialError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .incomplete(let missing): "\(missing) is not set"
    case .malformed(let setting): "\(setting) cannot be used"
    case .unavailable(let text): text
    }
  }
}

/// Credentials that were given in so many words.
package struct StaticCredentialSource: CredentialSource {
  package let name = "static"
  private let value: Credential

  package init(_ credential: Credential) {
    self.value = credential
  }

  package func credential() async throws(CredentialError) -> Credential? {
    self.value
  }
}

// SPDX-License-Identifier: Apache-2.0

import AWSSigning
import Upstream

/// The credential that was found at start, or the reason why there is none.
///
/// A gateway without one still starts: it answers each call with CREDENTIALS_UNAVAILABLE, which
/// says more than a pod that never becomes ready.
struct StartupCredentials: CredentialProvider {
  private let found: Result<Credential, CredentialError>

  init(_ source: EnvironmentCredentialSource) {
    do throws(CredentialError) {
      guard let credential = try source.read() else {
        throw .unavailable("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set")
      }
      self.found = .success(credential)
    } catch {
      self.found = .failure(error)
    }
  }

  /// Why there is no credential; nil when there is one.
  var problem: CredentialError? {
    switch self.found {
    case .success: nil
    case .failure(let error): error
    }
  }

  func credential() async throws(CredentialError) -> Credential {
    try self.found.get()
  }
}

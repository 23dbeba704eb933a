// SPDX-License-Identifier: Apache-2.0

/// Reads `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`.
///
/// An empty variable counts as unset. Half a pair is an error. `AWS_SECURITY_TOKEN`, the token's
/// old name, counts only without the new one. `AWS_CREDENTIAL_EXPIRATION` is ISO 8601.
/// Source: AWS SDKs and Tools Reference Guide, "AWS access keys".
package struct EnvironmentCredentialSource: CredentialSource {
  package let name = "environment"
  private static let variables = [
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
  ]
  /// The variables of interest that are set and not empty.
  private let environment: [String: Secret]

  /// Takes the environment as it is at start; the process's own is not looked up here.
  package init(environment: [String: String]) {
    self.environment = environment.filter { variable, value in
      Self.variables.contains(variable) && !value.isEmpty
    }.mapValues { Secret($0) }
  }

  package func credential() async throws(CredentialError) -> Credential? {
    try self.read()
  }

  /// The same without waiting, for the checks at start.
  package func read() throws(CredentialError) -> Credential? {
    switch (try self.value("AWS_ACCESS_KEY_ID"), try self.value("AWS_SECRET_ACCESS_KEY")) {
    case (nil, nil):
      return nil
    case (_?, nil):
      throw .incomplete(missing: "AWS_SECRET_ACCESS_KEY")
    case (nil, _?):
      throw .incomplete(missing: "AWS_ACCESS_KEY_ID")
    case (let accessKeyID?, let secretAccessKey?):
      let sessionToken = try self.value("AWS_SESSION_TOKEN")
      let oldToken = try self.value("AWS_SECURITY_TOKEN")
      return Credential(
        accessKeyID: accessKeyID, secretAccessKey: secretAccessKey,
        sessionToken: sessionToken ?? oldToken, expiresAtSeconds: try self.expiration())
    }
  }

  /// Nil if the variable is unset. White space and control bytes inside are refused:
  /// they come from files pasted with their line end, and would break the header they end up in.
  private func value(_ variable: String) throws(CredentialError) -> String? {
    guard let text = self.environment[variable]?.text else { return nil }
    guard text.utf8.allSatisfy({ 0x21...0x7e ~= $0 }) else { throw .malformed(setting: variable) }
    return text
  }

  private func expiration() throws(CredentialError) -> Int64? {
    let variable = "AWS_CREDENTIAL_EXPIRATION"
    guard let text = self.environment[variable]?.text else { return nil }
    guard let seconds = CivilTime.epochSeconds(iso8601: text) else {
      throw .malformed(setting: variable)
    }
    return seconds
  }
}

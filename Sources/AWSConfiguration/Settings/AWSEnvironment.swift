// SPDX-License-Identifier: Apache-2.0

import AWSSigning

/// The environment variables that AWS's clients read, as they were at one time.
///
/// An empty variable counts as unset, as AWS's reference guide has it. Values are redacted wherever
/// the whole is printed.
package struct AWSEnvironment: Sendable {
  private let values: [String: Secret]

  /// Keeps the variables of AWS, of proxies and the home directory; the rest is forgotten.
  package init(_ variables: [String: String]) {
    self.values = variables.filter { Self.concerns($0.key) }.mapValues { Secret($0) }
  }

  /// The value of a variable; nil if it is unset or empty.
  package subscript(variable: String) -> String? {
    guard let text = self.values[variable]?.text, !text.isEmpty else { return nil }
    return text
  }

  /// The same with its name.
  package func sourced(_ variable: String) -> Sourced<String>? {
    self[variable].map { Sourced($0, from: .environment(variable: variable)) }
  }

  /// True if the variable is set, be it to nothing. The container's variables count so.
  package func isPresent(_ variable: String) -> Bool {
    self.values[variable] != nil
  }

  /// What ``EnvironmentCredentialSource`` reads.
  var credentialSource: EnvironmentCredentialSource {
    EnvironmentCredentialSource(environment: self.values.mapValues(\.text))
  }

  private static func concerns(_ variable: String) -> Bool {
    variable.hasPrefix("AWS_") || variable == "HOME"
      || variable.lowercased().hasSuffix("_proxy")
  }
}

// SPDX-License-Identifier: Apache-2.0

/// What one call brings along beside its message.
package struct RequestOptions: Sendable {
  /// How long the caller waits, from the moment the call is opened; the gateway is told.
  package var timeout: Duration = .seconds(10)

  /// Names in lower case and values as HTTP allows them; others are left out.
  package var metadata: [(name: String, value: String)] = []

  /// The greatest message that is taken.
  package var messageLimitBytes = 4_194_304

  package init() {}
}

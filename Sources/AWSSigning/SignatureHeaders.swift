// SPDX-License-Identifier: Apache-2.0

/// The header values that make a request a signed one. The caller sends them beside the very Host
/// header and the very headers that were signed.
package struct SignatureHeaders: Equatable, Sendable {
  /// The names under which the values go.
  package static let dateName = "X-Amz-Date"
  package static let securityTokenName = "X-Amz-Security-Token"
  package static let authorizationName = "Authorization"

  package let date: String
  /// Present with temporary credentials.
  package let securityToken: String?
  package let authorization: String
}

extension SignatureHeaders: CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  package var description: String { "SignatureHeaders(\(self.date), <redacted>)" }
  package var debugDescription: String { self.description }
  package var customMirror: Mirror {
    Mirror(self, children: ["date": self.date], displayStyle: .struct)
  }
}

// SPDX-License-Identifier: Apache-2.0

/// Reads the `authorization` metadata of a call (RFC 6750 §2.1, RFC 9110 §11.4).
package enum BearerToken {
  package static let limitBytes = 4_096

  /// What the metadata says.
  package enum Reading: Equatable, Sendable {
    case token(ArraySlice<UInt8>)
    /// Another scheme, which is nobody's business here.
    case otherScheme
    case malformed
  }

  package static func read(_ value: ArraySlice<UInt8>) -> Reading {
    let scheme = value.prefix { $0 != UInt8(ascii: " ") }
    // The name of a scheme has no case.
    guard scheme.map(\.inLowerCase).elementsEqual("bearer".utf8) else { return .otherScheme }
    let token = value.dropFirst(scheme.count).drop { $0 == UInt8(ascii: " ") }
    guard token.count <= Self.limitBytes, Self.isToken(token) else { return .malformed }
    return .token(token)
  }

  /// `1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`
  static func isToken(_ token: ArraySlice<UInt8>) -> Bool {
    let signs = "-._~+/".utf8
    let body = token.prefix { $0.isLetterOrDigit || signs.contains($0) }
    return !body.isEmpty && token.dropFirst(body.count).allSatisfy { $0 == UInt8(ascii: "=") }
  }
}

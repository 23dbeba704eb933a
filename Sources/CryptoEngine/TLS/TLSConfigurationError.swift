// SPDX-License-Identifier: Apache-2.0

/// Why a context cannot be made: the operator's files, or the library itself.
package enum TLSConfigurationError: Error, Equatable, Sendable {
  case unreadable(path: String, reason: String)
  /// There is no `BEGIN CERTIFICATE` in it. `source` is a path, or says that it was a text.
  case noCertificate(source: String)
  /// A certificate that does not parse; the first is number 1.
  case malformedCertificate(source: String, number: Int, reason: String)
  /// There is no `BEGIN X509 CRL` in it.
  case noRevocationList(source: String)
  /// A list of revoked certificates that does not parse; the first is number 1.
  case malformedRevocationList(source: String, number: Int, reason: String)
  /// Not a private key, or one under a passphrase.
  case privateKey(source: String, reason: String)
  /// The key is not the first certificate's.
  case keyMismatch
  /// Empty, or longer than 255 bytes (RFC 7301 §3.1).
  case applicationProtocol(String)
  case native(CryptoError)

  package var words: String {
    switch self {
    case .unreadable(let path, let reason):
      "cannot read \(path): \(reason)"
    case .noCertificate(let source):
      "no PEM certificate in \(source)"
    case .malformedCertificate(let source, let number, let reason):
      "certificate \(number) in \(source) cannot be read: \(reason)"
    case .noRevocationList(let source):
      "no PEM revocation list in \(source)"
    case .malformedRevocationList(let source, let number, let reason):
      "revocation list \(number) in \(source) cannot be read: \(reason)"
    case .privateKey(let source, let reason):
      "private key in \(source) cannot be read: \(reason)"
    case .keyMismatch:
      "private key does not belong to the certificate"
    case .applicationProtocol(let name):
      "application protocol of \(name.utf8.count) bytes, 1 to 255 are allowed"
    case .native(.native(let function, let code, let reason)):
      "\(function): \(reason) (\(code))"
    }
  }
}

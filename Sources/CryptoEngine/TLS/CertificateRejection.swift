// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// Why a certificate was refused, and which.
package struct CertificateRejection: Equatable, Sendable {
  /// One of `X509_V_ERR_…` (openssl-verification-options(1)).
  package var code: Int
  /// OpenSSL's words for it.
  package var reason: String
  /// 0 is the peer's own certificate, 1 its issuer's, and so on.
  package var depth: Int
  /// Whom we meant to reach; nil at a server.
  package var expected: String?
  /// The certificate in question; nil if there was none to look at.
  package var certificate: CertificateSummary?

  /// The certificate is good, but another's.
  package var isNameMismatch: Bool { self.kind == .name }

  /// The certificate is over, or not valid yet; or our clock is wrong.
  package var isOutOfDate: Bool { self.kind == .time }

  private var kind: Kind { Kind(code: self.code) }

  package var words: String {
    var words = "certificate rejected: \(self.reason) (\(self.code))"
    guard let certificate = self.certificate else { return words }
    switch self.kind {
    case .name:
      let names = certificate.names.joined(separator: ", ")
      words += ": it is for \(names.isEmpty ? "no name at all" : names)"
      if let expected = self.expected { words += ", not for \(expected)" }
    case .time:
      words += ": valid from \(certificate.notBefore) to \(certificate.notAfter)"
    case .other:
      break
    }
    words += "; at depth \(self.depth), subject \(certificate.subject)"
    return words + ", issuer \(certificate.issuer)"
  }
}

extension CertificateRejection {
  /// What the words dwell on.
  private enum Kind {
    case name
    case time
    case other

    init(code: Int) {
      switch CInt(truncatingIfNeeded: code) {
      case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH: self = .name
      case X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CERT_NOT_YET_VALID: self = .time
      default: self = .other
      }
    }
  }

  init(_ complaint: TLSLedger.Complaint, expected: TLSServerName?) {
    self.code = Int(complaint.code)
    // A string that lives as long as the library, for unknown codes too.
    self.reason = unsafe String(cString: X509_verify_cert_error_string(CLong(complaint.code)))
    self.depth = Int(complaint.depth)
    self.expected = expected?.text
    self.certificate = unsafe complaint.certificate.map { unsafe CertificateSummary($0) }
  }
}

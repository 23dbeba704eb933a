// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// An alert, by which one side tells the other why it ends the connection (RFC 8446 §6).
package struct TLSAlert: Equatable, Sendable {
  /// A number of IANA's registry "TLS Alerts".
  package let code: UInt8
  package let isFatal: Bool

  package init(code: UInt8, isFatal: Bool = true) {
    self.code = code
    self.isFatal = isFatal
  }

  /// Takes the two bytes of an alert as libssl's callback gets them.
  init(levelAndDescription value: CInt) {
    self.init(
      code: UInt8(truncatingIfNeeded: value), isFatal: value >> 8 == SSL3_AL_FATAL)
  }

  package static let handshakeFailure = TLSAlert(code: 40)
  package static let badCertificate = TLSAlert(code: 42)
  package static let certificateExpired = TLSAlert(code: 45)
  package static let unknownCA = TLSAlert(code: 48)
  package static let decodeError = TLSAlert(code: 50)
  package static let protocolVersion = TLSAlert(code: 70)
  package static let certificateRequired = TLSAlert(code: 116)
  package static let noApplicationProtocol = TLSAlert(code: 120)

  /// What the specification calls it, with a space for each underscore.
  package var words: String {
    // The library has words for older alerts only.
    switch self.code {
    case 116: return "certificate required"
    case 120: return "no application protocol"
    default: break
    }
    // A string that lives as long as the library, for unknown codes too.
    return unsafe String(cString: SSL_alert_desc_string_long(CInt(self.code)))
  }
}

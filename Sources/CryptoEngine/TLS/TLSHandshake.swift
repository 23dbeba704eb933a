// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// What the two sides agreed upon.
package struct TLSHandshake: Equatable, Sendable {
  package var version: TLSVersion
  /// IANA's name, for example `TLS_AES_256_GCM_SHA384`.
  package var cipherSuite: String
  /// By ALPN; nil if the server did not choose any.
  package var applicationProtocol: String?
  /// An earlier connection's session went on, so no certificate was shown.
  package var isResumed: Bool

  init(of ssl: OpaquePointer) {
    self.version = unsafe SSL_version(ssl) == TLS1_3_VERSION ? .tls13 : .tls12
    // Null for a null suite, which a finished handshake does not have.
    let suite = unsafe SSL_CIPHER_standard_name(SSL_get_current_cipher(ssl))
    self.cipherSuite = if let suite = unsafe suite { unsafe String(cString: suite) } else { "" }
    self.applicationProtocol = unsafe Self.applicationProtocol(of: ssl)
    self.isResumed = unsafe SSL_session_reused(ssl) == 1
  }

  private static func applicationProtocol(of ssl: OpaquePointer) -> String? {
    var name: UnsafePointer<UInt8>?
    var count: CUnsignedInt = 0
    unsafe SSL_get0_alpn_selected(ssl, &name, &count)
    guard count > 0 else { return nil }
    // It is one of those that we named, so it is text.
    return unsafe String(
      decoding: UnsafeBufferPointer(start: name, count: Int(count)), as: UTF8.self)
  }
}

// SPDX-License-Identifier: Apache-2.0

import COpenSSL

extension TLSError {
  /// Sorts what libssl says of a failure that is neither a certificate's nor an alert's.
  ///
  /// - Parameters:
  ///   - entries: The error queue, the cause first.
  ///   - opening: The first bytes of the peer.
  init(entries: [ErrorQueue.Entry], opening: InlineArray<5, UInt8>) {
    guard let cause = entries.first else {
      self = .protocolViolation(reason: "unknown")
      return
    }
    if entries.contains(where: \.isOutOfMemory) {
      self = .native(.native(function: "libssl", code: cause.code, reason: cause.text))
    } else if entries.contains(where: \.saysNotTLS), let plain = PlainProtocol(opening) {
      self = .notTLS(plain)
    } else if entries.contains(where: { $0.isSSL(SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE) }) {
      self = .noCertificate
    } else if entries.contains(where: { $0.isSSL(SSL_R_CALLBACK_FAILED) }) {
      // The one that looks at the ClientHello, see `didReadHello`.
      self = .nothingInCommon(reason: "client offers no application protocol (ALPN)")
    } else if let entry = entries.first(where: \.saysNothingInCommon) {
      self = .nothingInCommon(reason: entry.text)
    } else {
      self = .protocolViolation(reason: cause.text)
    }
  }
}

extension TLSError.PlainProtocol {
  /// Nil if the bytes may well be the header of a TLS record (RFC 8446 §5.1).
  init?(_ opening: InlineArray<5, UInt8>) {
    if 20...23 ~= opening[0], opening[1] == 3 { return nil }
    let text = String(decoding: opening.indices.map { opening[$0] }, as: UTF8.self)
    // How a server of HTTP answers a ClientHello, and how its clients begin.
    let methods = ["GET ", "POST ", "PUT ", "HEAD ", "PRI *", "OPTIO", "PATCH", "DELET", "CONNE"]
    let isHTTP = text == "HTTP/" || methods.contains { text.hasPrefix($0) }
    self = isHTTP ? .http : .unknown
  }
}

extension ErrorQueue.Entry {
  fileprivate var isOutOfMemory: Bool {
    // Common to all libraries (err.h).
    self.reason == ERR_R_MALLOC_FAILURE
  }

  fileprivate var saysNotTLS: Bool {
    self.isSSL(SSL_R_WRONG_VERSION_NUMBER) || self.isSSL(SSL_R_HTTP_REQUEST)
      || self.isSSL(SSL_R_HTTPS_PROXY_REQUEST) || self.isSSL(SSL_R_PACKET_LENGTH_TOO_LONG)
      || self.isSSL(SSL_R_RECORD_LENGTH_MISMATCH) || self.isSSL(SSL_R_UNSUPPORTED_PROTOCOL)
  }

  fileprivate var saysNothingInCommon: Bool {
    [
      SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_NO_SHARED_CIPHER, SSL_R_NO_PROTOCOLS_AVAILABLE,
      SSL_R_VERSION_TOO_LOW, SSL_R_WRONG_SSL_VERSION, SSL_R_NO_APPLICATION_PROTOCOL,
      SSL_R_NO_SUITABLE_KEY_SHARE, SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM,
      SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS, SSL_R_NO_SUITABLE_GROUPS, SSL_R_UNKNOWN_PROTOCOL,
      SSL_R_INAPPROPRIATE_FALLBACK, SSL_R_NO_CIPHERS_AVAILABLE,
    ].contains { self.isSSL($0) }
  }
}

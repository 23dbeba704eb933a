// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The versions that are spoken at all. Those before are broken (RFC 8996).
package enum TLSVersion: String, Comparable, Sendable {
  /// RFC 5246.
  case tls12 = "TLSv1.2"
  /// RFC 8446.
  case tls13 = "TLSv1.3"

  package static func < (left: TLSVersion, right: TLSVersion) -> Bool {
    left == .tls12 && right == .tls13
  }
}

/// Whom to trust to name others.
package enum TLSTrust: Equatable, Sendable {
  /// The system's store: OpenSSL's default file and directory, or what `SSL_CERT_FILE` and
  /// `SSL_CERT_DIR` name instead.
  case system
  /// The certificates of a PEM file, and no others. Read once, when the context is made.
  case file(path: String)
  /// The certificates of a PEM text, and no others. Errors name `source`.
  case pem([UInt8], source: String = TLSTrust.unnamedSource)

  /// What errors call a text that came without a name.
  package static let unnamedSource = "the given text"
}

/// What a client asks of a server's certificate.
package enum TLSVerification: Equatable, Sendable {
  /// A valid chain to one of these, and the name or address that was meant.
  case required(trust: TLSTrust)
  /// Nothing at all. Whoever sits on the way can then read and change everything.
  case insecureSkipVerification
}

/// Who we are: certificates, our own first, and the private key to it, both as PEM.
package struct TLSIdentity: Sendable {
  package var certificateChainPEM: [UInt8]
  package var privateKeyPEM: [UInt8]
  /// Where the two come from, as errors name it.
  package var certificateSource = TLSTrust.unnamedSource
  package var keySource = TLSTrust.unnamedSource

  package init(certificateChainPEM: [UInt8], privateKeyPEM: [UInt8]) {
    self.certificateChainPEM = certificateChainPEM
    self.privateKeyPEM = privateKeyPEM
  }
}

extension TLSIdentity: CustomStringConvertible, CustomReflectable {
  package var description: String { "<redacted>" }
  package var customMirror: Mirror { Mirror(self, children: []) }
}

/// What one connection may cost before and beside the bytes that it is for.
package struct TLSLimits: Equatable, Sendable {
  /// Ciphertext that a peer may send until the handshake is done. The chains of AWS take some 5 KiB.
  package var maxHandshakeBytes = 131_072

  /// A peer's certificate chain, as it stands in its message. OpenSSL's own limit is 100 KiB.
  package var maxCertificateBytes = 65_536

  /// Ciphertext that waits to be drained. Beyond it ``TLSConnection/send(_:)`` takes no more, and a
  /// peer that provokes as much is cut off. One record (16 KiB and 256 bytes) more may come.
  package var maxPendingBytes = 131_072

  package init() {}
}

/// How we speak as a client: with AEAD cipher suites only.
package struct TLSClientSettings: Sendable {
  package var versions = TLSVersion.tls12...TLSVersion.tls13
  package var verification = TLSVerification.required(trust: .system)
  /// Offered in this order (ALPN, RFC 7301); none if empty.
  package var applicationProtocols: [String] = []
  /// What to show a server that asks who we are.
  package var identity: TLSIdentity?
  package var limits = TLSLimits()

  package init() {}
}

/// Whether clients must show a certificate, where there is somebody to trust for it.
package enum TLSClientAuthentication: Sendable {
  case requested
  case required
}

/// How we speak as a server: with AEAD cipher suites only.
package struct TLSServerSettings: Sendable {
  package var versions = TLSVersion.tls12...TLSVersion.tls13
  package var identity: TLSIdentity
  /// Preferred in this order (ALPN, RFC 7301). A client that offers only others is refused.
  package var applicationProtocols: [String] = []
  /// Refuses a client that offers no protocol at all; else nothing is agreed upon with it.
  package var requiresApplicationProtocol = false
  /// Whom clients' certificates must come from. Nil: clients are not asked for any.
  package var clientTrust: TLSTrust?
  /// What becomes of a client that shows no certificate. One that is not valid is always refused.
  package var clientAuthentication = TLSClientAuthentication.required
  /// Lists of revoked certificates, as PEM. With any, a client is refused unless there is a list of
  /// its certificate's issuer that is in date and does not name it; an authority between is looked up
  /// if there is a list of its issuer.
  package var clientRevocationPEM: [UInt8]?
  /// Where they come from, as errors name it.
  package var clientRevocationSource = TLSTrust.unnamedSource
  package var limits = TLSLimits()
  /// Seconds since 1970, by which a client that resumes a session is told from one whose certificate
  /// is over since.
  package var wallClock: @Sendable () -> Int = { time(nil) }

  package init(identity: TLSIdentity) {
    self.identity = identity
  }
}

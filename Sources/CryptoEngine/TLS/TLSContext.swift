// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// How a client speaks TLS and whom it trusts. Made once, for all connections and event loops.
package final class TLSClientContext: Sendable {
  let limits: TLSLimits
  private let native: Mutex<NativeContext>

  /// Reads the trusted certificates and checks the settings; blocks while it reads.
  package init(_ settings: TLSClientSettings) throws(TLSConfigurationError) {
    let native = try makeNativeContext(settings.versions, settings.limits)
    switch settings.verification {
    case .required(let trust):
      try native.trust(trust)
      native.verifyPeers()
    case .insecureSkipVerification:
      native.verifyNobody()
    }
    try native.offer(settings.applicationProtocols)
    if let identity = settings.identity { try native.identify(as: identity) }
    native.rememberSessions()
    self.limits = settings.limits
    self.native = Mutex(native)
  }

  func makeNative() throws(CryptoError) -> NativeConnection {
    try self.native.withLock { native throws(CryptoError) in try native.makeConnection() }
  }
}

/// How a server speaks TLS and who it is. Made once, for all connections and event loops; anew when
/// its certificate changes, while connections keep the one they began with.
package final class TLSServerContext: Sendable {
  /// What is shown to clients: the first certificate of the identity.
  package let certificate: CertificateSummary?
  let limits: TLSLimits
  private let native: Mutex<NativeContext>

  /// Checks the certificates and the key; blocks while it reads files.
  package init(_ settings: TLSServerSettings) throws(TLSConfigurationError) {
    var native = try makeNativeContext(settings.versions, settings.limits)
    try native.identify(as: settings.identity)
    if let trust = settings.clientTrust {
      try native.trust(trust)
      try native.nameAuthorities(trust)
      native.verifyPeers(settings.clientAuthentication)
      if let lists = settings.clientRevocationPEM {
        try native.revoke(lists, from: settings.clientRevocationSource)
      }
    } else {
      native.verifyNobody()
    }
    try native.prefer(settings.applicationProtocols)
    if settings.requiresApplicationProtocol { native.requireProtocol() }
    try native.issueTickets(wallClock: settings.wallClock)
    self.certificate = native.certificate
    self.limits = settings.limits
    self.native = Mutex(native)
  }

  /// The server's end of a connection that a client has opened.
  ///
  /// - Throws: ``TLSError/native(_:)``, for want of memory.
  package func makeConnection() throws(TLSError) -> TLSConnection {
    try TLSConnection(server: self)
  }

  func makeNative() throws(CryptoError) -> NativeConnection {
    try self.native.withLock { native throws(CryptoError) in try native.makeConnection() }
  }
}

private func makeNativeContext(
  _ versions: ClosedRange<TLSVersion>, _ limits: TLSLimits
) throws(TLSConfigurationError) -> NativeContext {
  do throws(CryptoError) {
    return try NativeContext.make(versions: versions, limits: limits)
  } catch {
    throw .native(error)
  }
}

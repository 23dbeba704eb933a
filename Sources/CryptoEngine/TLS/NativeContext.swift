// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// An `SSL_CTX` and what it refers to by address: one set of rules for many connections.
///
/// After it is set up it is only read from, and libssl counts references to it atomically.
@safe
struct NativeContext: ~Copyable {
  private let context: OpaquePointer
  /// How libssl reaches our buffers. Connections use it by address, so their owner keeps this alive.
  private let transport: OpaquePointer
  /// A server's protocols in the form of RFC 7301, for the callback that chooses among them.
  private var preference: UnsafeMutableBufferPointer<UInt8>?
  /// By which a server looks at the tickets that it gave.
  private var wallClock: @Sendable () -> Int = { time(nil) }

  /// Takes over both.
  private init(_ context: OpaquePointer, transport: OpaquePointer) {
    unsafe self.context = context
    unsafe self.transport = transport
    unsafe self.preference = nil
  }

  deinit {
    unsafe SSL_CTX_free(self.context)
    unsafe BIO_meth_free(self.transport)
    unsafe self.preference?.deallocate()
  }

  /// Makes a context with AEAD suites, without compression, renegotiation and early data.
  static func make(
    versions: ClosedRange<TLSVersion>, limits: TLSLimits
  ) throws(CryptoError) -> NativeContext {
    let context = unsafe try NativeCall.make("SSL_CTX_new") { unsafe SSL_CTX_new(TLS_method()) }
    let made: NativeContext
    do throws(CryptoError) {
      let transport = unsafe try NativeCall.make("BIO_meth_new") { unsafe makeTransportMethod() }
      made = unsafe NativeContext(context, transport: transport)
    } catch {
      unsafe SSL_CTX_free(context)
      throw error
    }
    try made.harden(versions, limits)
    return made
  }

  private borrowing func harden(
    _ versions: ClosedRange<TLSVersion>, _ limits: TLSLimits
  ) throws(CryptoError) {
    let context = unsafe self.context
    try NativeCall.run("SSL_CTX_set_min_proto_version") {
      unsafe copenssl_ctx_set_versions(
        context, versions.lowerBound.native, versions.upperBound.native)
    }
    // TLS 1.3 knows AEAD suites only. The list is for TLS 1.2: forward secrecy and AEAD.
    try NativeCall.run("SSL_CTX_set_cipher_list") {
      unsafe SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20:!PSK")
    }
    unsafe SSL_CTX_set_options(
      context,
      copenssl_op_no_compression | copenssl_op_no_renegotiation | copenssl_op_server_preference)
    // An idle connection holds no record buffers.
    unsafe copenssl_ctx_set_mode(context, CLong(SSL_MODE_RELEASE_BUFFERS))
    unsafe copenssl_ctx_set_max_cert_list(context, limits.maxCertificateBytes)
    unsafe SSL_CTX_set_info_callback(context, didChangeState)
  }
}

extension TLSVersion {
  fileprivate var native: CInt {
    switch self {
    case .tls12: TLS1_2_VERSION
    case .tls13: TLS1_3_VERSION
    }
  }
}

// MARK: - Rules

extension NativeContext {
  /// Fills the store that peers' certificates are checked against.
  borrowing func trust(_ trust: TLSTrust) throws(TLSConfigurationError) {
    switch trust {
    case .system:
      do throws(CryptoError) {
        try NativeCall.run("SSL_CTX_set_default_verify_paths") {
          unsafe SSL_CTX_set_default_verify_paths(self.context)
        }
      } catch {
        throw .native(error)
      }
    case .file(let path):
      try self.trust(PEMText.open(path: path))
    case .pem(let bytes, let source):
      try PEMText.reading(bytes, from: source) { text throws(TLSConfigurationError) in
        try self.trust(text)
      }
    }
    // What an operator trusts is trusted as it is: an intermediate needs no root above it.
    let parameters = unsafe SSL_CTX_get0_param(self.context)
    unsafe X509_VERIFY_PARAM_set_flags(parameters, CUnsignedLong(X509_V_FLAG_PARTIAL_CHAIN))
  }

  private borrowing func trust(_ text: borrowing PEMText) throws(TLSConfigurationError) {
    let store = unsafe SSL_CTX_get_cert_store(self.context)
    let count = try unsafe text.forEachCertificate { certificate throws(CryptoError) in
      // The store takes its own reference. The same certificate twice is fine with it.
      try NativeCall.run("X509_STORE_add_cert") { unsafe X509_STORE_add_cert(store, certificate) }
    }
    guard count > 0 else { throw .noCertificate(source: text.source) }
  }

  /// Refuses peers whose certificate is not valid, and, unless it is only requested, that show none.
  borrowing func verifyPeers(_ authentication: TLSClientAuthentication = .required) {
    let needsOne = authentication == .required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0
    unsafe SSL_CTX_set_verify(self.context, SSL_VERIFY_PEER | needsOne, didVerify)
  }

  /// Looks up peers' certificates in lists of revoked ones.
  borrowing func revoke(
    _ lists: [UInt8], from source: String
  ) throws(TLSConfigurationError) {
    let store = unsafe SSL_CTX_get_cert_store(self.context)
    try PEMText.reading(lists, from: source) { text throws(TLSConfigurationError) in
      let count = try unsafe text.forEachRevocationList { list throws(CryptoError) in
        // The store takes its own reference.
        try NativeCall.run("X509_STORE_add_crl") { unsafe X509_STORE_add_crl(store, list) }
      }
      guard count > 0 else { throw .noRevocationList(source: text.source) }
    }
    let parameters = unsafe SSL_CTX_get0_param(self.context)
    unsafe X509_VERIFY_PARAM_set_flags(
      parameters, CUnsignedLong(X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL))
  }

  /// Names the authorities that a client's certificate may come from, so that one with several knows
  /// which to show (RFC 8446 §4.2.4).
  borrowing func nameAuthorities(_ trust: TLSTrust) throws(TLSConfigurationError) {
    let context = unsafe self.context
    let name = { (text: borrowing PEMText) throws(TLSConfigurationError) -> Void in
      _ = try unsafe text.forEachCertificate { certificate throws(CryptoError) in
        try NativeCall.run("SSL_CTX_add_client_CA") {
          unsafe SSL_CTX_add_client_CA(context, certificate)
        }
      }
    }
    switch trust {
    // There are some 140 of them, and nobody's own.
    case .system: break
    case .file(let path): try name(PEMText.open(path: path))
    case .pem(let bytes, let source): try PEMText.reading(bytes, from: source, name)
    }
  }

  borrowing func verifyNobody() {
    unsafe SSL_CTX_set_verify(self.context, SSL_VERIFY_NONE, nil)
  }

  borrowing func identify(as identity: TLSIdentity) throws(TLSConfigurationError) {
    let context = unsafe self.context
    var isFirst = true
    let count = try PEMText.reading(identity.certificateChainPEM, from: identity.certificateSource)
    {
      text throws(TLSConfigurationError) in
      try unsafe text.forEachCertificate { certificate throws(CryptoError) in
        if isFirst {
          isFirst = false
          try NativeCall.run("SSL_CTX_use_certificate") {
            unsafe SSL_CTX_use_certificate(context, certificate)
          }
        } else {
          try NativeCall.run("SSL_CTX_add1_chain_cert") {
            unsafe copenssl_ctx_add1_chain_cert(context, certificate)
          }
        }
      }
    }
    guard count > 0 else { throw .noCertificate(source: identity.certificateSource) }
    try PEMText.reading(identity.privateKeyPEM, from: identity.keySource) {
      text throws(TLSConfigurationError) in
      try unsafe text.withPrivateKey { key throws(TLSConfigurationError) in
        ErrorQueue.clear()
        defer { ErrorQueue.clear() }
        guard unsafe SSL_CTX_use_PrivateKey(context, key) == 1 else { throw .keyMismatch }
      }
    }
  }

  /// Asks for tickets and hands them to the connection that they came on; keeps none itself.
  borrowing func rememberSessions() {
    unsafe copenssl_ctx_set_session_cache_mode(
      self.context, CLong(SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL))
    unsafe SSL_CTX_sess_set_new_cb(self.context, didReceiveSession)
  }

  /// Issues tickets, which hold the session themselves: nothing is kept here. The key that they are
  /// sealed with is drawn with the context, and goes with it.
  mutating func issueTickets(
    wallClock: @escaping @Sendable () -> Int
  ) throws(TLSConfigurationError) {
    self.wallClock = wallClock
    unsafe copenssl_ctx_set_session_cache_mode(self.context, CLong(SSL_SESS_CACHE_OFF))
    unsafe SSL_CTX_set_session_ticket_cb(self.context, nil, didOpenTicket, nil)
    // A server that asks for certificates must say what its sessions are for, or none is resumed.
    let purpose = Array("iot-jobs-gateway".utf8)
    do throws(CryptoError) {
      try NativeCall.run("SSL_CTX_set_session_id_context") {
        unsafe purpose.withUnsafeBufferPointer { purpose in
          unsafe SSL_CTX_set_session_id_context(
            self.context, purpose.baseAddress, CUnsignedInt(purpose.count))
        }
      }
    } catch {
      throw .native(error)
    }
  }
}

// MARK: - Application protocols

extension NativeContext {
  /// Offers these as a client.
  borrowing func offer(_ protocols: [String]) throws(TLSConfigurationError) {
    let list = try Self.list(protocols)
    guard !list.isEmpty else { return }
    ErrorQueue.clear()
    // It copies the list. Unlike everything else it answers 0 for success.
    let result = unsafe list.withUnsafeBufferPointer { list in
      unsafe SSL_CTX_set_alpn_protos(self.context, list.baseAddress, CUnsignedInt(list.count))
    }
    guard result == 0 else { throw .native(NativeCall.failure("SSL_CTX_set_alpn_protos")) }
  }

  /// Chooses among a client's protocols as a server.
  mutating func prefer(_ protocols: [String]) throws(TLSConfigurationError) {
    let list = try Self.list(protocols)
    guard !list.isEmpty else { return }
    let preference = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: list.count)
    _ = unsafe preference.initialize(fromContentsOf: list)
    unsafe self.preference = preference
    // The callback finds the list through the connection, whose owner keeps this context alive.
    unsafe SSL_CTX_set_alpn_select_cb(self.context, chooseProtocol, nil)
  }

  /// Refuses a client that offers no protocol at all.
  borrowing func requireProtocol() {
    unsafe SSL_CTX_set_client_hello_cb(self.context, didReadHello, nil)
  }

  /// What a server shows first; nil if it is no server's.
  var certificate: CertificateSummary? {
    guard let certificate = unsafe copenssl_ctx_get0_certificate(self.context) else { return nil }
    return unsafe CertificateSummary(certificate)
  }

  /// Each name behind its length (RFC 7301 §3.1).
  private static func list(_ protocols: [String]) throws(TLSConfigurationError) -> [UInt8] {
    var list: [UInt8] = []
    for name in protocols {
      guard 1...255 ~= name.utf8.count else { throw .applicationProtocol(name) }
      list.append(UInt8(name.utf8.count))
      list.append(contentsOf: name.utf8)
    }
    return list
  }
}

// MARK: - Connections

extension NativeContext {
  /// Makes a connection that is neither client nor server yet.
  borrowing func makeConnection() throws(CryptoError) -> NativeConnection {
    try unsafe NativeConnection.make(
      context: self.context, transport: self.transport, preference: self.preference,
      wallClock: self.wallClock)
  }
}

// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// An `SSL` and its ledger.
@safe
struct NativeConnection: ~Copyable {
  let ssl: OpaquePointer
  let ledger: UnsafeMutablePointer<TLSLedger>

  /// Takes over the `SSL`.
  private init(_ ssl: OpaquePointer, _ ledger: consuming TLSLedger) {
    unsafe self.ssl = ssl
    unsafe self.ledger = .allocate(capacity: 1)
    unsafe self.ledger.initialize(to: ledger)
  }

  deinit {
    // In this order: freeing a connection may still write.
    unsafe SSL_free(self.ssl)
    unsafe self.ledger.deinitialize(count: 1)
    unsafe self.ledger.deallocate()
  }
}

// MARK: - Set-up

extension NativeConnection {
  /// Makes a connection that is neither client nor server yet.
  ///
  /// - Parameters:
  ///   - transport: a `BIO_METHOD` that outlives the connection.
  ///   - preference: a list of protocols that outlives the connection, for a server.
  ///   - wallClock: seconds since 1970.
  static func make(
    context: OpaquePointer, transport: OpaquePointer,
    preference: UnsafeMutableBufferPointer<UInt8>?, wallClock: @escaping @Sendable () -> Int
  ) throws(CryptoError) -> NativeConnection {
    let ssl = unsafe try NativeCall.make("SSL_new") { unsafe SSL_new(context) }
    let made = unsafe NativeConnection(
      ssl, TLSLedger(preference: preference, wallClock: wallClock))
    let ledger = unsafe made.ledger
    let bio = unsafe try NativeCall.make("BIO_new") { unsafe BIO_new(transport) }
    unsafe BIO_set_data(bio, ledger)
    unsafe BIO_set_init(bio, 1)
    // The connection owns the transport from here on, as both its directions.
    unsafe SSL_set_bio(ssl, bio, bio)
    try NativeCall.run("SSL_set_ex_data") { unsafe SSL_set_ex_data(ssl, ledgerSlot, ledger) }
    return made
  }
}

// MARK: - Roles

extension NativeConnection {
  /// Makes it a server's end.
  borrowing func accept() {
    unsafe SSL_set_accept_state(self.ssl)
  }

  /// Makes it a client's end that will only have this server.
  borrowing func expect(_ serverName: TLSServerName) throws(CryptoError) {
    unsafe SSL_set_connect_state(self.ssl)
    let ssl = unsafe self.ssl
    let parameters = unsafe SSL_get0_param(ssl)
    switch serverName {
    case .dns(let name):
      // RFC 9525 §6.3: a wildcard is a whole label; §6.4: the subject's common name is no name.
      unsafe X509_VERIFY_PARAM_set_hostflags(
        parameters,
        CUnsignedInt(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT))
      // Both copy the name, whose length 0 stands for "up to the NUL".
      try NativeCall.run("X509_VERIFY_PARAM_set1_host") {
        unsafe X509_VERIFY_PARAM_set1_host(parameters, name, 0)
      }
      try NativeCall.run("SSL_set_tlsext_host_name") {
        unsafe copenssl_set_tlsext_host_name(ssl, name)
      }
    case .address(let address):
      try NativeCall.run("X509_VERIFY_PARAM_set1_ip_asc") {
        unsafe X509_VERIFY_PARAM_set1_ip_asc(parameters, address)
      }
    }
  }
}

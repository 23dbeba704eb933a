// SPDX-License-Identifier: Apache-2.0

// libssl's callbacks: recover the ledger, note what happened, return. None of them throws, logs or
// drives the connection; what they call of the library only reads what they were given.

import COpenSSL

// MARK: - Transport

/// The type's number within the process, of which there are few: taken once.
private let transportType = BIO_get_new_index() | BIO_TYPE_SOURCE_SINK

/// A `BIO_METHOD` that reads what the ledger was lent and writes into the ledger.
///
/// Unlike a memory BIO it keeps no bytes inbound, and none outbound once they are drained.
func makeTransportMethod() -> OpaquePointer? {
  guard let method = unsafe BIO_meth_new(transportType, "ledger") else { return nil }
  unsafe BIO_meth_set_read_ex(method, readCiphertext)
  unsafe BIO_meth_set_write_ex(method, writeCiphertext)
  unsafe BIO_meth_set_ctrl(method, controlTransport)
  return unsafe method
}

private func ledger(ofTransport bio: OpaquePointer?) -> UnsafeMutablePointer<TLSLedger>? {
  unsafe BIO_get_data(bio)?.assumingMemoryBound(to: TLSLedger.self)
}

private func readCiphertext(
  bio: OpaquePointer?, buffer: UnsafeMutablePointer<CChar>?, capacity: Int,
  count: UnsafeMutablePointer<Int>?
) -> CInt {
  guard let ledger = unsafe ledger(ofTransport: bio) else { return 0 }
  let read = unsafe ledger.pointee.read(
    into: UnsafeMutableRawBufferPointer(start: buffer, count: capacity))
  unsafe count?.pointee = read
  unsafe copenssl_clear_retry_flags(bio)
  // Nothing is left of what was lent; there may be more another time.
  if read == 0 { unsafe copenssl_set_retry_read(bio) }
  return read > 0 ? 1 : 0
}

private func writeCiphertext(
  bio: OpaquePointer?, bytes: UnsafePointer<CChar>?, count: Int,
  written: UnsafeMutablePointer<Int>?
) -> CInt {
  guard let ledger = unsafe ledger(ofTransport: bio) else { return 0 }
  unsafe ledger.pointee.write(UnsafeRawBufferPointer(start: bytes, count: count))
  unsafe written?.pointee = count
  unsafe copenssl_clear_retry_flags(bio)
  return 1
}

private func controlTransport(
  _: OpaquePointer?, command: CInt, _: CLong, _: UnsafeMutableRawPointer?
) -> CLong {
  // What is written is where it should be. All else is either not asked of us or not ours to do.
  command == BIO_CTRL_FLUSH ? 1 : 0
}

// MARK: - Connection

/// Where a connection keeps the address of its ledger: the slot that libssl leaves to applications.
let ledgerSlot: CInt = 0

private func ledger(of ssl: OpaquePointer?) -> UnsafeMutablePointer<TLSLedger>? {
  unsafe SSL_get_ex_data(ssl, ledgerSlot)?.assumingMemoryBound(to: TLSLedger.self)
}

/// `SSL_CTX_set_info_callback`: told of each step, of which only alerts matter here.
func didChangeState(ssl: OpaquePointer?, place: CInt, value: CInt) {
  guard place & SSL_CB_ALERT != 0, let ledger = unsafe ledger(of: ssl) else { return }
  let alert = TLSAlert(levelAndDescription: value)
  // close_notify and warnings have ends of their own.
  guard alert.isFatal else { return }
  if place & SSL_CB_READ != 0 {
    unsafe ledger.pointee.alertReceived = alert
  } else {
    unsafe ledger.pointee.alertSent = alert
  }
}

/// `SSL_CTX_set_verify`: told of each certificate in the chain, and of each complaint.
///
/// - Returns: 1 to go on, 0 to refuse the peer.
func didVerify(isFine: CInt, store: OpaquePointer?) -> CInt {
  if isFine == 1 { return 1 }
  let connection = unsafe X509_STORE_CTX_get_ex_data(
    store, SSL_get_ex_data_X509_STORE_CTX_idx())
  guard let ledger = unsafe ledger(of: connection.map { OpaquePointer($0) }) else {
    return 0
  }
  let (code, depth) = unsafe (
    X509_STORE_CTX_get_error(store), X509_STORE_CTX_get_error_depth(store)
  )
  // Lists of revoked authorities are looked at if there are any; of the peer's own issuer one must be.
  if code == X509_V_ERR_UNABLE_TO_GET_CRL, depth > 0 {
    unsafe X509_STORE_CTX_set_error(store, X509_V_OK)
    return 1
  }
  unsafe ledger.pointee.complain(
    code: code, depth: depth,
    about: X509_STORE_CTX_get_current_cert(store))
  return 0
}

/// `SSL_CTX_sess_set_new_cb`: a session that a later connection may resume.
///
/// - Returns: 1 if we keep the reference.
func didReceiveSession(ssl: OpaquePointer?, session: OpaquePointer?) -> CInt {
  guard let ledger = unsafe ledger(of: ssl), let session = unsafe session else { return 0 }
  return unsafe ledger.pointee.receivedSession(session) ? 1 : 0
}

/// `SSL_CTX_set_session_ticket_cb`: a client comes back with a ticket that the library has opened, or
/// could not open.
///
/// A resumed client shows no certificate, and in TLS 1.3 each connection brings it a fresh ticket: one
/// whose certificate is over since would come in for ever.
func didOpenTicket(
  ssl: OpaquePointer?, session: OpaquePointer?, _: UnsafePointer<UInt8>?, _: Int,
  status: SSL_TICKET_STATUS, _: UnsafeMutableRawPointer?
) -> SSL_TICKET_RETURN {
  let isOpen = status == SSL_TICKET_SUCCESS || status == SSL_TICKET_SUCCESS_RENEW
  guard isOpen else { return SSL_TICKET_RETURN_IGNORE_RENEW }
  if let certificate = unsafe SSL_SESSION_get0_peer(session) {
    guard var now = unsafe ledger(of: ssl)?.pointee.wallClock(),
      unsafe X509_cmp_time(X509_get0_notAfter(certificate), &now) > 0
    else { return SSL_TICKET_RETURN_IGNORE_RENEW }
  }
  return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW
}

/// `SSL_CTX_set_client_hello_cb`: asks whether the client offers any protocol by ALPN (RFC 7301 §3.1).
///
/// - Returns: 1 to go on, 0 to refuse it with the alert.
func didReadHello(
  ssl: OpaquePointer?, alert: UnsafeMutablePointer<CInt>?, _: UnsafeMutableRawPointer?
) -> CInt {
  var body: UnsafePointer<UInt8>?
  var count = 0
  let offers = unsafe SSL_client_hello_get0_ext(
    ssl, CUnsignedInt(TLSEXT_TYPE_application_layer_protocol_negotiation), &body, &count)
  if offers == 1 { return SSL_CLIENT_HELLO_SUCCESS }
  unsafe alert?.pointee = CInt(TLSAlert.noApplicationProtocol.code)
  return SSL_CLIENT_HELLO_ERROR
}

/// `SSL_CTX_set_alpn_select_cb`: picks our first protocol that the client offers too.
func chooseProtocol(
  ssl: OpaquePointer?, chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
  chosenCount: UnsafeMutablePointer<UInt8>?, offered: UnsafePointer<UInt8>?,
  offeredCount: CUnsignedInt, _: UnsafeMutableRawPointer?
) -> CInt {
  guard let ledger = unsafe ledger(of: ssl), let preference = unsafe ledger.pointee.preference
  else { return SSL_TLSEXT_ERR_NOACK }
  var match: UnsafeMutablePointer<UInt8>?
  // The answer points into one of the two lists, which both outlive the handshake's step.
  let result = unsafe SSL_select_next_proto(
    &match, chosenCount, preference.baseAddress, CUnsignedInt(preference.count), offered,
    offeredCount)
  guard result == OPENSSL_NPN_NEGOTIATED else { return SSL_TLSEXT_ERR_ALERT_FATAL }
  unsafe chosen?.pointee = unsafe UnsafePointer(match)
  return SSL_TLSEXT_ERR_OK
}

// SPDX-License-Identifier: Apache-2.0

// TLS/ is where libssl is known: ciphertext in and plaintext out, plaintext in and ciphertext out.
// It refuses to know sockets, event loops and time limits, and what the plaintext is.

import COpenSSL

/// One end of a TLS connection (RFC 8446, RFC 5246), without I/O.
///
/// The order of calls is always the same: ``receive(_:plaintext:)`` what the socket gave or
/// ``send(_:)`` what the application has, then ``drainCiphertext(into:)``; also after a throw, so
/// that the peer gets its alert. A client has something to drain from the beginning. When the socket
/// ends, ask ``receivedEndOfInput()`` whether that was the end the peer meant.
///
/// A connection belongs to one event loop. It is a class since libssl keeps its ledger's address.
@safe
package final class TLSConnection {
  /// What the two sides agreed upon; nil until the handshake is done.
  package private(set) var handshake: TLSHandshake?

  private enum Role {
    case client(TLSEndpoint)
    case server(TLSServerContext)
  }

  private enum Phase {
    case handshaking
    case open
    case failed
  }

  private let native: NativeConnection
  /// Also keeps alive what libssl refers to by address.
  private let role: Role
  private let limits: TLSLimits
  private var phase = Phase.handshaking
  /// We have said that nothing more will come.
  private var isOutputClosed = false
  /// The peer has.
  private var isInputClosed = false
  private var askedToResume = false

  init(client endpoint: TLSEndpoint) throws(TLSError) {
    do throws(CryptoError) {
      let native = try endpoint.context.makeNative()
      try native.expect(endpoint.serverName)
      self.native = native
    } catch {
      throw .native(error)
    }
    self.role = .client(endpoint)
    self.limits = endpoint.context.limits
    if let session = endpoint.takeSession() {
      self.askedToResume = unsafe session.resume(on: self.native.ssl)
    }
    _ = try self.continueHandshake()
  }

  init(server context: TLSServerContext) throws(TLSError) {
    do throws(CryptoError) {
      self.native = try context.makeNative()
    } catch {
      throw .native(error)
    }
    self.native.accept()
    self.role = .server(context)
    self.limits = context.limits
  }
}

// MARK: - Inbound

extension TLSConnection {
  package enum OnReceive: Equatable, Sendable {
    /// All has been read; more may come.
    case wantsMore
    /// The peer has said that nothing more will come (close_notify, RFC 8446 §6.1).
    case closedByPeer
  }

  /// Takes ciphertext and hands over the plaintext in it, a record or less at a time.
  ///
  /// Nothing is held back: of what was received only an incomplete record stays inside. Look at
  /// ``handshake`` afterwards, too: it may be done.
  ///
  /// - Parameter sink: Copies the bytes; their memory is used again. It makes no call to this
  ///   connection.
  /// - Throws: What ends the connection.
  package func receive(
    _ ciphertext: Span<UInt8>, plaintext sink: (Span<UInt8>) -> Void
  ) throws(TLSError) -> OnReceive {
    guard self.phase != .failed else { throw .alreadyFailed }
    // RFC 8446 §6.1: what comes after close_notify is ignored.
    guard !self.isInputClosed else { return .closedByPeer }
    let ledger = unsafe self.native.ledger
    return try unsafe ciphertext.withUnsafeBufferPointer { bytes throws(TLSError) in
      // libssl reads the bytes in the calls below, and copies what it must keep.
      unsafe ledger.pointee.lend(bytes)
      defer { unsafe ledger.pointee.endLoan() }
      if self.phase == .handshaking, try !self.continueHandshake() { return .wantsMore }
      return try self.decrypt(expecting: bytes.count, into: sink)
    }
  }

  package enum OnEndOfInput: Equatable, Sendable {
    /// The peer had said so before: it has sent all that it meant to.
    case clean
    /// It had not. Whatever it sent last may be cut short (RFC 8446 §6.1, RFC 9112 §9.8).
    case truncated
    /// It hung up before the two agreed on anything.
    case duringHandshake
    /// The connection had failed; its end is no news.
    case afterFailure
  }

  /// Says what it means that the socket gives no more bytes.
  package func receivedEndOfInput() -> OnEndOfInput {
    switch self.phase {
    case .handshaking: .duringHandshake
    case .open: self.isInputClosed ? .clean : .truncated
    case .failed: .afterFailure
    }
  }

  /// - Returns: Whether the handshake is done.
  private func continueHandshake() throws(TLSError) -> Bool {
    let ledger = unsafe self.native.ledger
    let outcome = unsafe self.call { unsafe SSL_do_handshake($0) }
    switch outcome {
    case .done:
      self.phase = .open
      self.handshake = unsafe TLSHandshake(of: self.native.ssl)
      return true
    case .wantsMore:
      guard unsafe ledger.pointee.bytesRead <= self.limits.maxHandshakeBytes else {
        throw self.fail(with: .handshakeTooLong(limit: self.limits.maxHandshakeBytes))
      }
      return false
    case .closed:
      throw self.fail(with: .protocolViolation(reason: "close_notify within the handshake"))
    case .failed(let entries):
      throw self.fail(with: self.error(for: entries))
    }
  }

  private func decrypt(
    expecting count: Int, into sink: (Span<UInt8>) -> Void
  ) throws(TLSError) -> OnReceive {
    let capacity = min(max(count, 1_024), Int(SSL3_RT_MAX_PLAIN_LENGTH))
    let answer = unsafe try withUnsafeTemporaryAllocation(of: UInt8.self, capacity: capacity) {
      buffer throws(TLSError) in
      while true {
        var read = 0
        let outcome = unsafe self.call {
          unsafe SSL_read_ex($0, buffer.baseAddress, capacity, &read)
        }
        switch outcome {
        case .done:
          // libssl has written as many bytes as it says.
          sink(unsafe Span(_unsafeElements: buffer.extracting(..<read)))
        case .wantsMore: return OnReceive.wantsMore
        case .closed: return OnReceive.closedByPeer
        case .failed(let entries): throw self.fail(with: self.error(for: entries))
        }
      }
    }
    self.keepSessions()
    self.isInputClosed = answer == .closedByPeer
    let limit = self.limits.maxPendingBytes
    guard self.pendingCiphertext <= limit + Self.recordBytes else {
      throw self.fail(with: .flooded(limit: limit))
    }
    return answer
  }

  private func keepSessions() {
    guard unsafe self.native.ledger.pointee.hasSessions else { return }
    let sessions = unsafe self.native.ledger.pointee.takeSessions()
    if case .client(let endpoint) = self.role { endpoint.keep(sessions) }
  }
}

// MARK: - Outbound

extension TLSConnection {
  /// The most that one record takes on the wire (RFC 5246 §6.2.3: 2048 bytes of overhead at most).
  private static var recordBytes: Int { 16_384 + 2_048 + 5 }

  package enum OnSend: Equatable, Sendable {
    /// So many bytes are encrypted and wait to be drained. Fewer than were given: drain, and send
    /// the rest.
    case accepted(Int)
    /// The handshake is not done yet.
    case notYet
    /// We have closed our side.
    case closed
  }

  /// Encrypts what the application has to say.
  ///
  /// - Throws: What ends the connection.
  package func send(_ plaintext: Span<UInt8>) throws(TLSError) -> OnSend {
    guard self.phase != .failed else { throw .alreadyFailed }
    if self.isOutputClosed { return .closed }
    guard self.phase == .open else { return .notYet }
    let ledger = unsafe self.native.ledger
    // Some 22 to 29 bytes go around each record.
    unsafe ledger.pointee.reserveOutbound(
      min(plaintext.count + 64, self.limits.maxPendingBytes + Self.recordBytes))
    var accepted = 0
    while accepted < plaintext.count, self.pendingCiphertext < self.limits.maxPendingBytes {
      let record = plaintext.extracting(
        accepted..<min(plaintext.count, accepted + Int(SSL3_RT_MAX_PLAIN_LENGTH)))
      var written = 0
      let outcome = unsafe record.withUnsafeBufferPointer { record in
        // libssl encrypts the bytes within this call: the ledger always takes what it writes.
        unsafe self.call { unsafe SSL_write_ex($0, record.baseAddress, record.count, &written) }
      }
      switch outcome {
      case .done: accepted += written
      case .wantsMore: return .accepted(accepted)
      case .closed: return .closed
      case .failed(let entries): throw self.fail(with: self.error(for: entries))
      }
    }
    return .accepted(accepted)
  }

  /// Ciphertext that waits to be drained, in bytes.
  package var pendingCiphertext: Int { unsafe self.native.ledger.pointee.outbound.count }

  /// Hands over all ciphertext that waits, if any, for the socket.
  package func drainCiphertext(into sink: (Span<UInt8>) -> Void) {
    guard self.pendingCiphertext > 0 else { return }
    let bytes = unsafe self.native.ledger.pointee.takeOutbound()
    sink(bytes.span)
  }

  /// Says that nothing more will be sent: one close_notify waits to be drained afterwards.
  ///
  /// Before the handshake is done there is nothing to say, and the socket's end says enough.
  /// Receiving goes on.
  package func close() {
    guard !self.isOutputClosed else { return }
    self.isOutputClosed = true
    guard self.phase == .open else { return }
    // 0 means that the peer has not said so yet. It cannot fail otherwise in this phase, and if it
    // does, the peer sees the socket's end without close_notify.
    _ = unsafe self.call { unsafe SSL_shutdown($0) }
  }
}

// MARK: - The peer

extension TLSConnection {
  /// The peer's own certificate: in a full handshake as it was shown, in a resumed one as remembered.
  /// Nil if there is none.
  package var peerCertificate: CertificateSummary? {
    guard let certificate = unsafe SSL_get0_peer_certificate(self.native.ssl) else { return nil }
    return unsafe CertificateSummary(certificate)
  }

  /// The names in the peer's certificate, once the handshake is done; nil unless it was verified.
  package var peerNames: PeerNames? {
    guard self.handshake != nil,
      unsafe SSL_get_verify_mode(self.native.ssl) & SSL_VERIFY_PEER != 0,
      unsafe SSL_get_verify_result(self.native.ssl) == X509_V_OK,
      let certificate = unsafe SSL_get0_peer_certificate(self.native.ssl)
    else { return nil }
    return unsafe PeerNames(of: certificate)
  }

  /// The alert that told the peer why we ended the connection.
  package var alertSent: TLSAlert? { unsafe self.native.ledger.pointee.alertSent }
}

// MARK: - Calls

extension TLSConnection {
  private enum Outcome {
    case done
    case wantsMore
    case closed
    /// The cause first; may be empty.
    case failed([ErrorQueue.Entry])
  }

  /// The one way to call libssl: with an empty queue, asking at once what the answer means.
  private func call(_ step: (OpaquePointer) -> CInt) -> Outcome {
    ErrorQueue.clear()
    let ssl = unsafe self.native.ssl
    let result = unsafe step(ssl)
    switch unsafe SSL_get_error(ssl, result) {
    case SSL_ERROR_NONE: return .done
    case SSL_ERROR_WANT_READ: return .wantsMore
    case SSL_ERROR_ZERO_RETURN: return .closed
    // SSL_ERROR_SSL and SSL_ERROR_SYSCALL. The others ask for callbacks that nobody has set;
    // SSL_ERROR_WANT_WRITE cannot be, since the ledger takes everything.
    default: return .failed(ErrorQueue.takeAll())
    }
  }

  private func fail(with error: TLSError) -> TLSError {
    // Perhaps it cannot resume what it once offered; the next connection begins anew.
    if self.phase == .handshaking, self.askedToResume, case .client(let endpoint) = self.role {
      endpoint.forgetSessions()
    }
    self.phase = .failed
    return error
  }

  private func error(for entries: [ErrorQueue.Entry]) -> TLSError {
    if let complaint = unsafe self.native.ledger.pointee.complaint {
      var expected: TLSServerName?
      if case .client(let endpoint) = self.role { expected = endpoint.serverName }
      return .certificateRejected(CertificateRejection(complaint, expected: expected))
    }
    if let alert = unsafe self.native.ledger.pointee.alertReceived { return .alertReceived(alert) }
    return TLSError(entries: entries, opening: unsafe self.native.ledger.pointee.opening)
  }
}

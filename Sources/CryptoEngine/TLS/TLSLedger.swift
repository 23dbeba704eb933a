// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// What one connection and libssl's callbacks tell each other.
///
/// It lies at a fixed address, which libssl keeps. Callbacks run inside the connection's own calls
/// only, so nobody else is in it at the time.
@safe
struct TLSLedger: ~Copyable {
  /// The ciphertext lent by the call that runs now, as far as libssl has not read it.
  private var inbound = unsafe UnsafeBufferPointer<UInt8>(start: nil, count: 0)
  /// The ciphertext that libssl wrote and nobody has drained yet.
  private(set) var outbound: [UInt8] = []

  /// Ciphertext read so far; counted until the handshake is done, which is all that asks for it.
  private(set) var bytesRead = 0
  /// The first bytes of the peer, which tell what it speaks if that is not TLS.
  private(set) var opening = InlineArray<5, UInt8>(repeating: 0)

  /// The last alert in each direction that ends a connection.
  var alertReceived: TLSAlert?
  var alertSent: TLSAlert?
  /// The first complaint about the peer's certificates.
  private(set) var complaint: Complaint?
  /// Sessions offered to us.
  private var sessions: [SessionReference] = []
  /// A server's protocols, borrowed from its context.
  let preference: UnsafeMutableBufferPointer<UInt8>?
  /// Seconds since 1970.
  let wallClock: @Sendable () -> Int

  /// The sessions that one call may bring. Servers send one or two.
  static let maxSessions = 4

  @safe
  struct Complaint {
    /// One of `X509_V_ERR_…`.
    var code: CInt
    /// 0 for the peer's own certificate, 1 for its issuer's, and so on.
    var depth: CInt
    /// A reference of the ledger's.
    var certificate: OpaquePointer?
  }

  /// A reference to an `SSL_SESSION`, and who gives it back.
  @safe
  private final class SessionReference {
    let session: OpaquePointer

    init(_ session: OpaquePointer) {
      unsafe self.session = session
    }

    deinit {
      unsafe SSL_SESSION_free(self.session)
    }
  }

  init(
    preference: UnsafeMutableBufferPointer<UInt8>?, wallClock: @escaping @Sendable () -> Int
  ) {
    unsafe self.preference = preference
    self.wallClock = wallClock
  }

  deinit {
    unsafe X509_free(self.complaint?.certificate)
  }
}

// MARK: - Bytes

extension TLSLedger {
  mutating func lend(_ bytes: UnsafeBufferPointer<UInt8>) {
    unsafe self.inbound = bytes
  }

  mutating func endLoan() {
    unsafe self.inbound = UnsafeBufferPointer(start: nil, count: 0)
  }

  /// Moves lent bytes into libssl's buffer.
  ///
  /// - Returns: How many; 0 if all have been read.
  mutating func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    let count = unsafe min(buffer.count, self.inbound.count)
    guard count > 0 else { return 0 }
    let bytes = unsafe self.inbound.extracting(..<count)
    unsafe buffer.copyMemory(from: UnsafeRawBufferPointer(bytes))
    if self.bytesRead < self.opening.count {
      let missing = min(count, self.opening.count - self.bytesRead)
      for index in 0..<missing { self.opening[self.bytesRead + index] = unsafe bytes[index] }
    }
    self.bytesRead += count
    unsafe self.inbound = self.inbound.extracting(count...)
    return count
  }

  mutating func write(_ bytes: UnsafeRawBufferPointer) {
    unsafe self.outbound.append(contentsOf: bytes)
  }

  /// Makes room for what is about to be written.
  mutating func reserveOutbound(_ count: Int) {
    if self.outbound.isEmpty { self.outbound.reserveCapacity(count) }
  }

  mutating func takeOutbound() -> [UInt8] {
    let bytes = self.outbound
    // An idle connection holds no buffer.
    self.outbound = []
    return bytes
  }
}

// MARK: - Findings

extension TLSLedger {
  mutating func complain(code: CInt, depth: CInt, about certificate: OpaquePointer?) {
    guard self.complaint == nil else { return }
    if let certificate = unsafe certificate { unsafe X509_up_ref(certificate) }
    self.complaint = unsafe Complaint(code: code, depth: depth, certificate: certificate)
  }

  /// - Returns: Whether the reference is taken over.
  mutating func receivedSession(_ session: OpaquePointer) -> Bool {
    guard self.sessions.count < Self.maxSessions else { return false }
    unsafe self.sessions.append(SessionReference(session))
    return true
  }

  var hasSessions: Bool { !self.sessions.isEmpty }

  /// The sessions received since the last time, as values.
  mutating func takeSessions() -> [TLSSession] {
    let sessions = self.sessions
    self.sessions = []
    return sessions.compactMap { unsafe TLSSession($0.session) }
  }
}

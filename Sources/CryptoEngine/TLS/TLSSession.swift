// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// What resuming a connection takes: a ticket and its secret, in libssl's own form.
///
/// A value rather than a handle, so that it may go from one event loop to another.
struct TLSSession: Sendable {
  fileprivate let bytes: [UInt8]
  /// A ticket of TLS 1.3 must not be used twice (RFC 8446 §C.4): an observer could tell that two
  /// connections are of one client.
  let isSingleUse: Bool

  /// Nil if it cannot be resumed. The session stays the caller's.
  init?(_ session: OpaquePointer) {
    guard unsafe SSL_SESSION_is_resumable(session) == 1 else { return nil }
    let count = unsafe i2d_SSL_SESSION(session, nil)
    guard count > 0 else { return nil }
    self.bytes = unsafe [UInt8](unsafeUninitializedCapacity: Int(count)) { buffer, written in
      var cursor = buffer.baseAddress
      // It was asked for the length just before, and writes that much.
      written = Int(unsafe i2d_SSL_SESSION(session, &cursor))
    }
    self.isSingleUse = unsafe SSL_SESSION_get_protocol_version(session) >= TLS1_3_VERSION
  }

  /// Has `ssl` ask for this session in its ClientHello.
  ///
  /// - Returns: Whether it will. If not, it makes a full handshake, which is no failure.
  func resume(on ssl: OpaquePointer) -> Bool {
    ErrorQueue.clear()
    defer { ErrorQueue.clear() }
    return unsafe self.bytes.withUnsafeBufferPointer { bytes in
      var cursor = bytes.baseAddress
      guard let session = unsafe d2i_SSL_SESSION(nil, &cursor, bytes.count) else { return false }
      // The connection takes a reference of its own.
      defer { unsafe SSL_SESSION_free(session) }
      return unsafe SSL_set_session(ssl, session) == 1
    }
  }
}

extension TLSSession: CustomStringConvertible, CustomReflectable {
  var description: String { "<redacted>" }
  var customMirror: Mirror { Mirror(self, children: []) }
}

/// The sessions of one server that are left to resume, the newest used first.
struct TLSSessionCache: Sendable {
  private let limit: Int
  private var sessions: [TLSSession] = []

  init(limit: Int) {
    self.limit = limit
  }

  var count: Int { self.sessions.count }

  /// Of many the oldest goes. One that may be used again replaces all, as it serves all.
  mutating func keep(_ session: TLSSession) {
    guard self.limit > 0 else { return }
    if !session.isSingleUse { self.sessions.removeAll() }
    if self.sessions.count == self.limit { self.sessions.removeFirst() }
    self.sessions.append(session)
  }

  mutating func take() -> TLSSession? {
    guard let newest = self.sessions.last else { return nil }
    if newest.isSingleUse { self.sessions.removeLast() }
    return newest
  }

  mutating func forgetAll() {
    self.sessions.removeAll()
  }
}

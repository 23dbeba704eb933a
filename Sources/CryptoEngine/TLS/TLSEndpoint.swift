// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A server as its clients know it: how to speak, whom to expect, and what resumes a connection.
///
/// Sessions are remembered here and not with the context, since a resumed connection shows no
/// certificate: what was checked for one name must never do for another.
package final class TLSEndpoint: Sendable {
  package let serverName: TLSServerName
  let context: TLSClientContext
  private let sessions: Mutex<TLSSessionCache>

  /// - Parameter sessionLimit: the sessions to remember, some 2 KiB each. One is used up by each
  ///   connection of TLS 1.3 and brings one or two. 0 resumes nothing.
  package init(
    _ serverName: TLSServerName, context: TLSClientContext, sessionLimit: Int = 16
  ) {
    self.serverName = serverName
    self.context = context
    self.sessions = Mutex(TLSSessionCache(limit: sessionLimit))
  }

  /// The client's end of a new connection. Its ClientHello waits to be drained.
  ///
  /// - Throws: ``TLSError/native(_:)``, for want of memory or of entropy.
  package func makeConnection() throws(TLSError) -> TLSConnection {
    try TLSConnection(client: self)
  }

  /// Sessions that wait to be resumed.
  package var rememberedSessions: Int { self.sessions.withLock { $0.count } }

  func takeSession() -> TLSSession? { self.sessions.withLock { $0.take() } }

  func keep(_ sessions: [TLSSession]) {
    self.sessions.withLock { cache in
      for session in sessions { cache.keep(session) }
    }
  }

  /// A server that fails while it resumes may fail on the other sessions too.
  func forgetSessions() { self.sessions.withLock { $0.forgetAll() } }
}

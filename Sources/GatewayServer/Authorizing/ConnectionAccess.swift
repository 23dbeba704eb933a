// SPDX-License-Identifier: Apache-2.0

import Authorization
import JobsAPI

/// What the peer of one connection may do, worked out once and kept until the policy or the tokens
/// change. It belongs to the connection's event loop.
final class ConnectionAccess {
  let control: AccessControl
  private let peer: CallerIdentity
  private var edition: UInt64
  private var peerCaller: Caller
  /// The callers behind the tokens that were shown, by their names: one on most connections, some on
  /// a proxy's.
  private var tokenCallers: [String: Caller] = [:]

  /// Callers that are kept; with one more, all are worked out again.
  static var callerLimit: Int { 64 }

  init(_ control: AccessControl, peer: CallerIdentity) {
    self.control = control
    self.peer = peer
    self.edition = control.currentEdition
    self.peerCaller = Caller(peer, control.grants(for: peer))
  }

  /// Who makes a call, by its connection and its metadata.
  func caller(_ metadata: AuthorizationMetadata) -> Caller {
    let edition = self.control.currentEdition
    if edition != self.edition {
      self.edition = edition
      self.peerCaller = Caller(self.peer, self.control.grants(for: self.peer))
      self.tokenCallers = [:]
    }
    switch self.control.read(metadata) {
    case .nobody: return self.peerCaller
    // Whoever shows a wrong token is not taken for the peer alone: the token was meant to count.
    case .refuse: return Caller(.unknown, self.control.grants(for: .unknown))
    case .token(let name):
      if let caller = self.tokenCallers[name] { return caller }
      let identity = self.peer.with(token: name)
      let caller = Caller(identity, self.control.grants(for: identity))
      if self.tokenCallers.count >= Self.callerLimit { self.tokenCallers = [:] }
      self.tokenCallers[name] = caller
      return caller
    }
  }
}

/// Who makes a call, and what it may do.
struct Caller {
  let identity: CallerIdentity
  /// Nil when there is no policy, which allows everything.
  let grants: Grants?

  init(_ identity: CallerIdentity, _ grants: Grants?) {
    self.identity = identity
    self.grants = grants
  }
}

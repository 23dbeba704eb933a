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
  /// The caller behind the token that was shown last: most connections show one only.
  private var tokenCaller: (name: String, caller: Caller)?

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
      self.tokenCaller = nil
    }
    switch self.control.read(metadata) {
    case .nobody: return self.peerCaller
    // Whoever shows a wrong token is not taken for the peer alone: the token was meant to count.
    case .refuse: return Caller(.unknown, self.control.grants(for: .unknown))
    case .token(let name):
      if let held = self.tokenCaller, held.name == name { return held.caller }
      let identity = self.peer.with(token: name)
      let caller = Caller(identity, self.control.grants(for: identity))
      self.tokenCaller = (name, caller)
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

// SPDX-License-Identifier: Apache-2.0

package import Authorization
import JobsAPI

/// What the peer of one connection may do, worked out once and kept until the policy or the tokens
/// change. It belongs to the connection's event loop.
package final class ConnectionAccess {
  let control: AccessControl
  private let peer: CallerIdentity
  private var edition: UInt64
  private var peerCaller: Caller
  /// The callers behind the tokens that were shown and the keys that signed, by their names: one on
  /// most connections, some on a proxy's.
  private var namedCallers: [CallerIdentity.Name: Caller] = [:]

  /// Callers that are kept; with one more, all are worked out again.
  static var callerLimit: Int { 64 }

  package init(_ control: AccessControl, peer: CallerIdentity) {
    self.control = control
    self.peer = peer
    self.edition = control.currentEdition
    self.peerCaller = Caller(peer, control.grants(for: peer))
  }

  /// Who makes a call, by its connection and its metadata.
  func caller(_ metadata: AuthorizationMetadata) -> Caller {
    self.lookForChanges()
    switch self.control.read(metadata) {
    case .nobody: return self.peerCaller
    // Whoever shows a wrong token is not taken for the peer alone: the token was meant to count.
    case .refuse: return Caller(.unknown, self.control.grants(for: .unknown))
    case .token(let name): return self.caller(.init(.token, name))
    }
  }

  /// Who makes a call, by its connection and the key that signed it, if one did.
  func caller(key name: String?) -> Caller {
    self.lookForChanges()
    guard let name else { return self.peerCaller }
    return self.caller(.init(.key, name))
  }

  private func lookForChanges() {
    let edition = self.control.currentEdition
    guard edition != self.edition else { return }
    self.edition = edition
    self.peerCaller = Caller(self.peer, self.control.grants(for: self.peer))
    self.namedCallers = [:]
  }

  private func caller(_ name: CallerIdentity.Name) -> Caller {
    if let caller = self.namedCallers[name] { return caller }
    let identity = self.peer.with(name)
    let caller = Caller(identity, self.control.grants(for: identity))
    if self.namedCallers.count >= Self.callerLimit { self.namedCallers = [:] }
    self.namedCallers[name] = caller
    return caller
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

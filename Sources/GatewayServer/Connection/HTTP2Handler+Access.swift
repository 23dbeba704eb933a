// SPDX-License-Identifier: Apache-2.0

import Authorization
import JobsAPI

extension HTTP2Handler {
  /// What the peer of this connection may do, from its first call on; nil when nobody asks.
  ///
  /// The transport knows who the peer is only once its handshake is done.
  func connectionAccess() -> ConnectionAccess? {
    guard let control = self.accessControl else { return nil }
    if let access = self.access { return access }
    let access = ConnectionAccess(control, peer: self.peerIdentity)
    self.access = access
    return access
  }

  /// Finds out who makes a call.
  /// - Returns: Why the call is over, if it is.
  func identify(_ rpc: RPC, by metadata: AuthorizationMetadata) -> RPCFailure? {
    guard let access = self.connectionAccess() else { return nil }
    rpc.access = CallAccess(
      .operation(rpc.operation), by: access.caller(metadata), under: access.control)
    return rpc.access?.admitCaller()
  }
}

// SPDX-License-Identifier: Apache-2.0

import Authorization
import GRPCWire
import JobsAPI

// Where the policy has its say: a caller that nobody knows is refused by its headers, before any of
// its bytes are kept; what a known one may do is asked once its request can be read.

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
    let caller = access.caller(metadata)
    rpc.caller = caller
    let isStranger = caller.grants != nil && !caller.identity.isKnown
    guard isStranger, access.control.mode == .enforce else { return nil }
    access.control.count(.unauthenticated)
    self.prepareAudit(rpc, caller, .unauthenticated, nil)
    return .unauthenticated
  }

  /// Asks whether a call may be made.
  /// - Returns: Why it may not.
  func authorize(_ rpc: RPC, _ call: JobsCall) -> RPCFailure? {
    guard let access = self.access, let caller = rpc.caller else { return nil }
    guard let grants = caller.grants else {
      self.prepareAudit(rpc, caller, nil, call)
      return nil
    }
    let decision = grants.decision(on: rpc.operation, thingName: call.thingName)
    access.control.count(decision)
    self.prepareAudit(rpc, caller, decision, call)
    guard access.control.mode == .enforce else { return nil }
    switch decision {
    case .allowed: return nil
    case .denied: return .policyDenied(rpc.operation)
    case .unauthenticated: return .unauthenticated
    }
  }

  /// Reads get no line unless they are denied.
  private func prepareAudit(
    _ rpc: RPC, _ caller: Caller, _ decision: AuthorizationDecision?, _ call: JobsCall?
  ) {
    guard let control = self.access?.control, control.audit != nil else { return }
    guard decision?.isAllowed == false || rpc.operation.isWrite else { return }
    rpc.audit = AuditedCall(
      rpc.operation, caller, decision, isShadow: control.mode == .shadow, call)
  }

  /// Writes a call's line, now that its code is known.
  func audit(_ rpc: RPC, _ code: GRPCStatusCode) {
    guard let log = self.access?.control.audit, let caller = rpc.caller else { return }
    // The policy was never asked about a call that ended before its request was read.
    if rpc.audit == nil { self.prepareAudit(rpc, caller, nil, nil) }
    guard let call = rpc.audit else { return }
    rpc.audit = nil
    log.ended(call, code, requestID: rpc.context.requestID, now: .now)
  }
}

extension RPCFailure {
  /// Says neither what the policy holds nor which of its rules came near.
  static var unauthenticated: RPCFailure {
    RPCFailure(
      .unauthenticated, .unauthenticated,
      message: "the caller is not known here: it needs a certificate or a token that this gateway "
        + "trusts")
  }

  static func policyDenied(_ operation: JobsOperation) -> RPCFailure {
    var failure = RPCFailure(
      .permissionDenied, .policyDenied,
      message: "this gateway's policy does not allow the caller to make this call")
    failure.facts = [.init(name: "operation", value: operation.rawValue)]
    return failure
  }
}

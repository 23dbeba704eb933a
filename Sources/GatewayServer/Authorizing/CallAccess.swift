// SPDX-License-Identifier: Apache-2.0

import Authorization
import GRPCWire
import JobsAPI

/// Who makes one call, whether it may, and what the audit log will say of it.
///
/// The policy has its say twice: a caller that nobody knows is refused before anything of its request
/// is kept; what a known one may do is asked once the request can be read.
struct CallAccess {
  let caller: Caller
  private let method: CallMethod
  private let control: AccessControl
  /// What the audit log will say, if anything.
  private var audited: AuditedCall?

  init(_ method: CallMethod, by caller: Caller, under control: AccessControl) {
    self.method = method
    self.caller = caller
    self.control = control
  }

  /// Turns a stranger away.
  /// - Returns: Why the call is over, if it is.
  mutating func admitCaller() -> RPCFailure? {
    let isStranger = self.caller.grants != nil && !self.caller.identity.isKnown
    guard isStranger, self.control.mode == .enforce else { return nil }
    self.refuseCaller()
    return .unauthenticated
  }

  /// Whoever found out who calls found somebody who is not who it says. The call is over.
  mutating func refuseCaller() {
    self.control.count(.unauthenticated)
    self.prepareAudit(.unauthenticated, nil)
  }

  /// Asks whether a call may be made.
  ///
  /// - Parameter operation: what the call amounts to, if that is not its own operation.
  /// - Returns: Why it may not.
  mutating func authorize(_ call: JobsCall, as operation: JobsOperation? = nil) -> RPCFailure? {
    let operation = operation ?? call.operation
    guard let grants = self.caller.grants else {
      self.prepareAudit(nil, call, operation)
      return nil
    }
    let decision = grants.decision(on: operation, thingName: call.thingName)
    self.control.count(decision)
    self.prepareAudit(decision, call, operation)
    guard self.control.mode == .enforce else { return nil }
    switch decision {
    case .allowed: return nil
    case .denied: return .policyDenied(operation)
    case .unauthenticated: return .unauthenticated
    }
  }

  /// Writes the call's line, now that its code is known. To be called once.
  mutating func ended(_ code: GRPCStatusCode, requestID: String) {
    guard let log = self.control.audit else { return }
    // The policy was never asked about a call that ended before its request was read.
    if self.audited == nil { self.prepareAudit(nil, nil) }
    guard let audited = self.audited else { return }
    self.audited = nil
    log.ended(audited, code, requestID: requestID, now: .now)
  }

  /// Reads get no line unless they are denied.
  private mutating func prepareAudit(
    _ decision: AuthorizationDecision?, _ call: JobsCall?, _ operation: JobsOperation? = nil
  ) {
    guard self.control.audit != nil else { return }
    guard decision?.isAllowed == false || self.method.mayChangeSomething else { return }
    self.audited = AuditedCall(
      self.method, operation, self.caller, decision, isShadow: self.control.mode == .shadow, call)
  }
}

extension CallMethod {
  /// Whether each call of it has a line in the audit log. What can be done with a URL cannot be seen
  /// here any more.
  fileprivate var mayChangeSomething: Bool {
    switch self {
    case .operation(let operation): operation.isWrite
    case .standard(let method): method == .presign
    case .unknown: false
    }
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

// SPDX-License-Identifier: Apache-2.0

package import Authorization
import GRPCWire
package import JobsAPI

/// A call of an operation that did not come over gRPC, from its arrival to its end: whoever carries
/// it has one place to ask whether it may be made and to tell how it ended. So the policy, the audit
/// log, the metrics, the call log and the spans treat all calls alike.
///
/// It belongs to the connection's event loop. Every record must be ended, once.
package final class CallRecord {
  package let operation: JobsOperation
  /// With the call's span, if it is traced.
  package let context: CallContext
  private let reporting: CallReporting
  private let startedAt: ContinuousClock.Instant
  /// Who calls when nobody asks who: the connection's own word.
  private let peer: CallerIdentity
  private var access: CallAccess?
  private var call: JobsCall?
  private var isEnded = false

  package init(
    _ operation: JobsOperation, in context: CallContext, from peer: CallerIdentity,
    reporting: CallReporting
  ) {
    self.operation = operation
    self.reporting = reporting
    self.peer = peer
    let now = ContinuousClock.now
    var context = context
    reporting.trace(operation, over: .rest, in: &context, startedAt: now)
    self.context = context
    self.startedAt = now
    reporting.began(.operation(operation))
  }

  /// Says who calls.
  ///
  /// - Parameters:
  ///   - key: the name of the key that signed the request, if one did.
  ///   - access: nil when neither a policy nor the audit log asks.
  /// - Returns: Why the call is over, if it is.
  package func identify(key: String?, by access: ConnectionAccess?) -> RPCFailure? {
    guard let access else { return nil }
    self.access = CallAccess(
      .operation(self.operation), by: access.caller(key: key), under: access.control)
    return self.access?.admitCaller()
  }

  /// The caller is not who it says, or proves nothing where it must.
  /// - Parameter why: for the log, without anything that is secret.
  package func refuseCaller(_ why: String, by access: ConnectionAccess?) -> RPCFailure {
    if let access {
      let stranger = Caller(.unknown, access.control.grants(for: .unknown))
      self.access = CallAccess(
        .operation(self.operation), by: stranger, under: access.control)
      self.access?.refuseCaller()
    }
    return RPCFailure(.unauthenticated, .unauthenticated, message: why)
  }

  /// Asks whether the call may be made, now that it is read.
  /// - Returns: Why it may not.
  package func authorize(_ call: JobsCall) -> RPCFailure? {
    self.call = call
    return self.access?.authorize(call)
  }

  /// Tells everybody how the call ended.
  ///
  /// - Parameters:
  ///   - httpStatus: what the caller was told, in its own protocol's terms.
  ///   - failure: nil for an answer.
  ///   - trace: of how it was answered; of a failure too.
  package func ended(httpStatus: Int, _ failure: RPCFailure?, _ trace: UpstreamTrace) {
    guard !self.isEnded else { return }
    self.isEnded = true
    let code = failure?.code ?? .ok
    self.access?.ended(code, requestID: self.context.requestID)
    let endedAt = ContinuousClock.now
    let figures = CallFigures(
      method: .operation(self.operation), code: code,
      total: self.startedAt.duration(to: endedAt), stages: trace.stages, span: self.context.span)
    self.reporting.ended(figures) {
      CallReport(
        method: figures.method, context: self.context,
        caller: self.access?.caller.identity ?? self.peer, call: self.call, failure: failure,
        trace: trace, httpStatus: httpStatus, startedAt: self.startedAt, endedAt: endedAt)
    }
  }
}

extension CallReporting {
  /// Tells of a request that asked for nothing that is served.
  package func refused(
    _ failure: RPCFailure, httpStatus: Int, in context: CallContext, from peer: CallerIdentity
  ) {
    let now = ContinuousClock.now
    self.ended(CallFigures(method: .unknown, code: failure.code)) {
      CallReport(
        method: .unknown, context: context, caller: peer, call: nil, failure: failure,
        trace: UpstreamTrace(), httpStatus: httpStatus, startedAt: now, endedAt: now)
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

import Authorization
import GRPCWire
import JobsAPI
package import Logging
import Synchronization
import Telemetry

/// One line for each call that may change something, and for each that the policy does not allow.
///
/// The lines are written whatever the level of the log: who asks for an audit means it.
/// Lines of calls that are never made can be caused by anybody, so only so many are written in a
/// second; the next one that is tells how many were not.
package final class AuditLog: Sendable {
  private let logger: Logger
  private let refusals: Mutex<RefusalLines>

  /// - Parameter refusalsPerSecond: lines for calls that are refused, or end before they are read.
  package init(_ logger: Logger, refusalsPerSecond: Int = 100) {
    var logger = logger
    logger.logLevel = min(logger.logLevel, .notice)
    self.logger = logger
    self.refusals = Mutex(RefusalLines(perSecond: refusalsPerSecond))
  }

  /// Tells of a call that has ended.
  func ended(
    _ call: AuditedCall, _ code: GRPCStatusCode, requestID: String, now: ContinuousClock.Instant
  ) {
    var hidden = 0
    // What the policy allows is made by callers that it trusts, and each of them has its line; so has
    // what would be refused and is not, for it was made as well.
    if !call.isMade {
      switch self.refusals.withLock({ $0.refused(now: now) }) {
      case .hide: return
      case .write(let before): hidden = before
      }
    }
    var metadata: Logger.Metadata = [
      LogKey.audit: "\(call.decisionWord)", LogKey.method: "\(call.method.name)",
      LogKey.grpcCode: "\(code.name)", LogKey.requestID: "\(requestID)",
      LogKey.caller: "\(call.callerText)",
    ]
    if let thing = call.thingName { metadata[LogKey.thing] = "\(thing)" }
    if let job = call.jobID { metadata[LogKey.job] = "\(job)" }
    if let operation = call.operation, call.method != .operation(operation) {
      metadata[LogKey.operation] = "\(operation.rawValue)"
    }
    if case .allowed(let rule, _)? = call.decision { metadata[LogKey.rule] = "\(rule)" }
    if call.isShadow { metadata[LogKey.mode] = "\(AuthorizationMode.shadow)" }
    if hidden > 0 { metadata[LogKey.hidden] = "\(hidden)" }
    self.logger.notice("call", metadata: metadata)
  }
}

/// What the audit log will say of a call, once it has ended.
final class AuditedCall {
  let method: CallMethod
  /// What the method is about: of an operation itself. Nil when the request was not read.
  let operation: JobsOperation?
  let identity: CallerIdentity
  /// Nil when there is no policy, or it was not asked.
  let decision: AuthorizationDecision?
  let isShadow: Bool
  /// Nil when the request was not read: the policy refused its caller, or it was cut off or makes no
  /// sense.
  let thingName: String?
  let jobID: String?

  init(
    _ method: CallMethod, _ operation: JobsOperation?, _ caller: Caller,
    _ decision: AuthorizationDecision?, isShadow: Bool, _ call: JobsCall?
  ) {
    self.method = method
    self.operation = operation
    self.identity = caller.identity
    self.decision = decision
    self.isShadow = isShadow
    self.thingName = call?.thingName
    self.jobID = call?.jobID
  }

  /// Whether it came as far as to be made.
  var isMade: Bool { self.thingName != nil && (self.isShadow || self.decision?.isAllowed != false) }

  var decisionWord: String {
    self.decision?.word ?? (self.thingName == nil ? "unread" : "no-policy")
  }

  /// The name that a rule is for, or else the surest of the caller's names.
  var callerText: String {
    if case .allowed(_, let name)? = self.decision { return name.description }
    return self.identity.names.first?.description ?? "unknown"
  }
}

/// Decides which refusals get a line: so many in each second, counted from the first of them.
struct RefusalLines {
  enum OnRefusal: Equatable {
    /// `hidden` got none since the last line.
    case write(hidden: Int)
    case hide
  }

  private let perSecond: Int
  private var second: ContinuousClock.Instant?
  private var written = 0
  private var hidden = 0

  init(perSecond: Int) {
    self.perSecond = perSecond
  }

  mutating func refused(now: ContinuousClock.Instant) -> OnRefusal {
    if self.second.map({ $0.duration(to: now) >= .seconds(1) }) ?? true {
      self.second = now
      self.written = 0
    }
    guard self.written < self.perSecond else {
      self.hidden += 1
      return .hide
    }
    self.written += 1
    defer { self.hidden = 0 }
    return .write(hidden: self.hidden)
  }
}

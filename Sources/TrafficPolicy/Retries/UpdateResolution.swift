// SPDX-License-Identifier: Apache-2.0

package import JobsAPI

/// An update on its way to an outcome that was seen.
///
///     sending ── surely not applied: send again ──► sending
///        │
///        └─ in doubt ─► doubting ── in doubt, or not received: send again ──► doubting
///                          │  │
///                          │  └── refused, and the state that comes back proves it ──► ended
///                          └── refused without proof, or no repeat: look ──► looking ──► ended
///
/// While it is in doubt, it is repeated only where a repeat cannot be applied as well, see
/// ``JobsAPI/UpdateJobExecution/isSafeToRepeat``. It looks once. What nothing proves ends as the
/// failure that left it in doubt, which callers are told as UNKNOWN.
package struct UpdateResolution: ~Copyable {
  package enum OnEvent: Equatable, Sendable {
    /// Send the update, if limits let it; else tell ``repeatDenied(_:)``.
    case send
    /// Describe the execution, if limits let it; else tell ``lookDenied()``.
    case look
    /// It was applied by an attempt whose answer was lost. This is the state that it left.
    case succeed(JobExecutionState)
    case fail(JobsFailure.Cause)
  }

  private enum State {
    case sending
    /// With how the last attempt ended that may have been applied.
    case doubting(JobsFailure.Cause)
    /// With AWS's refusal of a repeat, which did not show enough.
    case looking(JobsFailure.Cause, refusal: AWSRefusal?)
    case ended(OnEvent)
  }

  private let update: UpdateJobExecution
  private var state = State.sending
  /// An attempt may have been applied.
  package private(set) var hasDoubted = false

  package init(_ update: UpdateJobExecution) {
    self.update = update
  }

  /// An attempt has no answer, or was refused.
  package mutating func attemptFailed(_ cause: JobsFailure.Cause) -> OnEvent {
    switch self.state {
    case .sending:
      switch cause.writeOutcome {
      case .refused: return self.end(.fail(cause))
      case .notReceived: return RetryReason(cause) == nil ? self.end(.fail(cause)) : .send
      case .uncertain: return self.doubt(cause)
      }
    case .doubting(let doubt):
      switch cause.writeOutcome {
      case .refused: return self.repeatRefused(cause, doubt: doubt)
      case .notReceived where cause.isCallersEnd: return self.end(.fail(cause.inDoubt))
      case .notReceived: return RetryReason(cause) == nil ? self.look(doubt: doubt) : .send
      case .uncertain: return self.doubt(cause)
      }
    case .looking(let doubt, _): return self.end(.fail(doubt))
    case .ended(let end): return end
    }
  }

  /// Attempts, time or quota do not let the update be sent again.
  ///
  /// - Parameter last: how the last attempt ended.
  package mutating func repeatDenied(_ last: JobsFailure.Cause) -> OnEvent {
    switch self.state {
    case .sending: return self.end(.fail(last))
    case .doubting(let doubt): return self.look(doubt: doubt)
    case .looking(let doubt, _): return self.end(.fail(doubt))
    case .ended(let end): return end
    }
  }

  /// The execution is as follows; nil if there is none.
  package mutating func looked(_ execution: JobExecution?) -> OnEvent {
    switch self.state {
    // Nobody was asked to look.
    case .sending: return .send
    case .doubting(let doubt): return self.end(.fail(doubt))
    case .looking(let doubt, let refusal):
      guard let state = execution.map(JobExecutionState.init) else {
        return self.end(.fail(doubt))
      }
      switch self.update.proof(from: state) {
      case .applied: return self.end(.succeed(state))
      case .overtaken: return self.end(.fail(.overtaken(state, refusal)))
      case .nothing: return self.end(.fail(doubt))
      }
    case .ended(let end): return end
    }
  }

  /// There was no way to look, or nothing to be seen. That the execution has ended is not enough: it
  /// does not say how, and by whom.
  package mutating func lookFailed(_ cause: JobsFailure.Cause) -> OnEvent {
    switch self.state {
    case .sending: return .send
    case .doubting(let doubt), .looking(let doubt, _):
      return self.end(.fail(cause.isCallersEnd ? cause.inDoubt : doubt))
    case .ended(let end): return end
    }
  }

  /// Time or quota do not let it look.
  package mutating func lookDenied() -> OnEvent {
    switch self.state {
    case .sending: return .send
    case .doubting(let doubt), .looking(let doubt, _): return self.end(.fail(doubt))
    case .ended(let end): return end
    }
  }
}

extension UpdateResolution {
  private mutating func doubt(_ cause: JobsFailure.Cause) -> OnEvent {
    self.hasDoubted = true
    if cause.isCallersEnd { return self.end(.fail(cause)) }
    guard self.update.isSafeToRepeat else { return self.look(doubt: cause) }
    self.state = .doubting(cause)
    return .send
  }

  private mutating func repeatRefused(
    _ cause: JobsFailure.Cause, doubt: JobsFailure.Cause
  ) -> OnEvent {
    guard case .refused(let refusal) = cause else { return self.end(.fail(cause)) }
    switch refusal.kind {
    // It would have been refused before, too.
    case .invalidRequest: return self.end(.fail(cause))
    // It may have been applied, and been deleted since. There is nothing to look at.
    case .resourceNotFound: return self.end(.fail(doubt))
    case .versionMismatch, .invalidStateTransition, .terminalState:
      guard let state = refusal.executionState else {
        return self.look(doubt: doubt, after: refusal)
      }
      switch self.update.proof(from: state) {
      case .applied: return self.end(.succeed(state))
      case .overtaken: return self.end(.fail(cause))
      case .nothing: return self.look(doubt: doubt, after: refusal)
      }
    default: return self.look(doubt: doubt, after: refusal)
    }
  }

  private mutating func look(
    doubt: JobsFailure.Cause, after refusal: AWSRefusal? = nil
  ) -> OnEvent {
    guard self.update.isProvable else { return self.end(.fail(doubt)) }
    self.state = .looking(doubt, refusal: refusal)
    return .look
  }

  private mutating func end(_ event: OnEvent) -> OnEvent {
    self.state = .ended(event)
    return event
  }
}

extension JobsFailure.Cause {
  /// Nobody waits for the call any more.
  var isCallersEnd: Bool {
    switch self {
    case .deadlineExceeded, .cancelled: true
    default: false
    }
  }

  /// The end of a call of which an earlier attempt may have been applied.
  var inDoubt: JobsFailure.Cause {
    switch self {
    case .deadlineExceeded: .deadlineExceeded(mayHaveBeenApplied: true)
    case .cancelled: .cancelled(mayHaveBeenApplied: true)
    default: self
    }
  }

  /// What proves that an update was overtaken: AWS's own refusal, if there was one, with the state
  /// that it did not show.
  fileprivate static func overtaken(
    _ state: JobExecutionState, _ refusal: AWSRefusal?
  ) -> JobsFailure.Cause {
    guard var refusal, refusal.isOfState else { return .overtaken(state) }
    refusal.executionState = state
    return .refused(refusal)
  }
}

extension AWSRefusal {
  fileprivate var isOfState: Bool {
    self.kind == .versionMismatch || self.kind == .invalidStateTransition
  }
}

extension JobExecutionState {
  fileprivate init(_ execution: JobExecution) {
    self.init()
    self.status = execution.status
    self.statusDetails = execution.statusDetails
    self.versionNumber = execution.versionNumber
  }
}

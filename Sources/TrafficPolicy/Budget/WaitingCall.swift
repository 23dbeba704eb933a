// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A call that waits for its turn, between the task that waits and whoever ends the wait.
///
/// The wait may be ended before the task has come to suspend itself, and by any thread.
final class WaitingCall: Sendable {
  enum Outcome: Sendable {
    case admitted
    case refused(retryAfterMilliseconds: Int64)
    case deadlinePassed
    case cancelled
  }

  private enum State {
    case arrived
    case suspended(CheckedContinuation<Outcome, Never>)
    case ended(Outcome)
  }

  let thing: String
  let callClass: CallClass
  /// When its caller stops waiting, in nanoseconds of the policies' clock; nil for never.
  let deadline: Int64?
  let arrivedAt: Int64
  private let state = Mutex(State.arrived)

  init(thing: String, callClass: CallClass, deadline: Int64?, arrivedAt: Int64) {
    self.thing = thing
    self.callClass = callClass
    self.deadline = deadline
    self.arrivedAt = arrivedAt
  }

  /// Waits until the wait is ended. To be called once.
  func outcome() async -> Outcome {
    await withCheckedContinuation { continuation in
      let ended: Outcome? = self.state.withLock { state in
        if case .ended(let outcome) = state { return outcome }
        state = .suspended(continuation)
        return nil
      }
      if let ended { continuation.resume(returning: ended) }
    }
  }

  /// Ends the wait. Only who took the call out of the queue does so, hence it happens once.
  func end(_ outcome: Outcome) {
    let suspended: CheckedContinuation<Outcome, Never>? = self.state.withLock { state in
      defer { state = .ended(outcome) }
      if case .suspended(let continuation) = state { return continuation }
      return nil
    }
    suspended?.resume(returning: outcome)
  }
}

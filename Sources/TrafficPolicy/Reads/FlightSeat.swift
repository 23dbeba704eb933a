// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import Synchronization

/// How a flight ended, as its waiters are told: all of them by one object.
final class FlightEnd: Sendable {
  let outcome: ReadOutcome
  /// Of the flight's own call.
  let trace: UpstreamTrace
  /// For those who take it, in place of a failure.
  let stale: StoredRead?
  /// When it ended, on ``PolicyClock``'s scale.
  let now: Int64

  init(_ outcome: ReadOutcome, _ trace: UpstreamTrace, stale: StoredRead?, now: Int64) {
    self.outcome = outcome
    self.trace = trace
    self.stale = stale
    self.now = now
  }
}

/// One caller's wait for a flight.
///
/// Whoever leads a flight and whoever joins it wait alike. The flight may end, and the caller may
/// go, before the wait has begun, and on any thread: whatever comes first counts.
final class FlightSeat: Sendable {
  private typealias Waiter = CheckedContinuation<FlightEnd?, Never>

  private enum State {
    case reserved
    case waiting(Waiter)
    case ended(FlightEnd)
    case left
  }

  private let state = Mutex(State.reserved)

  /// Returns how the flight ended; nil as soon as the caller's task is cancelled, and then `leave`
  /// has been called, unless the flight's end came first. To be called once.
  func wait(orLeave leave: @Sendable () -> Void) async -> FlightEnd? {
    await withTaskCancellationHandler {
      await withCheckedContinuation { waiter in self.began(waiter) }
    } onCancel: {
      if self.left() { leave() }
    }
  }

  func ended(_ end: FlightEnd) {
    let waiter = self.state.withLock { state -> Waiter? in
      switch state {
      case .reserved:
        state = .ended(end)
        return nil
      case .waiting(let waiter):
        state = .ended(end)
        return waiter
      case .ended, .left:
        return nil
      }
    }
    waiter?.resume(returning: end)
  }

  private func began(_ waiter: Waiter) {
    let known = self.state.withLock { state -> FlightEnd?? in
      switch state {
      case .reserved:
        state = .waiting(waiter)
        return nil
      case .ended(let end): return .some(end)
      // Nobody waits twice.
      case .left, .waiting: return .some(nil)
      }
    }
    if let known { waiter.resume(returning: known) }
  }

  /// True unless the flight had ended.
  private func left() -> Bool {
    let (isFirst, waiter) = self.state.withLock { state -> (Bool, Waiter?) in
      switch state {
      case .reserved:
        state = .left
        return (true, nil)
      case .waiting(let waiter):
        state = .left
        return (true, waiter)
      case .ended, .left:
        return (false, nil)
      }
    }
    waiter?.resume(returning: nil)
    return isFirst
  }
}

// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// One timer for the deadlines of all calls on a connection.
///
/// It is set for the earliest and left alone when a call ends, so most calls, whose deadlines are
/// seconds away when they are answered, pay for a comparison. When it fires, whoever owns it looks
/// which calls are due and sets it again. A timer for each call would cost more than an answer that
/// is at hand; and to cancel one, the event loop searches through all that it has.
struct DeadlineTimer {
  private var timer: Scheduled<Void>?
  private var dueAt = NIODeadline.distantFuture

  /// - Parameter set: makes the timer, if there is none that fires soon enough.
  mutating func watch(_ deadline: NIODeadline, set: (NIODeadline) -> Scheduled<Void>) {
    guard deadline < self.dueAt else { return }
    self.timer?.cancel()
    self.timer = set(deadline)
    self.dueAt = deadline
  }

  mutating func stop() {
    self.timer?.cancel()
    self.fired()
  }

  mutating func fired() {
    self.timer = nil
    self.dueAt = .distantFuture
  }
}

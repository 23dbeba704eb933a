// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// When a call that lasts must say something, and when it must end. It belongs to the call's event
/// loop, whose clock it is told.
struct WatchLife {
  private let heartbeat: TimeAmount
  private let endsAt: NIODeadline
  private(set) var heartbeatAt: NIODeadline
  /// When somebody is woken; nil if nobody is.
  private var wakesAt: NIODeadline?

  /// - Parameter jitter: from zero to one; moves the end by up to a tenth to either side, so that
  ///   calls that began together do not end together.
  init(_ longest: Duration, heartbeat: Duration, jitter: Double, now: NIODeadline) {
    self.heartbeat = TimeAmount(heartbeat)
    let moved = Double(TimeAmount(longest).nanoseconds) * (0.9 + 0.2 * jitter)
    self.endsAt = now + .nanoseconds(Int64(min(moved, 9e18)))
    self.heartbeatAt = now + self.heartbeat
  }

  func isOver(_ now: NIODeadline) -> Bool { now >= self.endsAt }
  func isHeartbeatDue(_ now: NIODeadline) -> Bool { now >= self.heartbeatAt }

  /// The caller was told something.
  mutating func told(_ now: NIODeadline) {
    self.heartbeatAt = now + self.heartbeat
  }

  /// There is nothing to say now.
  ///
  /// - Returns: When the call is to be woken; nil if it will be anyway.
  mutating func waits(beating: Bool, _ now: NIODeadline) -> NIODeadline? {
    if let wakesAt = self.wakesAt, wakesAt > now { return nil }
    let next = beating ? min(self.endsAt, self.heartbeatAt) : self.endsAt
    self.wakesAt = next
    return next
  }
}

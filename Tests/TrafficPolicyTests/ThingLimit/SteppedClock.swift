// SPDX-License-Identifier: Apache-2.0

import Synchronization
import TrafficPolicy

/// Time that goes on when a test says so.
final class SteppedClock: Sendable {
  private let origin = ContinuousClock.now
  private let nanoseconds = Atomic<Int64>(0)

  var now: Int64 { self.nanoseconds.load(ordering: .relaxed) }

  func advance(by duration: Duration) {
    self.nanoseconds.add(Int64(duration / .nanoseconds(1)), ordering: .relaxed)
  }

  var policyClock: PolicyClock {
    PolicyClock { self.origin.advanced(by: .nanoseconds(self.now)) }
  }
}

// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing
import TrafficPolicy

@Suite struct PolicyClockTests {
  @Test func `time is whole nanoseconds since the origin`() {
    let origin = ContinuousClock.now
    let clock = PolicyClock { origin }
    #expect(clock.now == 0)
    #expect(clock.nanoseconds(at: origin.advanced(by: .milliseconds(1_500))) == 1_500_000_000)
    #expect(clock.nanoseconds(at: origin.advanced(by: .nanoseconds(-7))) == -7)
  }

  @Test func `a deadline too far away is the end of time`() {
    let origin = ContinuousClock.now
    let clock = PolicyClock { origin }
    #expect(clock.nanoseconds(at: origin.advanced(by: .seconds(Int64.max / 2))) == .max)
    #expect(clock.nanoseconds(at: origin.advanced(by: .seconds(-Int64.max / 2))) == .min)
  }
}

// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import JobsAPI

@Suite struct DurationTests {
  @Test(
    arguments: [
      (.zero, 0), (.nanoseconds(7), 7), (.milliseconds(-1_500), -1_500_000_000),
      (Duration(secondsComponent: 1, attosecondsComponent: 999_999_999), 1_000_000_000),
      (Duration.nanoseconds(Int64.max), .max), (.nanoseconds(Int64.min), .min),
      (.nanoseconds(Int64.max) + .nanoseconds(1), .max),
      (.nanoseconds(Int64.min) - .nanoseconds(1), .min),
      (.seconds(Int64.max), .max), (.seconds(Int64.min), .min),
    ] as [(Duration, Int64)])
  func `a duration is whole nanoseconds, or the nearer end of time`(
    duration: Duration, nanoseconds: Int64
  ) {
    #expect(duration.clampedNanoseconds == nanoseconds)
    #expect(duration.wholeNanoseconds == max(0, nanoseconds))
  }
}

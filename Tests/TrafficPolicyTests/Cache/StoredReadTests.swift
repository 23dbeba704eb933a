// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import Testing
import TrafficPolicy

@Suite struct StoredReadTests {
  @Test func `the countdown is lowered by the age and stops at zero`() {
    var execution = JobExecution()
    execution.approximateSecondsBeforeTimedOut = 3
    let read = StoredRead(
      .execution(execution), to: .next(of: "door"), withDocument: true, flight: 1, at: 0,
      lifetime: Lifetime(freshUntil: .max))
    for (now, expected) in [(0, 3), (999_999_999, 3), (1_000_000_000, 2), (9_000_000_000, 0)] {
      execution.approximateSecondsBeforeTimedOut = Int64(expected)
      #expect(read.answer(at: Int64(now), withDocument: true) == .execution(execution))
    }
  }
}

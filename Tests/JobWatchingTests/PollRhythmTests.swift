// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import JobWatching

@Suite struct PollRhythmTests {
  @Test func `an interval grows while nothing happens, up to the ceiling`() {
    var rhythm = PollRhythm(minimum: 100, maximum: 500)
    var intervals: [Int64] = []
    for _ in 0..<6 {
      intervals.append(rhythm.interval)
      rhythm.slacken()
    }
    #expect(intervals == [100, 150, 225, 337, 500, 500])
  }

  @Test func `what happens brings it back to the floor`() {
    var rhythm = PollRhythm(minimum: 100, maximum: 500)
    for _ in 0..<9 { rhythm.slacken() }
    rhythm.quicken()
    #expect(rhythm.interval == 100)
  }

  @Test(arguments: [(nil, 200), (300, 300), (150, 200), (9_999, 500)] as [(Int64?, Int64)])
  func `a failure doubles it, and who names a time is heeded up to the ceiling`(
    retryAfter: Int64?, interval: Int64
  ) {
    var rhythm = PollRhythm(minimum: 100, maximum: 500)
    rhythm.backOff(retryAfter: retryAfter)
    #expect(rhythm.interval == interval)
  }

  @Test func `a poll is moved by a tenth at most, and never below the floor`() {
    var rhythm = PollRhythm(minimum: 100, maximum: 10_000)
    for _ in 0..<20 { rhythm.slacken() }
    let delays = (0..<4_000).map { rhythm.delay(random: UInt64($0)) }
    #expect(delays.min() == 9_000)
    #expect(delays.max() == 11_000)
    rhythm.quicken()
    #expect((0..<100).allSatisfy { rhythm.delay(random: UInt64($0)) >= 100 })
  }

  @Test func `the greatest times do not overflow`() {
    var rhythm = PollRhythm(minimum: .max / 2, maximum: .max)
    for _ in 0..<9 { rhythm.slacken() }
    rhythm.backOff(retryAfter: .max)
    #expect(rhythm.interval == .max)
  }
}

@Suite struct PollPaceTests {
  private let second: Int64 = 1_000_000_000

  private func count(_ pace: inout PollPace, from start: Int64, for duration: Int64) -> Int {
    var polls = 0
    for now in stride(from: start, to: start + duration, by: 1_000_000) {
      while pace.nextAt <= now, polls < 100_000 {
        pace.polled(now: now)
        polls += 1
      }
    }
    return polls
  }

  @Test func `a second's worth goes at once, and then one at a time`() {
    var pace = PollPace()
    pace.changed(perSecond: 25)
    expect(self.count(&pace, from: 0, for: 1_000_000), is: 25)
    expect(self.count(&pace, from: 1_000_000, for: 10 * self.second), is: 250)
  }

  @Test func `a pace below one a second has no burst`() {
    var pace = PollPace()
    pace.changed(perSecond: 0.5)
    expect(self.count(&pace, from: 0, for: 20 * self.second), is: 10)
  }

  @Test func `a pause is not saved up beyond a second's worth`() {
    var pace = PollPace()
    pace.changed(perSecond: 10)
    _ = self.count(&pace, from: 0, for: self.second)
    expect(self.count(&pace, from: 100 * self.second, for: 1_000_000), is: 10)
  }

  @Test func `without a budget nothing waits`() {
    var pace = PollPace()
    pace.changed(perSecond: nil)
    pace.polled(now: 5)
    #expect(pace.nextAt == .min)
  }
}

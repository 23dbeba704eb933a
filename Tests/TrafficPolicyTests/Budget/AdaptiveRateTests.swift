// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import TrafficPolicy

@Suite struct AdaptiveRateTests {
  private static let second: Int64 = 1_000_000_000

  @Test func `the rate stays at the ceiling while nothing is throttled`() {
    let rate = AdaptiveRate(perSecond: 50)
    #expect(rate.level(at: 0) == 50_000)
    #expect(rate.level(at: .max) == 50_000)
    #expect(rate.nextRise(after: 0) == nil)
  }

  @Test func `a throttle lowers the rate to seven tenths`() {
    var rate = AdaptiveRate(perSecond: 50)
    #expect(rate.throttled(now: 7) == .reduced)
    #expect(rate.level(at: 7) == 35_000)
    #expect(rate.nextRise(after: 7) == 7 + Self.second)
  }

  @Test func `a burst of throttles of one moment counts once`() {
    var rate = AdaptiveRate(perSecond: 50)
    #expect(rate.throttled(now: 0) == .reduced)
    for now in [0, 1, Self.second / 2, Self.second - 1] {
      #expect(rate.throttled(now: now) == .held)
    }
    #expect(rate.level(at: Self.second - 1) == 35_000)
    // What was held has not put off the next.
    #expect(rate.throttled(now: Self.second) == .reduced)
    // 35,000 and one rise of 834, then seven tenths.
    #expect(rate.level(at: Self.second) == 25_083)
  }

  @Test func `under lasting throttles the rate sinks to a tenth and stays there`() {
    var rate = AdaptiveRate(perSecond: 50)
    var trace: [Int64] = []
    for second in 0..<12 {
      _ = rate.throttled(now: Int64(second) * Self.second)
      trace.append(rate.level(at: Int64(second) * Self.second))
    }
    #expect(
      trace == [
        35_000, 25_083, 18_141, 13_282, 9_881, 7_500, 5_833, 5_000, 5_000, 5_000, 5_000, 5_000,
      ])
    // At the floor nothing is reduced, though a rise is undone.
    #expect(rate.throttled(now: 12 * Self.second) == .reduced)
    #expect(rate.throttled(now: 12 * Self.second + 1) == .held)
  }

  @Test func `from the floor the ceiling is reached within a minute, step by step`() {
    var rate = AdaptiveRate(perSecond: 50)
    for second in 0..<10 { _ = rate.throttled(now: Int64(second) * Self.second) }
    let start = 9 * Self.second
    #expect(rate.level(at: start) == 5_000)
    #expect(rate.level(at: start + Self.second - 1) == 5_000)
    #expect(rate.level(at: start + Self.second) == 5_834)
    #expect(rate.level(at: start + 53 * Self.second) == 49_202)
    #expect(rate.level(at: start + 54 * Self.second) == 50_000)
    #expect(rate.nextRise(after: start + 53 * Self.second) == start + 54 * Self.second)
    #expect(rate.nextRise(after: start + 54 * Self.second) == nil)
    // And as if nothing had been.
    #expect(rate.throttled(now: start + 600 * Self.second) == .reduced)
    #expect(rate.level(at: start + 600 * Self.second) == 35_000)
  }

  @Test func `the rate changes when it says that it will and never between`() {
    var rate = AdaptiveRate(perSecond: 7.5)
    for second in 0..<10 { _ = rate.throttled(now: Int64(second) * Self.second + 3) }
    var time: Int64 = 9 * Self.second + 3
    var rises = 0
    while let rise = rate.nextRise(after: time) {
      #expect(rise > time)
      #expect(rate.level(at: rise - 1) == rate.level(at: time))
      #expect(rate.level(at: rise) > rate.level(at: time))
      time = rise
      rises += 1
    }
    #expect(rises == 54)
    #expect(rate.level(at: time) == rate.ceiling)
  }

  @Test(arguments: [0.001, 0.01, 0.1, 1, 3, 50, 200, 1e6, 1e9])
  func `any rate sinks no lower than a tenth and recovers within a minute`(perSecond: Double) {
    var rate = AdaptiveRate(perSecond: perSecond)
    for second in 0..<20 { _ = rate.throttled(now: Int64(second) * Self.second) }
    let last = 19 * Self.second
    #expect(rate.level(at: last) >= max(1, rate.ceiling / 10))
    #expect(rate.level(at: last + 60 * Self.second) == rate.ceiling)
  }

  @Test(arguments: [-1, 0, 1e-9, Double.nan, -Double.infinity])
  func `what is no rate becomes the least`(perSecond: Double) {
    var rate = AdaptiveRate(perSecond: perSecond)
    #expect(rate.level(at: 0) == 1)
    #expect(rate.throttled(now: 0) == .held)
    #expect(rate.level(at: 0) == 1)
  }

  @Test(arguments: [
    (0, "0"), (1, "0.001"), (10, "0.01"), (500, "0.5"), (50_000, "50"), (25_083, "25.083"),
    (1_000_000_000_000, "1000000000"),
  ]) func `a level is written as calls a second, with nothing rounded`(level: Int64, text: String) {
    #expect(AdaptiveRate.decimal(level) == text)
  }

  @Test func `more than a billion a second is a billion`() {
    #expect(AdaptiveRate(perSecond: .infinity).level(at: 0) == 1_000_000_000_000)
    #expect(AdaptiveRate(perSecond: 1e300).ceiling == 1_000_000_000_000)
  }

  /// What is used of an account that bears less than is configured, and what is refused of it.
  @Test(arguments: [0.9, 0.5, 0.25])
  func `in a lasting shortage few calls are refused and most of what is there is used`(
    share: Double
  ) {
    var rate = AdaptiveRate(perSecond: 100)
    let borne = Int64(share * 100_000)
    var used: Int64 = 0
    var reductions = 0
    for second in 0..<600 {
      let now = Int64(second) * Self.second
      if rate.level(at: now) > borne, rate.throttled(now: now) == .reduced { reductions += 1 }
      used += rate.level(at: now)
    }
    #expect(Double(used) / Double(600 * borne) > 0.8)
    #expect(Double(used) / Double(600 * borne) < 1)
    #expect(reductions <= Int(600 / (18 * share)) + 8)
  }
}

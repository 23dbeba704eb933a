// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import Testing
@testable import TrafficPolicy

@Suite struct CallPaceTests {
  private static let rates = [0.001, 0.3, 1, 3, 10, 333.3, 1_000, 7e8, 1e9]
  private static let bursts = [1, 2, 3, 20, 1_000]

  @Test(arguments: rates, bursts)
  func `a burst comes at once after a pause, and the next call after one interval`(
    perSecond: Double, burst: Int
  ) {
    let pace = CallPace(RateLimit(perSecond: perSecond, burst: burst))
    let start: Int64 = 1_000_000_007
    var arrival = CallPace.untouched
    for _ in 0..<burst { #expect(pace.spend(from: &arrival, now: start) == .admit) }
    let interval = pace.intervalNanoseconds
    #expect(pace.spend(from: &arrival, now: start + interval - 1) != .admit)
    #expect(pace.spend(from: &arrival, now: start + interval) == .admit)
    #expect(pace.spend(from: &arrival, now: start + interval) != .admit)
  }

  @Test(arguments: rates, bursts)
  func `it admits what a token bucket admits`(perSecond: Double, burst: Int) {
    let pace = CallPace(RateLimit(perSecond: perSecond, burst: burst))
    let interval = pace.intervalNanoseconds
    var random = SplitMix64(seed: UInt64(burst) &+ perSecond.bitPattern)
    var bucket = NaiveBucket(interval: interval, burst: burst)
    var arrival = CallPace.untouched
    var now: Int64 = 0
    var differences = 0
    for _ in 0..<2_000 {
      // At once, around a whole interval, somewhere, and now and then after a long pause.
      let pauses = [
        0, 0, 0, 1, interval - 1, interval, interval + 1, .random(in: 0...interval, using: &random),
        .random(in: 0...3, using: &random) == 0 ? interval * Int64(burst) : 0,
      ]
      now += pauses.randomElement(using: &random) ?? 0
      let isAdmitted = pace.spend(from: &arrival, now: now) == .admit
      if isAdmitted != bucket.spend(now: now) { differences += 1 }
      if (arrival <= now) != bucket.isFull(now: now) { differences += 1 }
    }
    #expect(differences == 0)
  }

  @Test(arguments: [0.7, 3, 10, 1e6], [1, 5])
  func `who comes back when told is let through, and not a millisecond earlier`(
    perSecond: Double, burst: Int
  ) throws {
    let pace = CallPace(RateLimit(perSecond: perSecond, burst: burst))
    var arrival = CallPace.untouched
    var now: Int64 = 5
    for _ in 0..<50 {
      now += 1_234
      guard case .refuse(let milliseconds) = pace.spend(from: &arrival, now: now) else { continue }
      #expect(milliseconds >= 1)
      var early = arrival
      #expect(pace.spend(from: &early, now: now + (milliseconds - 1) * 1_000_000) != .admit)
      now += milliseconds * 1_000_000
      #expect(pace.spend(from: &arrival, now: now) == .admit)
    }
  }

  @Test func `a refusal takes nothing`() {
    let pace = CallPace(RateLimit(perSecond: 2, burst: 1))
    var arrival = CallPace.untouched
    #expect(pace.spend(from: &arrival, now: 0) == .admit)
    let spent = arrival
    for _ in 0..<10 {
      #expect(pace.spend(from: &arrival, now: 0) == .refuse(retryAfterMilliseconds: 500))
      #expect(arrival == spent)
    }
  }

  @Test(
    arguments: [
      .leastNonzeroMagnitude, .leastNormalMagnitude, 1e-300, 1e-10, 1, 1e9, 1e10, 1e300,
      .greatestFiniteMagnitude, .infinity, 0, -1, -.infinity, .nan,
    ] as [Double], [.min, -1, 0, 1, 2, 1 << 40, .max] as [Int])
  func `no limit and no instant traps`(perSecond: Double, burst: Int) {
    let pace = CallPace(RateLimit(perSecond: perSecond, burst: burst))
    #expect(pace.intervalNanoseconds >= 1)
    #expect(pace.toleranceNanoseconds >= 0)
    for instant in [Int64.min, -1, 0, 1, 1 << 60, .max] {
      var arrival = CallPace.untouched
      #expect(pace.spend(from: &arrival, now: CallPace.clamped(instant)) == .admit)
      for _ in 0..<5 {
        let answer = pace.spend(from: &arrival, now: CallPace.clamped(instant))
        if case .refuse(let milliseconds) = answer { #expect(milliseconds >= 1) }
        #expect(arrival >= 0)
      }
    }
  }

  @Test func `a bucket that takes for ever to fill holds what fills in 36 years`() {
    let pace = CallPace(RateLimit(perSecond: 1e-6, burst: .max))
    #expect(pace.intervalNanoseconds == 1_000_000_000_000_000)
    #expect(pace.toleranceNanoseconds == CallPace.longestNanoseconds)
  }
}

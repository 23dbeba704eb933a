// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import Telemetry
import Testing

@testable import TrafficPolicy

@Suite struct ThingLimitChangeTests {
  private static func settings(
    perSecond: Double, burst: Int, mode: LimitMode = .enforce, maxThings: Int = 1_000
  ) -> ThingLimitSettings {
    var settings = ThingLimitSettings()
    let limit = RateLimit(perSecond: perSecond, burst: burst)
    settings.mode = mode
    settings.limits = ThingLimits(reads: limit, writes: limit)
    settings.maxThings = maxThings
    return settings
  }

  private static func admitted(_ bench: LimiterBench, _ thing: String = "a", of calls: Int) -> Int {
    (0..<calls).count { _ in bench.limiter.spend(.read, for: thing) == .admit }
  }

  @Test func `the next call is decided by the new limit`() {
    let bench = LimiterBench(Self.settings(perSecond: 1, burst: 2))
    #expect(Self.admitted(bench, of: 10) == 2)
    bench.limiter.apply(Self.settings(perSecond: 1, burst: 7))
    #expect(Self.admitted(bench, "b", of: 10) == 7)
    // Of seven, two are used up.
    #expect(Self.admitted(bench, of: 10) == 5)
  }

  @Test func `what is used up stays used up`() {
    let bench = LimiterBench(Self.settings(perSecond: 1, burst: 10))
    #expect(Self.admitted(bench, of: 10) == 10)
    bench.limiter.apply(Self.settings(perSecond: 1, burst: 4))
    #expect(bench.limiter.spend(.read, for: "a") == .refuse(retryAfterMilliseconds: 1_000))
    bench.clock.advance(by: .seconds(4))
    #expect(Self.admitted(bench, of: 10) == 4)
  }

  @Test func `a faster limit need not wait for the slower one to be outlasted`() {
    let bench = LimiterBench(Self.settings(perSecond: 0.001, burst: 20))
    #expect(Self.admitted(bench, of: 30) == 20)
    bench.limiter.apply(Self.settings(perSecond: 10, burst: 20))
    #expect(bench.limiter.spend(.read, for: "a") == .refuse(retryAfterMilliseconds: 100))
    bench.clock.advance(by: .milliseconds(100))
    #expect(Self.admitted(bench, of: 5) == 1)
    bench.clock.advance(by: .milliseconds(2_000))
    #expect(Self.admitted(bench, of: 30) == 20)
  }

  @Test func `an override that becomes faster counts at once too`() {
    var settings = Self.settings(perSecond: 0.001, burst: 5)
    settings.exact["slow"] = ThingLimits(
      reads: RateLimit(perSecond: 0.000_1, burst: 5), writes: nil)
    let bench = LimiterBench(settings)
    #expect(Self.admitted(bench, "slow", of: 10) == 5)
    settings.exact["slow"] = ThingLimits(reads: RateLimit(perSecond: 100, burst: 5), writes: nil)
    bench.limiter.apply(settings)
    // Its bucket is empty at the new pace, however long it would have been at the old one.
    #expect(bench.limiter.spend(.read, for: "slow") == .refuse(retryAfterMilliseconds: 10))
    bench.clock.advance(by: .milliseconds(10))
    #expect(Self.admitted(bench, "slow", of: 10) == 1)
    settings.exact = [:]
    settings.prefixes["sl"] = .unlimited
    bench.limiter.apply(settings)
    #expect(Self.admitted(bench, "slow", of: 50) == 50)
    #expect(bench.limiter.snapshot.overrides == 1)
  }

  @Test func `the mode changes between two calls`() {
    let bench = LimiterBench(Self.settings(perSecond: 1, burst: 1, mode: .off))
    #expect(Self.admitted(bench, of: 3) == 3)
    #expect(bench.limiter.snapshot.things == 0)
    bench.limiter.apply(Self.settings(perSecond: 1, burst: 1, mode: .shadow))
    #expect(Self.admitted(bench, of: 3) == 3)
    #expect(bench.refusals("thing_read", mode: "shadow") == 2)
    bench.limiter.apply(Self.settings(perSecond: 1, burst: 1))
    #expect(Self.admitted(bench, of: 3) == 0)
    #expect(bench.refusals("thing_read") == 3)
    bench.limiter.apply(Self.settings(perSecond: 1, burst: 1, mode: .off))
    #expect(Self.admitted(bench, of: 3) == 3)
    // What was used up is not forgotten by this.
    bench.limiter.apply(Self.settings(perSecond: 1, burst: 1))
    #expect(Self.admitted(bench, of: 3) == 0)
  }

  @Test func `the table keeps its size`() {
    let bench = LimiterBench(Self.settings(perSecond: 1, burst: 1, maxThings: 3))
    bench.limiter.apply(Self.settings(perSecond: 1, burst: 1, maxThings: 1_000_000))
    for thing in 0..<10 { _ = bench.limiter.spend(.read, for: "t\(thing)") }
    #expect(
      bench.limiter.snapshot
        == LimiterSnapshot(
          mode: .enforce, things: 3, maxThings: 3, overrides: 0))
  }

  @Test func `things that are seldom seen do not stay for a limit that is no more`() {
    let bench = LimiterBench(Self.settings(perSecond: 0.000_1, burst: 5, maxThings: 100))
    for thing in 0..<100 { #expect(Self.admitted(bench, "old-\(thing)", of: 5) == 5) }
    bench.limiter.apply(Self.settings(perSecond: 10, burst: 5, maxThings: 100))
    bench.clock.advance(by: .seconds(1))
    for thing in 0..<90 { #expect(Self.admitted(bench, "new-\(thing)", of: 5) == 5) }
    #expect(bench.refusals("table_full") == 0)
  }

  @Test func `newcomers' common bucket stays with its limit`() {
    let bench = LimiterBench(Self.settings(perSecond: 1, burst: 2, maxThings: 1))
    #expect(Self.admitted(bench, "known", of: 1) == 1)
    #expect(Self.admitted(bench, "x", of: 5) == 2)
    bench.limiter.apply(Self.settings(perSecond: 1, burst: 2, maxThings: 1))
    #expect(Self.admitted(bench, "y", of: 5) == 0)
    bench.limiter.apply(Self.settings(perSecond: 1, burst: 3, maxThings: 1))
    #expect(Self.admitted(bench, "z", of: 5) == 3)
  }

  @Test func `under other settings all the time nobody gets less than the lower limit`() async {
    let bench = LimiterBench(Self.settings(perSecond: 1, burst: 100))
    let limiter = bench.limiter
    let counts = await withTaskGroup { group in
      for worker in 0..<3 {
        group.addTask {
          (0..<2_000).count { _ in limiter.spend(.read, for: "t\(worker)") == .admit }
        }
      }
      group.addTask {
        for round in 0..<400 {
          limiter.apply(Self.settings(perSecond: 1, burst: round % 2 == 0 ? 300 : 100))
        }
        return 200
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    // The clock stands. How much more they got is a matter of when: whoever has used up the higher
    // burst is only as empty as the lower one can be from then on.
    #expect(counts.allSatisfy { $0 >= 100 }, "\(counts)")
    for worker in 0..<3 {
      #expect(Self.admitted(bench, "t\(worker)", of: 1_000) <= 100)
      #expect(limiter.spend(.read, for: "t\(worker)") != .admit)
    }
  }
}

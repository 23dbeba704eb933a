// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import Testing

@testable import TrafficPolicy

private func settings(
  reads: RateLimit? = RateLimit(perSecond: 10, burst: 2),
  writes: RateLimit? = RateLimit(perSecond: 1, burst: 1), mode: LimitMode = .enforce
) -> ThingLimitSettings {
  var settings = ThingLimitSettings()
  settings.mode = mode
  settings.limits = ThingLimits(reads: reads, writes: writes)
  return settings
}

@Suite struct ThingLimiterTests {
  @Test func `a thing has what it may have, and comes back in time`() {
    let bench = LimiterBench(settings())
    #expect(bench.limiter.spend(.read, for: "a") == .admit)
    #expect(bench.limiter.spend(.read, for: "a") == .admit)
    #expect(bench.limiter.spend(.read, for: "a") == .refuse(retryAfterMilliseconds: 100))
    #expect(bench.limiter.spend(.read, for: "b") == .admit)
    bench.clock.advance(by: .milliseconds(99))
    #expect(bench.limiter.spend(.read, for: "a") == .refuse(retryAfterMilliseconds: 1))
    bench.clock.advance(by: .milliseconds(1))
    #expect(bench.limiter.spend(.read, for: "a") == .admit)
    #expect(bench.refusals("thing_read") == 2)
    #expect(bench.refusals("thing_write") == 0)
    #expect(bench.metric("iot_jobs_gateway_limiter_things") == 2)
    #expect(bench.offenders.top(3) == [Offender(thing: "a", refusals: 2, overcount: 0)])
  }

  @Test func `who only asks spends nothing, and is refused and counted as who spends`() {
    let bench = LimiterBench(settings())
    for _ in 0..<9 { #expect(bench.limiter.ask(.read, for: "a") == .admit) }
    #expect(bench.metric("iot_jobs_gateway_limiter_things") == 0)
    for _ in 0..<2 {
      #expect(bench.limiter.ask(.read, for: "a") == .admit)
      #expect(bench.limiter.spend(.read, for: "a") == .admit)
    }
    for _ in 0..<2 {
      #expect(bench.limiter.ask(.read, for: "a") == .refuse(retryAfterMilliseconds: 100))
    }
    #expect(bench.limiter.ask(.write, for: "a") == .admit)
    #expect(bench.refusals("thing_read") == 2)
    #expect(bench.offenders.top(3) == [Offender(thing: "a", refusals: 2, overcount: 0)])
    bench.clock.advance(by: .milliseconds(100))
    #expect(bench.limiter.ask(.read, for: "a") == .admit)
    #expect(bench.limiter.spend(.read, for: "a") == .admit)
  }

  @Test(arguments: [LimitMode.shadow, .off])
  func `who asks of a limit that is not kept is let through, and not counted`(_ mode: LimitMode) {
    let bench = LimiterBench(settings(mode: mode))
    for _ in 0..<9 { _ = bench.limiter.spend(.write, for: "a") }
    let counted = bench.refusals("thing_write", mode: "shadow")
    #expect(bench.limiter.ask(.write, for: "a") == .admit)
    #expect(bench.refusals("thing_write", mode: "shadow") == counted)
    #expect(bench.refusals("thing_write") == 0)
  }

  @Test func `reads and writes are apart`() {
    let bench = LimiterBench(settings())
    #expect(bench.limiter.spend(.write, for: "a") == .admit)
    #expect(bench.limiter.spend(.write, for: "a") == .refuse(retryAfterMilliseconds: 1_000))
    #expect(bench.limiter.spend(.read, for: "a") == .admit)
    #expect(bench.refusals("thing_write") == 1)
    #expect(bench.metric("iot_jobs_gateway_limiter_things") == 1)
  }

  @Test func `in shadow all are let through, and the refusals of a kept limit are counted`() {
    let kept = LimiterBench(settings())
    let shadow = LimiterBench(settings(mode: .shadow))
    for step in 0..<200 {
      _ = kept.limiter.spend(step % 3 == 0 ? .write : .read, for: "a")
      #expect(shadow.limiter.spend(step % 3 == 0 ? .write : .read, for: "a") == .admit)
      for bench in [kept, shadow] { bench.clock.advance(by: .milliseconds(40)) }
    }
    for reason in ["thing_read", "thing_write"] {
      #expect(shadow.refusals(reason, mode: "shadow") == kept.refusals(reason))
      #expect(kept.refusals(reason).map { $0 > 50 } == true)
      #expect(shadow.refusals(reason) == 0)
    }
    #expect(shadow.offenders.top(1) == kept.offenders.top(1))
  }

  @Test func `switched off it keeps nothing and refuses nothing`() {
    let bench = LimiterBench(settings(mode: .off))
    for _ in 0..<50 { #expect(bench.limiter.spend(.write, for: "a") == .admit) }
    #expect(bench.metric("iot_jobs_gateway_limiter_things") == 0)
    #expect(bench.offenders.top(1) == [])
  }

  @Test func `a kind without a limit is not kept track of`() {
    let bench = LimiterBench(settings(reads: nil))
    for _ in 0..<50 { #expect(bench.limiter.spend(.read, for: "a") == .admit) }
    #expect(bench.metric("iot_jobs_gateway_limiter_things") == 0)
    #expect(bench.limiter.spend(.write, for: "a") == .admit)
    #expect(bench.limiter.spend(.write, for: "a") != .admit)
  }

  @Test func `limits by name and by prefix take the place of the default`() {
    var settings = settings()
    settings.exact["door-7"] = .unlimited
    settings.prefixes["door-"] = ThingLimits(reads: RateLimit(perSecond: 1, burst: 5), writes: nil)
    let bench = LimiterBench(settings)
    func admitted(_ kind: CallKind, _ thing: String) -> Int {
      (0..<20).reduce(0) { sum, _ in sum + (bench.limiter.spend(kind, for: thing) == .admit ? 1 : 0)
      }
    }
    #expect(admitted(.read, "door-7") == 20)
    #expect(admitted(.read, "door-8") == 5)
    #expect(admitted(.write, "door-8") == 20)
    #expect(admitted(.read, "lab") == 2)
  }

  @Test func `things whose fingerprints are equal share what one may have`() {
    let bench = LimiterBench(settings(), fingerprint: ThingFingerprint { _ in 7 })
    #expect(bench.limiter.spend(.read, for: "a") == .admit)
    #expect(bench.limiter.spend(.read, for: "b") == .admit)
    #expect(bench.limiter.spend(.read, for: "c") == .refuse(retryAfterMilliseconds: 100))
    #expect(bench.limiter.spend(.write, for: "c") == .admit)
    #expect(bench.limiter.spend(.write, for: "a") != .admit)
    #expect(bench.metric("iot_jobs_gateway_limiter_things") == 1)
    // The one that is named is the one that was refused.
    #expect(bench.offenders.top(2).map(\.thing) == ["a", "c"])
  }

  @Test func `fingerprints are keyed anew for each limiter`() {
    let one = ThingFingerprint.keyed()
    let other = ThingFingerprint.keyed()
    #expect(one("sensor-1") == one("sensor-1"))
    #expect(one("sensor-1") != one("sensor-2"))
    #expect(one("sensor-1") != other("sensor-1"))
  }
}

@Suite struct FullThingLimiterTests {
  private static func fullBench(
    mode: LimitMode = .enforce, reads: RateLimit? = RateLimit(perSecond: 10, burst: 2)
  ) -> LimiterBench {
    var settings = settings(reads: reads, mode: mode)
    settings.maxThings = 10
    settings.prefixes["known-"] = ThingLimits(
      reads: RateLimit(perSecond: 0.01, burst: 2), writes: RateLimit(perSecond: 0.01, burst: 2))
    settings.prefixes["rich-"] = ThingLimits(
      reads: RateLimit(perSecond: 1, burst: 100), writes: nil)
    let bench = LimiterBench(settings)
    for thing in 0..<10 { #expect(bench.limiter.spend(.read, for: "known-\(thing)") == .admit) }
    return bench
  }

  @Test func `newcomers to a full table share one bucket with the default limits`() {
    let bench = Self.fullBench()
    #expect(bench.limiter.spend(.read, for: "a") == .admit)
    #expect(bench.limiter.spend(.read, for: "b") == .admit)
    #expect(bench.limiter.spend(.read, for: "c") == .refuse(retryAfterMilliseconds: 100))
    #expect(bench.limiter.spend(.read, for: "d") == .refuse(retryAfterMilliseconds: 100))
    #expect(bench.refusals("table_full") == 2)
    #expect(bench.refusals("thing_read") == 0)
    #expect(bench.metric("iot_jobs_gateway_limiter_things") == 10)
    #expect(bench.limiter.spend(.write, for: "c") == .admit)
    #expect(bench.limiter.spend(.write, for: "a") == .refuse(retryAfterMilliseconds: 1_000))
    #expect(bench.refusals("table_full") == 3)
    // A newcomer without a limit needs no room.
    for _ in 0..<9 { #expect(bench.limiter.spend(.write, for: "rich-b") == .admit) }
    bench.clock.advance(by: .milliseconds(100))
    #expect(bench.limiter.spend(.read, for: "c") == .admit)
    #expect(bench.limiter.spend(.read, for: "a") != .admit)
  }

  @Test func `those who are in a full table have what they had`() {
    let bench = Self.fullBench()
    for _ in 0..<5 { _ = bench.limiter.spend(.read, for: "newcomer") }
    for thing in 0..<10 {
      #expect(bench.limiter.spend(.read, for: "known-\(thing)") == .admit)
      #expect(bench.limiter.spend(.read, for: "known-\(thing)") != .admit)
      #expect(bench.limiter.spend(.write, for: "known-\(thing)") == .admit)
    }
    #expect(bench.refusals("thing_read") == 10)
  }

  @Test func `a newcomer with a stricter limit is held to it, whoever else comes`() {
    let bench = Self.fullBench()
    var admitted = 0
    for _ in 0..<1_000 {
      // A call each 200 ms, for 200 s: a hundredth a second, after the two at once.
      if bench.limiter.spend(.read, for: "known-10") == .admit { admitted += 1 }
      #expect(bench.limiter.spend(.read, for: "a") == .admit)
      bench.clock.advance(by: .milliseconds(200))
      // So that the table stays full.
      for thing in 0..<10 { _ = bench.limiter.spend(.read, for: "known-\(thing)") }
    }
    #expect(admitted == 3)
    #expect(bench.refusals("table_full") == 997)
    #expect(bench.metric("iot_jobs_gateway_limiter_things") == 10)
  }

  @Test func `newcomers with a generous limit share it, and leave the others theirs`() {
    let bench = Self.fullBench()
    for thing in 0..<100 { #expect(bench.limiter.spend(.read, for: "rich-\(thing)") == .admit) }
    #expect(bench.limiter.spend(.read, for: "rich-0") == .refuse(retryAfterMilliseconds: 1_000))
    #expect(bench.limiter.spend(.read, for: "a") == .admit)
    #expect(bench.refusals("table_full") == 1)
  }

  @Test func `without a default a newcomer's own limit holds for what is shared`() {
    let bench = Self.fullBench(reads: nil)
    #expect(bench.limiter.spend(.read, for: "a") == .admit)
    #expect(bench.limiter.spend(.read, for: "known-10") == .admit)
    #expect(bench.limiter.spend(.read, for: "known-11") == .admit)
    #expect(bench.limiter.spend(.read, for: "known-12") == .refuse(retryAfterMilliseconds: 100_000))
    #expect(bench.refusals("table_full") == 1)
  }

  @Test func `in shadow newcomers are let through and counted`() {
    let bench = Self.fullBench(mode: .shadow)
    for _ in 0..<5 { #expect(bench.limiter.spend(.read, for: "a") == .admit) }
    #expect(bench.refusals("table_full", mode: "shadow") == 3)
    #expect(bench.refusals("table_full") == 0)
  }

  @Test func `room comes back with time`() {
    let bench = Self.fullBench()
    bench.clock.advance(by: .seconds(100))
    #expect(bench.limiter.spend(.read, for: "a") == .admit)
    #expect(bench.limiter.spend(.read, for: "b") == .admit)
    #expect(bench.limiter.spend(.read, for: "b") == .admit)
    #expect(bench.limiter.spend(.read, for: "b") != .admit)
    #expect(bench.limiter.spend(.read, for: "a") == .admit)
    #expect(bench.refusals("table_full") == 0)
    #expect(bench.refusals("thing_read") == 1)
  }
}

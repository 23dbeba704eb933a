// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import TrafficPolicy

@Suite struct TokenBucketTests {
  private static let second: Int64 = 1_000_000_000

  @Test func `a fresh bucket is full`() {
    var bucket = TokenBucket(burst: 3, now: 0)
    #expect(bucket.count == 3)
    for _ in 0..<3 { #expect(bucket.take() == true) }
    #expect(bucket.take() == false)
    #expect(bucket.count == 0)
  }

  @Test(arguments: [1.0, 3, 50, 0.7, 333.333, 1_000_000])
  func `a token is not back before its time, and then it is`(perSecond: Double) {
    let rate = AdaptiveRate(perSecond: perSecond)
    var bucket = TokenBucket(burst: 1, now: 5)
    #expect(bucket.take() == true)
    let due = bucket.nextToken(at: rate)
    bucket.fill(at: rate, until: due - 1)
    #expect(bucket.take() == false)
    bucket.fill(at: rate, until: due)
    #expect(bucket.take() == true)
    #expect(bucket.take() == false)
  }

  @Test func `nothing is lost to rounding, however often the bucket is filled`() {
    // Three a second: a token comes every 333,333,333 and a third nanoseconds.
    let rate = AdaptiveRate(perSecond: 3)
    var bucket = TokenBucket(burst: 10, now: 0)
    for _ in 0..<10 { _ = bucket.take() }
    var taken = 0
    for step in 1...30_000 {
      bucket.fill(at: rate, until: Int64(step) * 1_000_003)
      if bucket.take() { taken += 1 }
    }
    #expect(taken == 90)
    bucket.fill(at: rate, until: 30_333_333_333)
    #expect(bucket.take() == false)
    bucket.fill(at: rate, until: 30_333_333_334)
    #expect(bucket.take() == true)
  }

  @Test func `a full bucket gains nothing, however long it stands`() {
    let rate = AdaptiveRate(perSecond: 1_000)
    var bucket = TokenBucket(burst: 5, now: 0)
    bucket.fill(at: rate, until: .max)
    #expect(bucket.count == 5)
    #expect(bucket.nextToken(at: rate) == .max)
  }

  @Test func `an empty bucket is full after any long time`() {
    let rate = AdaptiveRate(perSecond: 1e9)
    var bucket = TokenBucket(burst: TokenBucket.maxBurst, now: 0)
    while bucket.count > 9_000_000 - 20 { _ = bucket.take() }
    bucket.fill(at: rate, until: .max)
    #expect(bucket.count == 9_000_000)
  }

  @Test func `a change of the rate keeps what was gained`() {
    var rate = AdaptiveRate(perSecond: 10)
    var bucket = TokenBucket(burst: 2, now: 0)
    for _ in 0..<2 { #expect(bucket.take() == true) }
    bucket.fill(at: rate, until: 99_999_999)
    _ = rate.throttled(now: 99_999_999)
    // All but one nanosecond's worth is there: 10,000 units, at 7,000 a nanosecond.
    #expect(bucket.nextToken(at: rate) == 100_000_001)
    bucket.fill(at: rate, until: 100_000_001)
    #expect(bucket.take() == true)
  }

  @Test func `the next token is foretold through all the rises on the way`() {
    var rate = AdaptiveRate(perSecond: 0.2)
    for second in 0..<10 { _ = rate.throttled(now: Int64(second) * Self.second) }
    var bucket = TokenBucket(burst: 1, now: 9 * Self.second)
    #expect(bucket.take() == true)
    let due = bucket.nextToken(at: rate)
    // At the floor it would take 50 seconds, and at the ceiling 5.
    #expect(due > 14 * Self.second && due < 59 * Self.second)
    bucket.fill(at: rate, until: due - 1)
    #expect(bucket.take() == false)
    bucket.fill(at: rate, until: due)
    #expect(bucket.take() == true)
  }

  @Test func `a token given back can be taken again, beyond the burst it is lost`() {
    var bucket = TokenBucket(burst: 1, now: 0)
    #expect(bucket.take() == true)
    bucket.giveBack()
    bucket.giveBack()
    #expect(bucket.take() == true)
    #expect(bucket.take() == false)
  }

  @Test func `what is charged beyond the tokens is paid before there is another`() {
    let rate = AdaptiveRate(perSecond: 1)
    var bucket = TokenBucket(burst: 3, now: 0)
    #expect(bucket.take() == true)
    bucket.charge(4)
    #expect(bucket.count == 0)
    #expect(bucket.take() == false)
    // Two of debt, and the token.
    #expect(bucket.nextToken(at: rate) == 3 * Self.second)
    #expect(bucket.nanoseconds(untilTaken: 2, at: rate.level(at: 0)) == 4 * Self.second)
    #expect(bucket.nanoseconds(untilTaken: 9_223_372, at: rate.level(at: 0)) == .max / 1_000 + 1)
    bucket.fill(at: rate, until: 3 * Self.second - 1)
    #expect(bucket.take() == false)
    bucket.fill(at: rate, until: 3 * Self.second)
    #expect(bucket.take() == true)
    #expect(bucket.take() == false)
  }

  @Test(arguments: [1, 3, TokenBucket.maxBurst]) func `the debt is bounded`(burst: Int) {
    let rate = AdaptiveRate(perSecond: 1)
    var bucket = TokenBucket(burst: burst, now: 0)
    for _ in 0..<50 { bucket.charge(.max) }
    for charge in [0, -1, .min] { bucket.charge(charge) }
    let debt = Int64(min(burst, TokenBucket.maxDebt))
    #expect(bucket.nextToken(at: rate) == (debt + 1) * Self.second)
    bucket.fill(at: rate, until: .max)
    #expect(bucket.count == burst)
  }

  @Test func `a clock that goes back brings nothing`() {
    let rate = AdaptiveRate(perSecond: 1)
    var bucket = TokenBucket(burst: 1, now: 10 * Self.second)
    #expect(bucket.take() == true)
    bucket.fill(at: rate, until: 5 * Self.second)
    bucket.fill(at: rate, until: 11 * Self.second - 1)
    #expect(bucket.take() == false)
    bucket.fill(at: rate, until: 11 * Self.second)
    #expect(bucket.take() == true)
  }

  @Test func `the wait for many tokens is estimated at the rate of now`() {
    let rate = AdaptiveRate(perSecond: 50)
    var bucket = TokenBucket(burst: 2, now: 0)
    #expect(bucket.nanoseconds(untilTaken: 2, at: rate.level(at: 0)) == 0)
    for _ in 0..<2 { #expect(bucket.take() == true) }
    #expect(bucket.nanoseconds(untilTaken: 1, at: rate.level(at: 0)) == 20_000_000)
    #expect(bucket.nanoseconds(untilTaken: 50, at: rate.level(at: 0)) == Self.second)
    #expect(bucket.nanoseconds(untilTaken: .max, at: rate.level(at: 0)) == .max)
  }

  @Test(arguments: [0, -7, Int.min]) func `there is a burst of one at least`(burst: Int) {
    var bucket = TokenBucket(burst: burst, now: 0)
    #expect(bucket.take() == true)
    #expect(bucket.take() == false)
  }
}

// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import TrafficPolicy

@Suite struct RetryRulesTests {
  private static func rules(
    _ change: (inout RetrySettings) -> Void = { _ in }
  ) -> RetryRules {
    var settings = RetrySettings()
    change(&settings)
    return RetryRules(settings)
  }

  private static func decide(
    _ rules: RetryRules, _ reason: RetryReason = .unavailable, attempts: Int = 1,
    now: Int64 = 0, deadline: Int64? = nil, random: Double = 0.5
  ) -> RetryRules.OnFailure {
    rules.attemptFailed(
      reason, attempts: attempts, askedMilliseconds: nil, now: now, deadline: deadline,
      random: random)
  }

  private static let millisecond: Int64 = 1_000_000

  /// The vector of AWS's standard mode.
  @Test func `with half of the dice the waits are half of the powers of two`() {
    let rules = Self.rules {
      $0.baseDelay = .seconds(1)
      $0.maxAttempts = 100
    }
    let delays = (1...7).map {
      rules.delay(.unavailable, repeats: $0, askedMilliseconds: nil, random: 0.5)
    }
    #expect(delays == [0.5, 1, 2, 4, 8, 10, 10].map { Int64($0 * 1e9) })
  }

  @Test func `a throttle is waited for from a longer time`() {
    let rules = Self.rules()
    #expect(
      rules.delay(.unavailable, repeats: 1, askedMilliseconds: nil, random: 0.5)
        == 25 * Self.millisecond)
    #expect(
      rules.delay(.throttled, repeats: 1, askedMilliseconds: nil, random: 0.5)
        == 500 * Self.millisecond)
    #expect(
      rules.delay(.throttled, repeats: 2, askedMilliseconds: nil, random: 0.5)
        == 1_000 * Self.millisecond)
  }

  @Test(arguments: [
    (Int64(0), Int64(25)), (10, 25), (400, 400), (5_025, 5_025), (5_026, 5_025), (.max, 5_025),
    (-7, 25),
  ])
  func `a wait that is asked for is kept within bounds`(asked: Int64, milliseconds: Int64) {
    #expect(
      Self.rules().delay(.unavailable, repeats: 1, askedMilliseconds: asked, random: 0.5)
        == milliseconds * Self.millisecond)
  }

  @Test(arguments: [0, 1, 2, 63, 64, 1_000, Int.max], [0, 0.5, 1, -1, 2, .infinity])
  func `no number brings a wait beyond the longest`(repeats: Int, random: Double) {
    let rules = Self.rules {
      $0.baseDelay = .seconds(Int64.max)
      $0.maxDelay = .seconds(Int64.max)
    }
    let delay = rules.delay(.unavailable, repeats: repeats, askedMilliseconds: nil, random: random)
    #expect(0...86_400_000_000_000 ~= delay)
  }

  @Test func `so many attempts, and no more`() {
    let rules = Self.rules()
    #expect(Self.decide(rules, attempts: 2) == .repeatAfter(nanoseconds: 50 * Self.millisecond))
    #expect(Self.decide(rules, attempts: 3) == .attemptsUsedUp)
    #expect(Self.decide(rules, attempts: 4) == .attemptsUsedUp)
  }

  @Test(arguments: [0, 1])
  func `one attempt is no repeat, and no look`(attempts: Int) {
    let rules = Self.rules { $0.maxAttempts = attempts }
    #expect(Self.decide(rules) == .attemptsUsedUp)
    #expect(Self.decide(rules, .unknownOutcome) == .attemptsUsedUp)
  }

  @Test func `a look is no attempt`() {
    #expect(
      Self.decide(Self.rules(), .unknownOutcome, attempts: 3)
        == .repeatAfter(nanoseconds: 100 * Self.millisecond))
  }

  @Test(arguments: RetryReason.allCases)
  func `nothing begins that cannot end before the deadline`(reason: RetryReason) {
    let rules = Self.rules()
    let wait = rules.delay(reason, repeats: 1, askedMilliseconds: nil, random: 0.5)
    let last = 7 + wait + RetryRules.leastAttemptNanoseconds
    #expect(
      Self.decide(rules, reason, now: 7, deadline: last) == .repeatAfter(nanoseconds: wait))
    #expect(Self.decide(rules, reason, now: 7, deadline: last - 1) == .deadlineNear)
    #expect(Self.decide(rules, reason, now: .max, deadline: .max) != .deadlineNear)
    #expect(Self.decide(rules, reason, now: 7, deadline: .min) == .deadlineNear)
  }
}

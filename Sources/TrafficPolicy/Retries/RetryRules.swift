// SPDX-License-Identifier: Apache-2.0

import JobsAPI

/// When a call that failed is made again, if it is.
package struct RetryRules: Equatable, Sendable {
  package enum OnFailure: Equatable, Sendable {
    case repeatAfter(nanoseconds: Int64)
    /// All attempts that a call has are made.
    case attemptsUsedUp
    /// The caller would not live to see the answer.
    case deadlineNear
  }

  /// What the least attempt takes: it is not worth the wait if there is less time left after it.
  package static let leastAttemptNanoseconds: Int64 = 100_000_000
  /// How much longer than it would by itself a call waits because the answer asks for it. What is
  /// asked beyond is not waited for, as AWS's clients have it.
  package static let longestAskedNanoseconds: Int64 = 5_000_000_000

  private static let dayNanoseconds: Int64 = 86_400_000_000_000

  package let maxAttempts: Int
  private let base: Int64
  private let throttledBase: Int64
  private let longest: Int64

  package init(_ settings: RetrySettings) {
    self.maxAttempts = max(1, settings.maxAttempts)
    self.base = settings.baseDelay.wholeNanoseconds
    self.throttledBase = settings.throttledBaseDelay.wholeNanoseconds
    // Within a day, where a wait is exact as a floating-point number.
    self.longest = min(settings.maxDelay.wholeNanoseconds, Self.dayNanoseconds)
  }

  /// - Parameters:
  ///   - attempts: made so far; at least one.
  ///   - askedMilliseconds: the wait that the answer asks for, if it does.
  ///   - deadline: when the caller stops waiting, on the scale of `now`.
  ///   - random: drawn evenly from zero to below one.
  package func attemptFailed(
    _ reason: RetryReason, attempts: Int, askedMilliseconds: Int64?, now: Int64, deadline: Int64?,
    random: Double
  ) -> OnFailure {
    // To ask what became of the others is no attempt of its own, where there may be several.
    let isLook = reason == .unknownOutcome && self.maxAttempts > 1
    guard attempts < self.maxAttempts || isLook else { return .attemptsUsedUp }
    let delay = self.delay(
      reason, repeats: attempts, askedMilliseconds: askedMilliseconds, random: random)
    let leastEnd = now.addingClamped(delay).addingClamped(Self.leastAttemptNanoseconds)
    if let deadline, leastEnd > deadline { return .deadlineNear }
    return .repeatAfter(nanoseconds: delay)
  }

  /// The wait before the n-th repeat: drawn from zero to `base * 2^(n-1)`, so that callers who failed
  /// together do not come back together. A longer wait that the answer asks for is kept, within
  /// bounds.
  package func delay(
    _ reason: RetryReason, repeats: Int, askedMilliseconds: Int64?, random: Double
  ) -> Int64 {
    let base = reason == .throttled ? self.throttledBase : self.base
    let doublings = min(max(repeats, 1) - 1, 62)
    let (grown, overflow) = base.multipliedReportingOverflow(by: 1 << Int64(doublings))
    let ceiling = overflow ? self.longest : min(grown, self.longest)
    let drawn = Int64(Double(ceiling) * min(max(random, 0), 1))
    guard let askedMilliseconds else { return drawn }
    let (asked, isEndless) = askedMilliseconds.multipliedReportingOverflow(by: 1_000_000)
    let bound = drawn.addingClamped(Self.longestAskedNanoseconds)
    return max(drawn, isEndless ? bound : min(asked, bound))
  }
}

// SPDX-License-Identifier: Apache-2.0

// ThingLimit keeps one misbehaving thing from spending what all share. It knows names, kinds of
// calls and time; it knows neither what is asked for nor what is answered, and it never waits.

/// What the limit says of a call.
package enum OnSpend: Equatable, Sendable {
  case admit
  /// The same call would be admitted so many milliseconds from now, at least one, if the thing
  /// makes no other.
  case refuse(retryAfterMilliseconds: Int64)
}

/// A rate and a burst in nanoseconds, and the rule that keeps them: the generic cell rate algorithm
/// (ITU-T I.371, annex A, virtual scheduling).
///
/// All that is kept of a bucket is one instant, its theoretical arrival time: when the next call is
/// due if calls came evenly spaced. The bucket is full when that instant is not in the future. The
/// rule admits exactly what a token bucket does that holds `burst` tokens and gains one each
/// `interval`.
struct CallPace: Hashable, Sendable {
  /// Instants lie between zero and here, 73 years, so that no sum of an instant, an interval and a
  /// tolerance overflows.
  static let endOfTime: Int64 = 1 << 61

  /// No duration of a pace is longer: 36 years.
  static let longestNanoseconds: Int64 = 1 << 60

  /// The theoretical arrival time of a bucket that nobody has spent from.
  static let untouched: Int64 = 0

  /// What one call costs.
  let intervalNanoseconds: Int64

  /// How far a call may come ahead of its theoretical arrival time.
  let toleranceNanoseconds: Int64

  /// Any limit makes a pace; none traps. The interval is rounded to whole nanoseconds, at least one,
  /// so that nothing is faster than a billion calls a second. A bucket that would take longer than
  /// 36 years to fill holds what fills in 36 years. A rate that is not above zero is the slowest.
  init(_ limit: RateLimit) {
    let longest = Double(Self.longestNanoseconds)
    let interval = (1_000_000_000 / limit.perSecond).rounded()
    // Not a number is not below the longest.
    let isBounded = limit.perSecond > 0 && interval < longest
    self.intervalNanoseconds = isBounded ? max(Int64(interval), 1) : Self.longestNanoseconds
    let (tolerance, overflow) = self.intervalNanoseconds.multipliedReportingOverflow(
      by: Int64(max(limit.burst, 1) - 1))
    self.toleranceNanoseconds =
      overflow ? Self.longestNanoseconds : min(tolerance, Self.longestNanoseconds)
  }

  /// An instant as this rule wants it.
  static func clamped(_ now: Int64) -> Int64 { min(max(now, 0), Self.endOfTime) }

  /// How long an empty bucket takes to fill: no bucket of this pace is due later than that from now.
  var fillNanoseconds: Int64 { self.toleranceNanoseconds + self.intervalNanoseconds }

  /// Spends one call if the bucket holds one. A refusal leaves the bucket as it was.
  ///
  /// A bucket that was spent from at another pace keeps its instant, which may be worth more calls
  /// or fewer at this one. If it lies further ahead than that of an empty bucket, the bucket is
  /// empty: a thing that is given a faster pace need not first outlast the slower one.
  ///
  /// - Parameters:
  ///   - arrival: The bucket: its theoretical arrival time.
  ///   - now: From zero to ``endOfTime``.
  func spend(from arrival: inout Int64, now: Int64) -> OnSpend {
    let due = self.due(arrival, now: now)
    let answer = self.answer(due: due, now: now)
    arrival = answer == .admit ? due + self.intervalNanoseconds : due
    return answer
  }

  /// What ``spend(from:now:)`` would answer.
  func ask(_ arrival: Int64, now: Int64) -> OnSpend {
    self.answer(due: self.due(arrival, now: now), now: now)
  }

  private func due(_ arrival: Int64, now: Int64) -> Int64 {
    min(max(arrival, now), now + self.fillNanoseconds)
  }

  private func answer(due: Int64, now: Int64) -> OnSpend {
    let early = due - now - self.toleranceNanoseconds
    guard early > 0 else { return .admit }
    // Rounded up: who comes back then is let through.
    return .refuse(retryAfterMilliseconds: (early + 999_999) / 1_000_000)
  }
}

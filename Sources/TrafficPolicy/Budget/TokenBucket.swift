// SPDX-License-Identifier: Apache-2.0

import JobsAPI

/// Tokens that come at a rate and are taken one for each call, in exact whole numbers.
///
/// A rate is thousandths of a call a second, so a nanosecond at the rate of one is the smallest
/// thing that can be gained; a token is 10^12 of these. Over any time t no more than the burst plus
/// what the rate brings in t can be taken. A change of the rate touches nothing that was gained.
/// What was used without being asked for is charged afterwards: the bucket goes into debt, and there
/// is no token until the debt is paid.
package struct TokenBucket: Sendable {
  static let token: Int64 = 1_000_000_000_000
  /// The largest burst that the numbers bear.
  static let maxBurst = 9_000_000

  /// The largest debt in tokens; that of a smaller bucket is what it holds.
  static let maxDebt = 200_000

  private var capacity: Int64
  /// Below zero: debt.
  private var level: Int64
  /// Up to when the level counts.
  private var filledUntil: Int64

  /// Full from the start.
  ///
  /// - Parameter burst: kept between one and nine million tokens.
  package init(burst: Int, now: Int64) {
    self.capacity = Int64(min(max(burst, 1), Self.maxBurst)) * Self.token
    self.level = self.capacity
    self.filledUntil = now
  }

  /// Whole tokens; none in debt.
  package var count: Int { Int(max(0, self.level) / Self.token) }

  /// The same, below zero in debt.
  package var balance: Int { Int(self.level / Self.token) }

  package var burst: Int { Int(self.capacity / Self.token) }

  /// Holds another number of tokens from now on, after what came until now was added. Those that are
  /// there stay, as far as there is room, and so do debts, as far as a bucket of this size may have
  /// them.
  package mutating func changed(burst: Int) {
    self.capacity = TokenBucket(burst: burst, now: self.filledUntil).capacity
    self.level = min(self.capacity, max(self.lowest, self.level))
  }

  /// The debt is bounded by the burst, so that the time without tokens is no longer than an empty
  /// bucket takes to fill.
  private var lowest: Int64 { -min(self.capacity, Int64(Self.maxDebt) * Self.token) }

  /// Adds what came since the last time. A clock that went back adds nothing.
  package mutating func fill(at rate: AdaptiveRate, until now: Int64) {
    // At most one turn for each rise of the rate, of which there are 60.
    while self.filledUntil < now, self.level < self.capacity {
      let end = min(now, rate.nextRise(after: self.filledUntil) ?? now)
      self.add(rate.level(at: self.filledUntil), for: end - self.filledUntil)
      self.filledUntil = end
    }
    self.filledUntil = max(self.filledUntil, now)
  }

  /// False if there is none.
  package mutating func take() -> Bool {
    guard self.level >= Self.token else { return false }
    self.level -= Self.token
    return true
  }

  /// Puts back a token that was taken and not used.
  package mutating func giveBack() {
    self.level = min(self.capacity, self.level + Self.token)
  }

  /// Takes tokens whether they are there or not.
  package mutating func charge(_ tokens: Int) {
    let charged = Int64(min(max(tokens, 0), Self.maxDebt)) * Self.token
    self.level = max(self.lowest, self.level - charged)
  }

  /// When there is a token again, if none is taken. The time of the last fill if there is one.
  package func nextToken(at rate: AdaptiveRate) -> Int64 {
    var gained = self.level
    var time = self.filledUntil
    while true {
      let wait = Self.nanoseconds(toGain: Self.token - gained, at: rate.level(at: time))
      guard let rise = rate.nextRise(after: time), wait > rise - time else {
        return time.addingReportingOverflow(wait).overflow ? .max : time + wait
      }
      // The rate changes before the token is whole, so the gain up to there is below a token.
      gained += rate.level(at: time) * (rise - time)
      time = rise
    }
  }

  /// Nanoseconds from the last fill until so many tokens have been there, at a rate that stays.
  package func nanoseconds(untilTaken tokens: Int, at level: Int64) -> Int64 {
    let (needed, overflow) = Int64(tokens).multipliedReportingOverflow(by: Self.token)
    return overflow
      ? .max : Self.nanoseconds(toGain: needed.subtractingClamped(self.level), at: level)
  }

  private static func nanoseconds(toGain amount: Int64, at level: Int64) -> Int64 {
    guard amount > 0 else { return 0 }
    return amount / level + (amount % level == 0 ? 0 : 1)
  }

  private mutating func add(_ rate: Int64, for nanoseconds: Int64) {
    let (gain, overflow) = rate.multipliedReportingOverflow(by: nanoseconds)
    let room = self.capacity - self.level
    self.level += overflow ? room : min(gain, room)
  }
}

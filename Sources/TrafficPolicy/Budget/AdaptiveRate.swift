// SPDX-License-Identifier: Apache-2.0

/// How many calls a second AWS is believed to bear: additive increase, multiplicative decrease.
///
/// The configured rate is the ceiling. Each throttling answer lowers the rate to seven tenths, at
/// most once a second, since the calls of one moment are refused together and tell one thing only.
/// From then on it rises by a sixtieth of the ceiling each second, so that from the floor, a tenth
/// of the ceiling, which leaves calls to learn from, it is back after 54 seconds: a passing shortage
/// is forgotten within the minute. In a lasting one that leaves the share c of the ceiling, the rate
/// climbs from 0.7 c back to c in 18 c seconds: few calls are refused, and 0.85 c is used.
///
/// It rises with time and not with answered calls: what an account may do is forgotten quickly on
/// AWS's side too, and a rate that idled away a shortage must not stay low.
///
/// Rates are whole thousandths of a call a second, so that nothing is lost to rounding.
package struct AdaptiveRate: Sendable {
  package enum OnThrottled: Equatable, Sendable {
    case reduced
    /// Lowered less than a second ago, or already at the floor.
    case held
  }

  /// Between two reductions, and between two rises.
  static let step: Int64 = 1_000_000_000
  /// Rises from nothing to the ceiling.
  private static let rises: Int64 = 60

  package private(set) var ceiling: Int64
  package private(set) var floor: Int64
  private var rise: Int64
  /// The rate at `since`.
  private var base: Int64
  /// The last time that the rate was lowered, or held at the floor.
  private var since: Int64?

  /// - Parameter perSecond: kept between a thousandth and a billion of calls a second.
  package init(perSecond: Double) {
    let thousandths = (perSecond * 1_000).rounded()
    // Written so that what is no number becomes the least rate.
    let bounded = thousandths > 1 ? min(thousandths, 1e12) : 1
    self.ceiling = Int64(bounded)
    self.floor = max(1, self.ceiling / 10)
    self.rise = (self.ceiling + Self.rises - 1) / Self.rises
    self.base = self.ceiling
  }

  /// Thousandths of a call a second.
  package func level(at now: Int64) -> Int64 {
    guard let since, now > since else { return self.base }
    let rises = min((now - since) / Self.step, Self.rises)
    return min(self.ceiling, self.base + rises * self.rise)
  }

  /// When the rate is next another than at `now`, unless AWS throttles; nil for never.
  package func nextRise(after now: Int64) -> Int64? {
    guard let since, self.level(at: now) < self.ceiling else { return nil }
    return since + (max(0, now - since) / Self.step + 1) * Self.step
  }

  /// The configured rate is another from now on. What was learnt of AWS is kept: a rate that AWS has
  /// brought down stays where it is and rises by the new steps, unless the new ceiling is lower.
  package mutating func changed(perSecond: Double, now: Int64) {
    let level = self.level(at: now)
    let isDown = level < self.ceiling
    let lastRise = self.since.map { $0 + max(0, now - $0) / Self.step * Self.step }
    self = AdaptiveRate(perSecond: perSecond)
    guard isDown, level < self.ceiling else { return }
    self.base = max(self.floor, level)
    self.since = lastRise
  }

  /// AWS found a call one too many.
  package mutating func throttled(now: Int64) -> OnThrottled {
    if let since, now - since < Self.step { return .held }
    let level = self.level(at: now)
    self.base = max(self.floor, level * 7 / 10)
    self.since = now
    return self.base < level ? .reduced : .held
  }
}

extension AdaptiveRate {
  /// A level in calls a second, exact: 10 thousandths are `0.01`.
  static func decimal(_ level: Int64) -> String {
    let (whole, rest) = level.quotientAndRemainder(dividingBy: 1_000)
    guard rest > 0 else { return "\(whole)" }
    var fraction = String(1_000 + rest).dropFirst()
    while fraction.last == "0" { fraction.removeLast() }
    return "\(whole).\(fraction)"
  }
}

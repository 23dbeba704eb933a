// SPDX-License-Identifier: Apache-2.0

/// When the log is told that AWS throttles and a budget is lowered: at once, and then at most once a
/// minute for as long as it goes on; and one line when the budget is back, at the end of the minute
/// in which it came back.
///
///     quiet ── reduced: write, timer ──► watching ◄─── timer fired, still lowered: timer,
///       ▲                                    │ │       and write if it was lowered again
///       └── timer fired, back: write ────────┘ └───────────────────────────────┘
struct ReductionRhythm: Sendable {
  static let minuteMilliseconds: Int64 = 60_000

  private enum State {
    case quiet
    case watching(isReducedAgain: Bool)
  }

  enum OnReduced: Equatable {
    case writeAndArmTimer
    case nothing
  }

  enum OnTimerFired: Equatable {
    case writeReducedAndArmTimer
    case armTimer
    case writeRestored
  }

  private var state = State.quiet

  mutating func reduced() -> OnReduced {
    switch self.state {
    case .quiet:
      self.state = .watching(isReducedAgain: false)
      return .writeAndArmTimer
    case .watching:
      self.state = .watching(isReducedAgain: true)
      return .nothing
    }
  }

  /// - Parameter isRestored: The budget is back at the configured rate.
  mutating func timerFired(isRestored: Bool) -> OnTimerFired {
    if isRestored {
      self.state = .quiet
      return .writeRestored
    }
    defer { self.state = .watching(isReducedAgain: false) }
    if case .watching(isReducedAgain: true) = self.state { return .writeReducedAndArmTimer }
    return .armTimer
  }
}

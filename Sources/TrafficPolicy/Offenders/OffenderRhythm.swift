// SPDX-License-Identifier: Apache-2.0

/// When a line about offenders is due: a second after the first refusal, and then at most one a
/// minute for as long as there are refusals. No refusal goes unmentioned.
///
///     quiet ── refused: timer ──► gathering ── timer fired: write, timer ──► resting
///       ▲                                                                      │
///       └────────────── timer fired, none refused ◄──── timer fired: ──────────┤
///                                          write, timer (resting again) ◄──────┘
struct OffenderRhythm: Sendable {
  /// From the first refusal after a quiet time to the line, so that the line shows more than one.
  static let gatheringMilliseconds: Int64 = 1_000

  /// From one line to the next.
  static let restMilliseconds: Int64 = 60_000

  private enum State {
    case quiet
    case gathering
    case resting(isRefusing: Bool)
  }

  enum OnRefused: Equatable {
    case armTimer(milliseconds: Int64)
    case nothing
  }

  enum OnTimerFired: Equatable {
    case write(armTimerMilliseconds: Int64)
    /// Nothing was refused since the last line.
    case forget
  }

  private var state = State.quiet

  mutating func refused() -> OnRefused {
    switch self.state {
    case .quiet:
      self.state = .gathering
      return .armTimer(milliseconds: Self.gatheringMilliseconds)
    case .gathering:
      return .nothing
    case .resting:
      self.state = .resting(isRefusing: true)
      return .nothing
    }
  }

  mutating func timerFired() -> OnTimerFired {
    switch self.state {
    case .gathering, .resting(isRefusing: true):
      self.state = .resting(isRefusing: false)
      return .write(armTimerMilliseconds: Self.restMilliseconds)
    case .quiet, .resting(isRefusing: false):
      self.state = .quiet
      return .forget
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

import JobsAPI

/// Whether AWS is called at all: it is left alone for a while after it failed often in a row.
///
/// ```
///              failed, the last of so many in a row
///   closed ───────────────────────────────────────────► open ◄──────────────┐
///     ▲                                                   │                 │ failed: a longer
///     │                                     pause is over │                 │ pause
///     └────────────────────────────────── half open ◄─────┘                 │
///                     answered                  └───────────────────────────┘
/// ```
///
/// Half open, so many calls at a time are let through to find out. Each state has an era, which a
/// call takes along: what became of a call from an earlier era tells nothing of this one.
///
/// Times are ``PolicyClock``'s nanoseconds. Illegal events: the end of a call that was never let
/// through is one of no era, and ignored.
package struct BreakerState: ~Copyable {
  /// When a call was let through. Its end is told with it.
  package typealias Era = UInt64

  package enum OnAdmit: Equatable {
    case admit(Era)
    /// The pause is over, and this call is the first to find out.
    case admitHalfOpening(Era)
    case refuse(retryAfterNanoseconds: Int64)
  }

  /// What a call's end tells of AWS.
  package enum Verdict: Equatable, Sendable {
    case answered
    case failed
    /// Nothing: the call did not get as far, or was not waited for.
    case unknown
  }

  package enum OnEnded: Equatable {
    case nothing
    case opened(pauseNanoseconds: Int64)
    /// A call that was to find out has failed.
    case reopened(pauseNanoseconds: Int64)
    case closed
  }

  private enum Phase {
    case closed(failures: Int)
    case open(until: Int64, failedProbes: Int)
    case halfOpen(probes: Int, failedProbes: Int)
  }

  private var failureLimit: Int
  private var probeLimit: Int
  private var firstPause: Int64
  private var longestPause: Int64
  private var phase = Phase.closed(failures: 0)
  package private(set) var era: Era = 0

  package init(_ settings: BreakerSettings) {
    self.failureLimit = max(1, settings.failures ?? .max)
    self.probeLimit = max(1, settings.probes)
    self.firstPause = max(1, settings.firstPause.wholeNanoseconds)
    self.longestPause = max(self.firstPause, settings.longestPause.wholeNanoseconds)
  }

  /// Every call is let through.
  package var isClosed: Bool {
    if case .closed = self.phase { true } else { false }
  }

  /// The last call that told anything was answered.
  package var isClean: Bool {
    if case .closed(failures: 0) = self.phase { true } else { false }
  }

  package enum OnChange: Equatable {
    case nothing
    /// AWS is not left alone any more, by the new settings.
    case closed
  }

  /// The settings are others from now on. A pause goes on, but not for longer than the longest one
  /// may be now.
  package mutating func changed(_ settings: BreakerSettings, now: Int64) -> OnChange {
    let changed = BreakerState(settings)
    self.failureLimit = changed.failureLimit
    self.probeLimit = changed.probeLimit
    self.firstPause = changed.firstPause
    self.longestPause = changed.longestPause
    guard settings.failures != nil || self.isClosed else {
      self.enter(.closed(failures: 0))
      return .closed
    }
    if case .open(let until, let failedProbes) = self.phase {
      let latest = now.addingClamped(self.longestPause)
      self.phase = .open(until: min(until, latest), failedProbes: failedProbes)
    }
    return .nothing
  }

  package func snapshot(now: Int64) -> BreakerSnapshot {
    switch self.phase {
    case .closed(let failures):
      BreakerSnapshot(state: .closed, failures: failures)
    case .halfOpen:
      BreakerSnapshot(state: .halfOpen, failures: 0)
    case .open(let until, _):
      BreakerSnapshot(
        state: .open, failures: 0,
        retryAfterMilliseconds: max(0, until.subtractingClamped(now)) / 1_000_000)
    }
  }

  /// A call wants to go to AWS.
  package mutating func admit(now: Int64) -> OnAdmit {
    switch self.phase {
    case .closed:
      return .admit(self.era)
    case .open(let until, let failedProbes):
      guard until <= now else {
        return .refuse(retryAfterNanoseconds: until.subtractingClamped(now))
      }
      self.enter(.halfOpen(probes: 1, failedProbes: failedProbes))
      return .admitHalfOpening(self.era)
    case .halfOpen(let probes, let failedProbes):
      guard probes < self.probeLimit else {
        return .refuse(retryAfterNanoseconds: self.firstPause)
      }
      self.phase = .halfOpen(probes: probes + 1, failedProbes: failedProbes)
      return .admit(self.era)
    }
  }

  /// A call that was let through is over.
  ///
  /// - Parameter jitter: at random from 0 to 1. A pause is shortened by up to half, so that the
  ///   gateways beside many pods do not come back together.
  package mutating func ended(
    _ era: Era, _ verdict: Verdict, now: Int64, jitter: Double
  ) -> OnEnded {
    guard era == self.era else { return .nothing }
    switch (self.phase, verdict) {
    case (.open, _), (.closed, .unknown):
      return .nothing
    case (.closed, .answered):
      self.phase = .closed(failures: 0)
      return .nothing
    case (.closed(let failures), .failed):
      guard failures + 1 >= self.failureLimit else {
        self.phase = .closed(failures: failures + 1)
        return .nothing
      }
      return .opened(pauseNanoseconds: self.open(failedProbes: 0, now: now, jitter: jitter))
    case (.halfOpen, .answered):
      self.enter(.closed(failures: 0))
      return .closed
    case (.halfOpen(_, let failedProbes), .failed):
      let pause = self.open(failedProbes: failedProbes + 1, now: now, jitter: jitter)
      return .reopened(pauseNanoseconds: pause)
    case (.halfOpen(let probes, let failedProbes), .unknown):
      // The next call may find out instead.
      self.phase = .halfOpen(probes: max(0, probes - 1), failedProbes: failedProbes)
      return .nothing
    }
  }

  private mutating func open(failedProbes: Int, now: Int64, jitter: Double) -> Int64 {
    let pause = self.pause(failedProbes: failedProbes, jitter: jitter)
    self.enter(.open(until: now.addingClamped(pause), failedProbes: failedProbes))
    return pause
  }

  /// Doubled with each failed probe, up to the longest.
  private func pause(failedProbes: Int, jitter: Double) -> Int64 {
    let doublings = Int64(min(failedProbes, 62))
    let (doubled, overflow) = self.firstPause.multipliedReportingOverflow(by: 1 << doublings)
    let whole = overflow ? self.longestPause : min(doubled, self.longestPause)
    return whole - Int64(Double(whole / 2) * min(max(jitter, 0), 1))
  }

  private mutating func enter(_ phase: Phase) {
    self.phase = phase
    self.era += 1
  }
}

// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import Synchronization

/// The things that are refused most, for the log and for an operator's page. Safe from any thread.
///
/// Counts begin anew with each line in the log, so that a line tells of the time since the last one.
package final class Offenders: Sendable {
  private struct State: Sendable {
    var sketch: RefusalSketch
    /// From when on the sketch counts; nil before the first refusal and after a quiet minute.
    var since: Int64?
    /// What the last line told, until a minute passes without a refusal.
    var previous: Period?
    var rhythm = OffenderRhythm()
    var thingLimit: LimitMode
  }

  /// The time from one line to the next.
  private struct Period {
    var since: Int64
    var ranked: [Offender]
    var total: Int
  }

  private let state: Mutex<State>
  private let clock: PolicyClock
  private let log: OffenderLog?

  /// - Parameters:
  ///   - capacity: Names that are counted at a time.
  ///   - thingLimit: Whether the limit for each thing is kept, for the log.
  ///   - log: Nil: nothing is written, and counts never begin anew.
  package init(
    capacity: Int = 64, thingLimit: LimitMode = .enforce, clock: PolicyClock = PolicyClock(),
    log: OffenderLog? = nil
  ) {
    self.state = Mutex(
      State(sketch: RefusalSketch(capacity: capacity), thingLimit: thingLimit))
    self.clock = clock
    self.log = log
  }

  /// The limit for each thing is kept in another way from now on.
  package func changed(thingLimit: LimitMode) {
    self.state.withLock { $0.thingLimit = thingLimit }
  }

  /// Counts a refusal.
  package func refused(_ thing: String) {
    let answer = self.state.withLock { state in
      if state.since == nil { state.since = self.clock.now }
      state.sketch.count(thing)
      return state.rhythm.refused()
    }
    if case .armTimer(let milliseconds) = answer { self.armTimer(milliseconds) }
  }

  /// For a page that shows operators who is refused; the log is told without being asked.
  ///
  /// Those refused most first: since the last line in the log and, unless a quiet minute came
  /// between, in the time that the line tells of.
  package func snapshot(listing count: Int) -> OffendersSnapshot {
    let (current, previous, since) = self.state.withLock {
      (($0.sketch.ranked, $0.sketch.total), $0.previous, $0.since)
    }
    var sums: [String: Offender] = [:]
    for offender in current.0 + (previous?.ranked ?? []) {
      sums[offender.thing, default: Offender(thing: offender.thing, refusals: 0, overcount: 0)]
        .add(offender)
    }
    let nanoseconds = (previous?.since ?? since).map {
      max(0, self.clock.now.subtractingClamped($0))
    }
    // The first second counts as a whole one: ten refusals at once are not a million a second.
    let seconds = Double(max(nanoseconds ?? 0, 1_000_000_000)) / 1e9
    return OffendersSnapshot(
      things: RefusalSketch.ranked(Array(sums.values)).prefix(max(count, 0)).map {
        OffendersSnapshot.Thing(
          thing: $0.thing, refusals: $0.refusals, overcount: $0.overcount,
          refusalsPerSecond: Double($0.refusals) / seconds)
      },
      refusals: current.1 + (previous?.total ?? 0), milliseconds: (nanoseconds ?? 0) / 1_000_000)
  }

  private func armTimer(_ milliseconds: Int64) {
    self.log?.arm(milliseconds: milliseconds) { [weak self] in self?.timerFired() }
  }

  private func timerFired() {
    let (answer, period, mode) = self.state.withLock { state in
      let answer = state.rhythm.timerFired()
      let now = self.clock.now
      let period = Period(
        since: state.since ?? now, ranked: state.sketch.ranked, total: state.sketch.total)
      let isQuiet = answer == .forget
      state.previous = isQuiet ? nil : period
      state.since = isQuiet ? nil : now
      state.sketch.removeAll()
      return (answer, period, state.thingLimit)
    }
    guard case .write(let milliseconds) = answer else { return }
    self.log?.write(period.ranked, total: period.total, thingLimit: mode)
    self.armTimer(milliseconds)
  }
}

extension Offender {
  fileprivate mutating func add(_ other: Offender) {
    self.refusals += other.refusals
    self.overcount += other.overcount
  }
}

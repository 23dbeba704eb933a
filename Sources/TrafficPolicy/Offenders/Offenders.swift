// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The things that are refused most, for the log and for an operator's page. Safe from any thread.
///
/// Counts begin anew with each line in the log, so that a line tells of the time since the last one.
package final class Offenders: Sendable {
  private struct State: Sendable {
    var sketch: RefusalSketch
    /// What the last line told, until a minute passes without a refusal.
    var previous: [Offender] = []
    var rhythm = OffenderRhythm()
  }

  private let state: Mutex<State>
  private let log: OffenderLog?

  /// - Parameters:
  ///   - capacity: Names that are counted at a time.
  ///   - log: Nil: nothing is written, and counts never begin anew.
  package init(capacity: Int = 64, log: OffenderLog? = nil) {
    self.state = Mutex(State(sketch: RefusalSketch(capacity: capacity)))
    self.log = log
  }

  /// Counts a refusal.
  package func refused(_ thing: String) {
    let answer = self.state.withLock { state in
      state.sketch.count(thing)
      return state.rhythm.refused()
    }
    if case .armTimer(let milliseconds) = answer { self.armTimer(milliseconds) }
  }

  /// For a page that shows operators who is refused; the log is told without being asked.
  ///
  /// Those refused most first: since the last line in the log and, unless a quiet minute came
  /// between, in the time that the line tells of.
  package func top(_ count: Int) -> [Offender] {
    let (current, previous) = self.state.withLock { ($0.sketch.ranked, $0.previous) }
    var sums: [String: Offender] = [:]
    for offender in current + previous {
      sums[offender.thing, default: Offender(thing: offender.thing, refusals: 0, overcount: 0)]
        .add(offender)
    }
    return Array(RefusalSketch.ranked(Array(sums.values)).prefix(max(count, 0)))
  }

  private func armTimer(_ milliseconds: Int64) {
    self.log?.arm(milliseconds: milliseconds) { [weak self] in self?.timerFired() }
  }

  private func timerFired() {
    let (answer, ranked, total) = self.state.withLock { state in
      let closed = (state.rhythm.timerFired(), state.sketch.ranked, state.sketch.total)
      state.previous = closed.1
      state.sketch.removeAll()
      return closed
    }
    guard case .write(let milliseconds) = answer else { return }
    self.log?.write(ranked, total: total)
    self.armTimer(milliseconds)
  }
}

extension Offender {
  fileprivate mutating func add(_ other: Offender) {
    self.refusals += other.refusals
    self.overcount += other.overcount
  }
}

// SPDX-License-Identifier: Apache-2.0

package import JobsAPI
import Synchronization

/// The limit for each thing: what it may read and write in a second, and in one burst.
///
/// One limiter serves all event loops. A decision takes one short lock and, unless it is the time
/// for the table to grow or shrink, allocates nothing.
///
/// As many things as the settings say are tracked at a time, in 32 bytes each. If all of these are
/// in the middle of something, then those of the things that come anew share a bucket that are under
/// the same limit: one bucket for the default, one for each override. So none of them gets more than
/// it may have, be its limit the strictest; all of them together get no more than the sum of the
/// limits that there are; a thing already tracked is not disturbed; and what newcomers lose to each
/// other is counted apart, as `table_full`.
package final class ThingLimiter: Sendable {
  /// False if no thing is limited, which need not be asked for each.
  private let isOn: Atomic<Bool>
  private let fingerprint: ThingFingerprint
  private let table: ThingTable
  /// By pace, of which there are as many as limits in the settings.
  private let newcomers = Mutex<[CallPace: TrackedThing]>([:])
  /// As the last change left them; those who decide find them in the table.
  private let rules: Mutex<ThingRules>
  private let clock: PolicyClock
  private let metrics: ThingLimitMetrics
  private let offenders: Offenders

  package init(
    _ settings: ThingLimitSettings, clock: PolicyClock, metrics: ThingLimitMetrics,
    offenders: Offenders, fingerprint: ThingFingerprint = .keyed()
  ) {
    let rules = ThingRules(settings)
    self.isOn = Atomic(rules.mode != .off)
    self.fingerprint = fingerprint
    self.table = ThingTable(maxThings: settings.maxThings, gauge: metrics.things, rules: rules)
    self.rules = Mutex(rules)
    self.clock = clock
    self.metrics = metrics
    self.offenders = offenders
  }

  /// Spends one call of a thing that is about to go upstream.
  ///
  /// In shadow mode a refusal is counted, and the call admitted all the same.
  package func spend(_ kind: CallKind, for thing: String) -> OnSpend {
    guard self.isOn.load(ordering: .relaxed) else { return .admit }
    let now = self.clock.now
    let answer: OnSpend
    let mode: LimitMode
    switch self.table.spend(
      kind, fingerprint: self.fingerprint(thing), now: now, at: { $0.pace(of: kind, for: thing) })
    {
    case .unlimited: return .admit
    case .decided(.admit, _): return .admit
    case .decided(let refusal, let itsMode):
      (answer, mode) = (refusal, itsMode)
      self.metrics.refused(kind, isEnforced: mode == .enforce)
    case .noRoom(let pace, let itsMode):
      (answer, mode) = (self.spendAmongNewcomers(kind, at: pace, now: now), itsMode)
      guard case .refuse = answer else { return .admit }
      self.metrics.refusedNewcomer(isEnforced: mode == .enforce)
    }
    self.offenders.refused(thing)
    return mode == .shadow ? .admit : answer
  }

  /// Refuses a call as ``spend(_:for:)`` would, which counts as one that was refused there; or
  /// admits it, and then nothing is spent yet and spending has the last word.
  package func ask(_ kind: CallKind, for thing: String) -> OnSpend {
    guard self.isOn.load(ordering: .relaxed) else { return .admit }
    let answer = self.table.ask(
      kind, fingerprint: self.fingerprint(thing), now: self.clock.now,
      at: { $0.pace(of: kind, for: thing) })
    guard case .refuse = answer else { return .admit }
    self.metrics.refused(kind, isEnforced: true)
    self.offenders.refused(thing)
    return answer
  }

  private func spendAmongNewcomers(_ kind: CallKind, at pace: CallPace, now: Int64) -> OnSpend {
    self.newcomers.withLock {
      $0[pace, default: .none].spend(kind, at: pace, now: CallPace.clamped(now))
    }
  }

  /// Puts other settings in force, save for ``ThingLimitSettings/maxThings``, by which the table was
  /// laid out. What things have used up stays used up.
  package func apply(_ settings: ThingLimitSettings) {
    let rules = ThingRules(settings)
    self.rules.withLock { $0 = rules }
    self.table.change(to: rules, now: self.clock.now)
    // Those of paces that are no more.
    self.newcomers.withLock { newcomers in
      newcomers = newcomers.filter { rules.paces.contains($0.key) }
    }
    self.isOn.store(rules.mode != .off, ordering: .relaxed)
  }

  package var snapshot: LimiterSnapshot {
    let rules = self.rules.withLock { $0 }
    return LimiterSnapshot(
      mode: rules.mode, things: self.table.count, maxThings: self.table.maxThings,
      overrides: rules.overrideCount)
  }
}

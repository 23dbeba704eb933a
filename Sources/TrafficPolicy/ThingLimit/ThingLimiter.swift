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
  private let mode: LimitMode
  private let defaults: ThingPaces
  private let overrides: LimitOverrides
  private let fingerprint: ThingFingerprint
  private let table: ThingTable
  /// By pace, of which there are as many as limits in the settings.
  private let newcomers = Mutex<[CallPace: TrackedThing]>([:])
  private let clock: PolicyClock
  private let metrics: ThingLimitMetrics
  private let offenders: Offenders

  package init(
    _ settings: ThingLimitSettings, clock: PolicyClock, metrics: ThingLimitMetrics,
    offenders: Offenders, fingerprint: ThingFingerprint = .keyed()
  ) {
    self.mode = settings.mode
    self.defaults = ThingPaces(settings.limits)
    self.overrides = LimitOverrides(exact: settings.exact, prefixes: settings.prefixes)
    self.fingerprint = fingerprint
    self.table = ThingTable(maxThings: settings.maxThings, gauge: metrics.things)
    self.clock = clock
    self.metrics = metrics
    self.offenders = offenders
  }

  /// Spends one call of a thing that is about to go upstream.
  ///
  /// In shadow mode a refusal is counted, and the call admitted all the same.
  package func spend(_ kind: CallKind, for thing: String) -> OnSpend {
    guard self.mode != .off,
      let pace = (self.overrides.paces(for: thing) ?? self.defaults).pace(of: kind)
    else { return .admit }
    let answer = self.decide(kind, at: pace, for: thing)
    if case .refuse = answer {
      self.offenders.refused(thing)
      if self.mode == .shadow { return .admit }
    }
    return answer
  }

  private func decide(_ kind: CallKind, at pace: CallPace, for thing: String) -> OnSpend {
    let now = self.clock.now
    let isEnforced = self.mode == .enforce
    let fingerprint = self.fingerprint(thing)
    if let answer = self.table.spend(kind, at: pace, fingerprint: fingerprint, now: now) {
      if case .refuse = answer { self.metrics.refused(kind, isEnforced: isEnforced) }
      return answer
    }
    let answer = self.newcomers.withLock {
      $0[pace, default: .none].spend(kind, at: pace, now: CallPace.clamped(now))
    }
    if case .refuse = answer { self.metrics.refusedNewcomer(isEnforced: isEnforced) }
    return answer
  }
}

// SPDX-License-Identifier: Apache-2.0

package import AWSSigning
package import JobsAPI
package import Logging
package import NIOCore
package import Telemetry

/// The policies of one process: what all event loops share, and the layers that it gives to each.
package struct TrafficPolicy: Sendable {
  private let inForce: SettingsInForce
  private let offenders: Offenders
  private let cache: ReadCache
  private let limiter: ThingLimiter
  private let retries: Retries
  private let budget: AccountBudget
  private let breaker: CircuitBreaker

  /// - Parameters:
  ///   - group: the event loops that ``layers(over:on:)`` will be asked for. Timers run in one.
  ///   - logger: hears of the things that are refused most, and when AWS throttles or fails.
  package init(
    _ settings: PolicySettings, on group: any EventLoopGroup, registry: MetricsRegistry,
    logger: Logger, clock: PolicyClock = PolicyClock(), wallClock: WallClock = .system
  ) {
    let limited = RateLimitedMetrics(registry: registry)
    let offenders = Offenders(
      thingLimit: settings.thingLimit.mode, clock: clock,
      log: OffenderLog(logger, on: group.any()))
    self.inForce = SettingsInForce(settings)
    self.offenders = offenders
    self.cache = ReadCache(
      settings.readCache, clock: clock, wallClock: wallClock,
      metrics: CacheMetrics(registry: registry), shards: Array(group.makeIterator()).count)
    self.limiter = ThingLimiter(
      settings.thingLimit, clock: clock,
      metrics: ThingLimitMetrics(registry: registry, limited: limited),
      offenders: offenders)
    self.retries = Retries(settings.retries, clock: clock, registry: registry)
    self.budget = AccountBudget(
      settings.accountBudget, clock: clock,
      metrics: BudgetMetrics(registry: registry, limited: limited), offenders: offenders,
      loop: group.any(), log: BudgetLog(logger))
    self.breaker = CircuitBreaker(
      settings.breaker, clock: clock, metrics: BreakerMetrics(registry: registry),
      log: BreakerLog(logger))
  }

  /// Ends what the policies do of their own accord, which is to refresh stored answers in the
  /// background. For when the last caller is gone and before the connections to AWS are drained:
  /// those wait for the calls on them.
  package func stop() {
    self.cache.stop()
  }

  /// Puts other settings in force, all of them at once, while calls are under way.
  ///
  /// Each call that begins from now on is decided by the new settings. What was decided stays: calls
  /// that wait keep their places, what is used up stays used up, and stored answers keep their lives
  /// and stay unless the new size has no room for them.
  ///
  /// One thing cannot change: ``ThingLimitSettings/maxThings`` stays what it was. Safe from any
  /// thread; takes the time to give up stored answers if there is room for fewer, so it is not for
  /// an event loop.
  package func apply(_ settings: PolicySettings) {
    self.inForce.change(to: settings) { settings in
      self.cache.apply(settings.readCache)
      self.offenders.changed(thingLimit: settings.thingLimit.mode)
      self.limiter.apply(settings.thingLimit)
      self.retries.apply(settings.retries)
      self.budget.apply(settings.accountBudget)
      self.breaker.apply(settings.breaker)
    }
  }

  /// The settings in force.
  package var settings: PolicySettings { self.inForce.current }

  /// Reads that the account's budget lets through in a second at present; nil for all. Safe from any
  /// thread, and quick.
  package var readsPerSecond: Double? { self.budget.readsPerSecond }

  /// What the policies hold. Safe from any thread, and quick.
  ///
  /// - Parameter offenders: how many things are listed, at most.
  package func snapshot(offenders: Int = 20) -> PolicySnapshot {
    PolicySnapshot(
      offenders: self.offenders.snapshot(listing: offenders), limiter: self.limiter.snapshot,
      budgets: self.budget.snapshots, breaker: self.breaker.snapshot,
      retries: self.retries.snapshot, cache: self.cache.snapshot)
  }

  /// What is stored, entry by entry. Safe from any thread; takes time in proportion to the entries,
  /// though no call waits for it longer than for some hundred of them, so it is not for an event
  /// loop.
  ///
  /// - Parameter biggest: how many entries are listed, at most.
  package func cacheContents(biggest: Int = 20) -> CacheContents {
    self.cache.contents(biggest: biggest)
  }

  /// Puts the policies in front of a backend of one loop.
  package func layers(over next: some JobsBackend, on loop: any EventLoop) -> PolicyLayers {
    // Last of all, so that each attempt counts, and what it refuses costs no token.
    let guarded = BreakerJobs(UpstreamJobs(next), breaker: self.breaker)
    // What comes out of the queue for the account's budget goes to AWS, if AWS is called at all.
    let budgeted = BudgetedJobs(guarded, budget: self.budget)
    // Each attempt is a request to AWS, so each spends the account's budget.
    let retrying = RetryingJobs(budgeted, retries: self.retries, on: loop)
    // A thing over its limit is refused before it takes a place in the queue of those who are not,
    // and pays for a call, not for its attempts.
    let limited = LimitedJobs(retrying, limiter: self.limiter)
    // What is stored, and whoever shares another's call, costs the thing and the account nothing.
    return PolicyLayers(CachedJobs(limited, cache: self.cache, on: loop))
  }
}

// SPDX-License-Identifier: Apache-2.0

/// Everything that the policies can be told; as it is made, it holds the defaults.
package struct PolicySettings: Equatable, Sendable {
  package var thingLimit = ThingLimitSettings()
  package var accountBudget = AccountBudgetSettings()
  package var retries = RetrySettings()
  package var breaker = BreakerSettings()
  package var readCache = ReadCacheSettings()

  package init() {}
}

/// A sustained rate, and how many calls may come at once after a pause.
package struct RateLimit: Equatable, Sendable {
  /// Calls a second; above zero.
  package var perSecond: Double
  /// At least one.
  package var burst: Int

  package init(perSecond: Double, burst: Int) {
    self.perSecond = perSecond
    self.burst = burst
  }
}

/// What one thing may do. Nil: as much as it likes.
package struct ThingLimits: Equatable, Sendable {
  package var reads: RateLimit?
  package var writes: RateLimit?

  package init(reads: RateLimit?, writes: RateLimit?) {
    self.reads = reads
    self.writes = writes
  }

  package static let unlimited = ThingLimits(reads: nil, writes: nil)
}

/// Whether a limit is kept.
package enum LimitMode: String, CaseIterable, Sendable {
  case off
  /// Counted and not kept: every call is let through.
  case shadow
  case enforce
}

/// The limit for each thing. It is spent by calls that would go upstream, never by stored answers.
package struct ThingLimitSettings: Equatable, Sendable {
  package var mode: LimitMode = .enforce
  package var limits = ThingLimits(
    reads: RateLimit(perSecond: 10, burst: 20), writes: RateLimit(perSecond: 10, burst: 20))
  /// Limits for things by name; they go before all others.
  package var exact: [String: ThingLimits] = [:]
  /// Limits for things whose names begin so; the longest prefix wins.
  package var prefixes: [String: ThingLimits] = [:]
  /// Things tracked at a time. Those that have not used up anything need no tracking.
  package var maxThings = 262_144

  package init() {}
}

/// What the gateway sends in all, whichever things the calls are for.
package struct AccountBudgetSettings: Equatable, Sendable {
  /// Nil: without a budget.
  package var reads: RateLimit? = RateLimit(perSecond: 50, burst: 100)
  package var writes: RateLimit? = RateLimit(perSecond: 50, burst: 100)
  /// How long a call may wait for its turn, unless its own deadline comes first.
  package var maxWait: Duration = .seconds(1)
  /// Calls that may wait at a time, for each of the two budgets.
  package var maxWaiting = 10_000

  package init() {}
}

/// Calls that failed and may do better the next time. The figures are those of the standard mode of
/// AWS's own clients.
package struct RetrySettings: Equatable, Sendable {
  /// Attempts for a call, the first one included. One: no attempt is repeated, and of an update
  /// whose answer was lost it is not found out what became of it.
  package var maxAttempts = 3
  /// The wait before the first repeat is drawn from zero up to this, that before the next one from
  /// zero up to twice as much, and so on.
  package var baseDelay: Duration = .milliseconds(50)
  /// The same, after AWS has throttled.
  package var throttledBaseDelay: Duration = .seconds(1)
  /// No wait is drawn from a longer time.
  package var maxDelay: Duration = .seconds(20)
  /// Tokens that all calls share. A repeat takes five, ten after a time-out; a success gives back
  /// what its repeat took, or one. Zero: nothing is repeated.
  package var quota = 500

  package init() {}
}

/// When AWS is left alone because it fails. All event loops count together.
package struct BreakerSettings: Equatable, Sendable {
  /// Failures in a row, of connections or with a status of 500 and above. Nil: AWS is called always.
  package var failures: Int? = 10
  /// How long AWS is left alone at first; doubled each time that it fails again, up to the longest.
  /// Each is shortened by up to half at random.
  package var firstPause: Duration = .seconds(1)
  package var longestPause: Duration = .seconds(30)
  /// Calls that are let through at a time, after a pause, to find out how AWS is.
  package var probes = 1
  /// A call that its caller gave up without an answer counts as a failure after this time; earlier
  /// it tells more of the caller than of AWS.
  package var patience: Duration = .seconds(2)

  package init() {}
}

/// What is known before a start-next is sent, so that it need not spend a write for nothing.
package enum StartNextCheck: String, CaseIterable, Sendable {
  /// Nothing: every call goes upstream.
  case off
  /// Stored answers: none pending is told from them while they are fresh.
  case stored
  /// A describe of `$next` goes first, when nothing fresh is stored.
  case read
}

/// Stored reads: how many, how long.
package struct ReadCacheSettings: Equatable, Sendable {
  /// Of all that is stored, keys and bookkeeping included. Zero: nothing is stored.
  package var maxBytes = 16_777_216
  /// For the answer to a describe. Each entry's is moved by up to a tenth, so that entries that
  /// began together do not end together. Zero: not stored.
  package var ttl: Duration = .seconds(1)
  /// For a describe of one numbered execution that has ended, which cannot change any more.
  package var terminalTTL: Duration = .seconds(300)
  /// For a describe of what is not there.
  package var notFoundTTL: Duration = .seconds(1)
  /// For the lists of pending executions. Zero: not stored, but still shared while in flight.
  package var pendingTTL: Duration = .zero
  /// How long past its time an answer is served while a new one is fetched.
  package var staleWhileRevalidate: Duration = .zero
  /// How long past its time an answer is served when AWS cannot be asked.
  package var staleIfError: Duration = .zero
  package var startNextCheck: StartNextCheck = .stored

  package init() {}
}

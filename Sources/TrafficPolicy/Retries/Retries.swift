// SPDX-License-Identifier: Apache-2.0

import Synchronization
package import Telemetry

/// What the retries of all event loops share: rules, and the quota of the one upstream host.
package final class Retries: Sendable {
  /// Read when an attempt has failed.
  private let currentRules: Mutex<RetryRules>
  /// Of the rules, for every call that begins.
  private let mostAttempts: Atomic<Int>
  let quota: SharedRetryQuota
  let clock: PolicyClock
  let metrics: RetryMetrics

  package init(_ settings: RetrySettings, clock: PolicyClock, registry: MetricsRegistry) {
    let rules = RetryRules(settings)
    self.currentRules = Mutex(rules)
    self.mostAttempts = Atomic(rules.maxAttempts)
    self.quota = SharedRetryQuota(capacity: settings.quota)
    self.clock = clock
    self.metrics = RetryMetrics(registry: registry, quota: self.quota)
  }

  var rules: RetryRules { self.currentRules.withLock { $0 } }

  /// The attempts that a call may have which begins now.
  var maxAttempts: Int { self.mostAttempts.load(ordering: .relaxed) }

  /// Puts other settings in force, for the next failure of calls under way too.
  package func apply(_ settings: RetrySettings) {
    let rules = RetryRules(settings)
    self.currentRules.withLock { $0 = rules }
    self.mostAttempts.store(rules.maxAttempts, ordering: .relaxed)
    self.quota.changed(capacity: settings.quota)
  }

  package var snapshot: RetrySnapshot {
    RetrySnapshot(tokens: self.quota.tokens, quota: self.quota.capacity)
  }
}

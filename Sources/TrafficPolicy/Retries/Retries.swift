// SPDX-License-Identifier: Apache-2.0

package import Telemetry

/// What the retries of all event loops share: rules, and the quota of the one upstream host.
package final class Retries: Sendable {
  let rules: RetryRules
  let quota: SharedRetryQuota
  let clock: PolicyClock
  let metrics: RetryMetrics

  package init(_ settings: RetrySettings, clock: PolicyClock, registry: MetricsRegistry) {
    self.rules = RetryRules(settings)
    self.quota = SharedRetryQuota(capacity: settings.quota)
    self.clock = clock
    self.metrics = RetryMetrics(registry: registry, quota: self.quota)
  }
}

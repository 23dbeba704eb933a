// SPDX-License-Identifier: Apache-2.0

import JobsAPI
package import Telemetry

/// What the limit for each thing counts. Nothing here is labelled with a thing.
package struct ThingLimitMetrics: Sendable {
  /// Things in the table.
  let things: Gauge
  private let limited: RateLimitedMetrics

  package init(registry: MetricsRegistry, limited: RateLimitedMetrics) {
    self.limited = limited
    self.things =
      registry.family(
        Gauge.self, "iot_jobs_gateway_limiter_things",
        help: "Things that the limit for each thing keeps track of."
      ).child()
  }

  /// A thing has used up its own.
  func refused(_ kind: CallKind, isEnforced: Bool) {
    switch kind {
    case .read: self.count(.thingRead, isEnforced)
    case .write: self.count(.thingWrite, isEnforced)
    }
  }

  /// The table is full, and what newcomers share is used up.
  func refusedNewcomer(isEnforced: Bool) {
    self.count(.tableFull, isEnforced)
  }

  private func count(_ reason: RateLimitedMetrics.Reason, _ isEnforced: Bool) {
    if isEnforced {
      self.limited.refused(reason)
    } else {
      self.limited.wouldHaveRefused(reason)
    }
  }
}

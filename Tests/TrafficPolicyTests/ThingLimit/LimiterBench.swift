// SPDX-License-Identifier: Apache-2.0

import Telemetry

@testable import TrafficPolicy

/// A limiter with a clock, a registry and offenders of its own.
struct LimiterBench {
  let clock = SteppedClock()
  let registry = MetricsRegistry()
  let offenders = Offenders()
  let limiter: ThingLimiter

  init(_ settings: ThingLimitSettings, fingerprint: ThingFingerprint = .keyed()) {
    let limited = RateLimitedMetrics(registry: self.registry)
    self.limiter = ThingLimiter(
      settings, clock: self.clock.policyClock,
      metrics: ThingLimitMetrics(registry: self.registry, limited: limited),
      offenders: self.offenders, fingerprint: fingerprint)
  }

  /// The value of a line of the exposition; nil if there is no such line.
  func metric(_ line: String) -> Int? {
    let text = String(decoding: self.registry.exposition(), as: UTF8.self)
    return text.split(separator: "\n").first { $0.hasPrefix(line + " ") }
      .flatMap { Int($0.dropFirst(line.count + 1)) }
  }

  func refusals(_ reason: String, mode: String = "enforce") -> Int? {
    self.metric("iot_jobs_gateway_rate_limited_total{reason=\"\(reason)\",mode=\"\(mode)\"}")
  }
}

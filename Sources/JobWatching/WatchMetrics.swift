// SPDX-License-Identifier: Apache-2.0

import Telemetry

/// What is counted of watches.
final class WatchMetrics: Sendable {
  private let polls: [WatchTable.OnPolled: Counter]
  private let registry: MetricsRegistry

  init(registry: MetricsRegistry) {
    self.registry = registry
    let polls = registry.family(
      Counter.self, "iot_jobs_gateway_watch_polls_total",
      help: "Polls for those who watch things, by what came of them.", labels: ["result"])
    self.polls = Dictionary(
      uniqueKeysWithValues: WatchTable.OnPolled.allCases.map { ($0, polls.child($0.rawValue)) })
  }

  func polled(_ answer: WatchTable.OnPolled) {
    self.polls[answer]?.increment()
  }

  /// From now on the levels are asked for here.
  func sample(_ levels: @escaping @Sendable () -> (watchers: Int, things: Int)) {
    self.registry.register(
      SampledGauges(
        name: "iot_jobs_gateway_watchers", help: "Watches and waits that are open."
      ) { [([], Int64(levels().watchers))] })
    self.registry.register(
      SampledGauges(
        name: "iot_jobs_gateway_watched_things",
        help: "Things that are watched, or were a moment ago."
      ) { [([], Int64(levels().things))] })
  }
}

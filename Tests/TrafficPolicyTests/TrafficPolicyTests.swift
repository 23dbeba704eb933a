// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore
import NIOPosix
import Telemetry
import Testing

@testable import TrafficPolicy

@Suite struct TrafficPolicyTests {
  private let group = MultiThreadedEventLoopGroup.singleton
  private let registry = MetricsRegistry()

  private var policy: TrafficPolicy {
    TrafficPolicy(
      PolicySettings(), on: self.group, registry: self.registry, logger: Logger(label: "policy"))
  }

  @Test func `stored answers stand before limits, retries before budgets, the breaker last`() {
    typealias Attempts = BudgetedJobs<BreakerJobs<UpstreamJobs>>
    #expect(PolicyLayers.Layers.self == CachedJobs<LimitedJobs<RetryingJobs<Attempts>>>.self)
  }

  @Test func `no two of the policies name a metric alike`() {
    _ = self.policy
    let text = String(decoding: self.registry.exposition(), as: UTF8.self)
    let families = text.split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }
    #expect(families.count > 8)
    #expect(Set(families).count == families.count)
    let prefix = "# TYPE iot_jobs_gateway_"
    #expect(families.allSatisfy { $0.hasPrefix(prefix) })
  }
}

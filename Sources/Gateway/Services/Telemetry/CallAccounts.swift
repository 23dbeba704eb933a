// SPDX-License-Identifier: Apache-2.0

import GatewayServer
import Logging
import NIOCore
import Telemetry

/// Everybody who keeps an account of calls, and the task that tells what storms of failures hid.
struct CallAccounts: Sendable {
  /// What a storm hid is told so long after its end, at the most.
  private static let tellingInterval: TimeAmount = .seconds(5)

  let reporting: CallReporting
  let log: CallLog
  private let telling: RepeatedTask

  static func start(
    _ configuration: CallLogConfiguration, registry: MetricsRegistry, logger: Logger,
    on loop: any EventLoop
  ) -> CallAccounts {
    let log = CallLog(
      logger, share: configuration.share, failuresPerSecond: configuration.failuresPerSecond)
    registry.register(
      NamedCounter(
        log.suppressedLines, name: "iot_jobs_gateway_log_lines_suppressed_total",
        help: "Failed calls without a line of their own, since many failed alike."))
    let telling = loop.scheduleRepeatedTask(
      initialDelay: Self.tellingInterval, delay: Self.tellingInterval
    ) { _ in log.tellRepeats() }
    return CallAccounts(
      reporting: CallReporting(
        metrics: RequestMetrics(registry: registry), failures: FailureMetrics(registry: registry),
        log: log),
      log: log, telling: telling)
  }

  /// To be called when no call runs any more.
  func stop() {
    self.telling.cancel()
    self.log.tellAllRepeats()
  }
}

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
  /// Nil if no call is traced.
  private let tracing: TracingServices?

  static func start(
    _ configuration: ServeConfiguration, _ stages: StageDurations, registry: MetricsRegistry,
    logger: Logger, on loop: any EventLoop
  ) throws(UpstreamTLS.Failure) -> CallAccounts {
    let tracing = try TracingServices.start(
      configuration.tracing, proxies: configuration.upstream.proxies, on: loop,
      registry: registry, logger: logger)
    let log = CallLog(
      logger, share: configuration.callLog.share,
      failuresPerSecond: configuration.callLog.failuresPerSecond)
    registry.register(
      NamedCounter(
        log.suppressedLines, name: "iot_jobs_gateway_log_lines_suppressed_total",
        help: "Failed calls without a line of their own, since many failed alike."))
    let telling = loop.scheduleRepeatedTask(
      initialDelay: Self.tellingInterval, delay: Self.tellingInterval
    ) { _ in log.tellRepeats() }
    return CallAccounts(
      reporting: CallReporting(
        metrics: RequestMetrics(registry: registry, stages: stages),
        failures: FailureMetrics(registry: registry), tracing: tracing?.calls, log: log),
      log: log, telling: telling, tracing: tracing)
  }

  /// To be called when no call runs any more.
  ///
  /// - Parameter deadline: how long those may take who send their accounts away.
  func stop(until deadline: ContinuousClock.Instant) async {
    self.telling.cancel()
    self.log.tellAllRepeats()
    await self.tracing?.drain(until: deadline)
  }
}

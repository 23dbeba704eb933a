// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import CryptoEngine
import GatewayServer
import Logging
import NIOCore
import Telemetry
import Upstream

/// What traces calls and sends their spans away. There is one only if a collector is configured.
struct TracingServices: Sendable {
  let calls: CallTracing
  private let exporter: SpanExporter

  /// Blocks while it reads the authorities to trust.
  ///
  /// - Parameter proxies: as for AWS: how this process reaches others.
  static func start(
    _ plan: TracingPlan?, proxies: ProxySettings, on loop: any EventLoop,
    registry: MetricsRegistry, logger: Logger
  ) throws(UpstreamTLS.Failure) -> TracingServices? {
    guard let plan else { return nil }
    let fetcher = Fetcher(
      on: loop, tls: try Self.tls(plan), proxies: proxies, userAgent: UpstreamPlan.userAgent)
    let metrics = TracingMetrics(registry: registry)
    let queue = SpanQueue(
      limit: plan.queueLimit, batchLimit: plan.batchLimit, dropped: metrics.queueFull)
    TracingMetrics.register(queue, in: registry)
    let exporter = SpanExporter(
      plan, queue, fetcher, Self.encoding(plan), metrics: metrics, logger: logger)
    exporter.start()
    logger.notice(
      "calls are traced",
      metadata: [LogKey.endpoint: "\(plan.endpoint.text)", LogKey.ratio: "\(plan.ratio)"])
    let recorder = SpanRecorder(sampler: TraceSampler(ratio: plan.ratio), queue: queue)
    return TracingServices(calls: CallTracing(recorder), exporter: exporter)
  }

  /// Sends what is left. For when no call is left.
  func drain(until deadline: ContinuousClock.Instant) async {
    await self.exporter.drain(until: deadline)
  }

  private static func tls(_ plan: TracingPlan) throws(UpstreamTLS.Failure) -> TLSClientContext? {
    guard plan.endpoint.isSecure else { return nil }
    var settings = TLSClientSettings()
    settings.verification = .required(
      trust: plan.caBundle.map { .file(path: $0.value) } ?? .system)
    settings.applicationProtocols = ["http/1.1"]
    do throws(TLSConfigurationError) {
      return try TLSClientContext(settings)
    } catch {
      throw UpstreamTLS.Failure(origin: plan.caBundle?.origin, error: error)
    }
  }

  /// Names are those of OpenTelemetry's semantic conventions for resources.
  private static func encoding(_ plan: TracingPlan) -> TraceEncoding {
    var resource = [
      SpanAttribute("service.name", .text(plan.serviceName)),
      SpanAttribute("service.version", .text(Version.text)),
    ]
    resource += plan.attributes.map { SpanAttribute($0.name, .text($0.value)) }
    return TraceEncoding(
      resource: resource, scope: "iot-jobs-gateway", version: Version.text)
  }
}

// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import AWSSigning
import CryptoEngine
import GatewayServer
import HTTP2Engine
import JobsAPI
import Logging
import NIOCore
import NIOPosix
import Telemetry
import TrafficPolicy
import Transport
import Upstream

/// The gateway as it runs: listeners in front, the pools to AWS behind.
struct GatewayServices: Drainable {
  private let listeners: [Listener]
  private let admin: Listener
  private let readiness: Readiness
  private let policy: TrafficPolicy
  private let credentials: RefreshingCredentials
  /// For what blocks, off the event loops.
  private let threads: NIOThreadPool
  private let upstream: UpstreamLink

  static func start(
    _ configuration: ServeConfiguration, logger: Logger, on group: MultiThreadedEventLoopGroup
  ) async throws -> GatewayServices {
    // Sources of credentials are asked one after another.
    let threads = NIOThreadPool(numberOfThreads: 1)
    threads.start()
    do {
      return try await Self.start(configuration, logger: logger, on: group, threads)
    } catch {
      try? await threads.shutdownGracefully()
      throw error
    }
  }

  /// Builds from the inside out and binds last: what is listened on can be answered.
  private static func start(
    _ configuration: ServeConfiguration, logger: Logger, on group: MultiThreadedEventLoopGroup,
    _ threads: NIOThreadPool
  ) async throws -> GatewayServices {
    let registry = MetricsRegistry()
    let readiness = Readiness()
    Self.registerBuildInfo(in: registry)

    for warning in configuration.upstream.warnings { warning.log(to: logger) }
    let tls = try UpstreamTLS(configuration.upstream)
    let credentials = RefreshingCredentials(
      configuration.upstream, tls, on: group.any(), threads: threads, log: CredentialLog(logger))
    credentials.register(in: registry)
    credentials.start()
    Task {
      _ = await credentials.resolved()
      readiness.met(.credentialsResolved)
    }

    let policy = TrafficPolicy(
      configuration.policy, on: group, registry: registry, logger: logger)
    logger.notice("limits in force", metadata: configuration.policy.logMetadata)

    let upstream = try await UpstreamLink.start(
      configuration.upstream,
      in: UpstreamLink.Surroundings(
        group: group, policy: policy, tls: tls, credentials: credentials, registry: registry,
        readiness: readiness, logger: logger))

    let metrics = RequestMetrics(registry: registry)
    let server = GatewayServer(
      on: group, http2Limits: configuration.http2Limits,
      callLimits: CallLimits(requestBytes: configuration.requestLimitBytes), metrics: metrics,
      logger: logger
    ) { loop in upstream.backend(on: loop) }

    let admin = try await AdminServer.bind(
      to: configuration.adminListen, on: group, registry: registry, readiness: readiness)
    var listeners: [Listener] = []
    for address in configuration.listen {
      let limits = ListenerLimits(connections: configuration.connectionLimit)
      listeners.append(try await server.bind(to: address, limits: limits))
    }
    Self.registerConnections(grpc: listeners, admin: admin, in: registry)
    registry.register(
      NamedCounter(
        LogSink.standardError.droppedLines, name: "iot_jobs_gateway_log_lines_dropped_total",
        help: "Log lines that standard error did not take at once."))
    registry.register(ProcessMetrics())
    // Ready before it is said, so that whoever waits for the lines finds it so.
    readiness.met(.listenersBound)
    Self.log(admin, as: "admin", logger)
    for listener in listeners { Self.log(listener, as: "grpc", logger) }
    return GatewayServices(
      listeners: listeners, admin: admin, readiness: readiness, policy: policy,
      credentials: credentials, threads: threads, upstream: upstream)
  }

  /// Callers first, then the connections that served them; probes and scrapes see it to the end.
  func drain(grace: TimeAmount) async {
    self.readiness.drainBegan()
    await withTaskGroup { group in
      for listener in self.listeners {
        group.addTask { _ = await listener.drain(grace: grace) }
      }
    }
    // A refresh in the background has no caller, and must not outlast the grace.
    self.policy.stop()
    await self.upstream.drain()
    await self.credentials.stop()
    try? await self.threads.shutdownGracefully()
    await self.admin.drain(grace: .seconds(1))
  }

  private static func log(_ listener: Listener, as name: String, _ logger: Logger) {
    logger.notice(
      "listening on",
      metadata: [LogKey.listener: "\(name)", LogKey.address: "\(listener.address)"])
  }

  private static func registerConnections(
    grpc: [Listener], admin: Listener, in registry: MetricsRegistry
  ) {
    registry.register(
      SampledGauges(
        name: "iot_jobs_gateway_connections", help: "Connections open, by listener."
      ) {
        [
          (
            [.init(name: "listener", value: "grpc")],
            Int64(grpc.reduce(0) { $0 + $1.openConnections })
          ),
          ([.init(name: "listener", value: "admin")], Int64(admin.openConnections)),
        ]
      })
  }

  private static func registerBuildInfo(in registry: MetricsRegistry) {
    registry.family(
      Gauge.self, "iot_jobs_gateway_build_info", help: "Always 1; the labels tell the build.",
      labels: ["version", "swift", "nghttp2", "openssl"]
    ).child(Version.text, Version.swift, HTTP2Library.version, CryptoLibrary.version).set(1)
  }
}

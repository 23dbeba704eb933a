// SPDX-License-Identifier: Apache-2.0

import GatewayServer
import HTTP2Engine
import JobsAPI
import JobsEmulator
import Logging
import NIOCore
import NIOPosix
import Telemetry
import Transport

/// The gateway as it runs: built from its configuration, in the order of the data's way through it.
struct GatewayServices: Drainable {
  private let listeners: [Listener]
  private let admin: Listener
  private let readiness: Readiness

  /// Binds all listeners, or none.
  static func start(
    _ configuration: ServeConfiguration, environment: [String: String], logger: Logger,
    on group: MultiThreadedEventLoopGroup
  ) async throws -> GatewayServices {
    let registry = MetricsRegistry()
    let readiness = Readiness()
    let emulator = JobsEmulator()
    var http2Limits = HTTP2Limits()
    http2Limits.maxConcurrentStreams = UInt32(configuration.streamLimit)
    let server = GatewayServer(
      on: group, http2Limits: http2Limits,
      callLimits: CallLimits(requestBytes: configuration.requestLimitBytes),
      metrics: RequestMetrics(registry: registry), logger: logger
    ) { _ in emulator }
    let admin = try await AdminServer.bind(
      to: configuration.adminListen, on: group, registry: registry, readiness: readiness)
    logger.notice(
      "listening on",
      metadata: [LogKey.listener: "admin", LogKey.address: "\(admin.address)"])
    var listeners: [Listener] = []
    for address in configuration.listen {
      let listener = try await server.bind(
        to: address, limits: ListenerLimits(connections: configuration.connectionLimit))
      logger.notice(
        "listening on",
        metadata: [LogKey.listener: "grpc", LogKey.address: "\(listener.address)"])
      listeners.append(listener)
    }
    registry.register(ProcessMetrics())
    readiness.met(.listenersBound)
    return GatewayServices(listeners: listeners, admin: admin, readiness: readiness)
  }

  func drain(grace: TimeAmount) async {
    self.readiness.drainBegan()
    await withTaskGroup(of: Void.self) { group in
      for listener in self.listeners {
        group.addTask { await listener.drain(grace: grace) }
      }
    }
    await self.admin.drain(grace: .seconds(1))
  }
}

// SPDX-License-Identifier: Apache-2.0

import GatewayServer
import Logging
import NIOCore
import Telemetry
import Transport

/// All that the gateway listens on.
struct GatewayListeners: Sendable {
  /// In plaintext.
  let grpc: [Listener]
  /// With TLS.
  let secure: [Listener]
  let admin: Listener

  /// Binds all, or none for long: the process ends with the error.
  static func bind(
    _ configuration: ServeConfiguration, _ server: GatewayServer, _ tls: ListenerTLS?,
    on group: any EventLoopGroup, registry: MetricsRegistry, readiness: Readiness, logger: Logger
  ) async throws -> GatewayListeners {
    let unixAccess = try UnixSocketAccess(configuration.listening)
    let admin = try await AdminServer.bind(
      to: configuration.adminListen, unixAccess: unixAccess, on: group, registry: registry,
      readiness: readiness)
    let ledger = OpeningLedger(registry: registry, logger: logger)
    let places = DescriptorAllowance.connections(
      configuration.connections.connectionLimit,
      besides: configuration.upstream.limits.connections, logger)
    let allowance = ConnectionAllowance(limit: places)
    let patience = TimeAmount(configuration.listening.patience)
    var grpc: [Listener] = []
    var secure: [Listener] = []
    for place in configuration.listening.addresses {
      let listener = try await server.bind(
        to: place.address, limits: ListenerLimits(connections: places), allowance: allowance,
        unixAccess: unixAccess,
        opening: OpeningRules(
          tls: place.isSecure ? tls?.server : nil, patience: patience, ledger: ledger))
      if place.isSecure { secure.append(listener) } else { grpc.append(listener) }
    }
    let listeners = GatewayListeners(grpc: grpc, secure: secure, admin: admin)
    listeners.register(in: registry)
    return listeners
  }

  /// Closes what callers use; the admin's listener stays.
  func drainCallers(grace: TimeAmount) async {
    await withTaskGroup { group in
      for listener in self.grpc + self.secure {
        group.addTask { _ = await listener.drain(grace: grace) }
      }
    }
  }

  func log(to logger: Logger) {
    Self.log(self.admin, as: "admin", logger)
    for listener in self.grpc { Self.log(listener, as: "grpc", logger) }
    for listener in self.secure { Self.log(listener, as: "grpc-tls", logger) }
  }

  private static func log(_ listener: Listener, as name: String, _ logger: Logger) {
    logger.notice(
      "listening on",
      metadata: [LogKey.listener: "\(name)", LogKey.address: "\(listener.address)"])
  }

  private func register(in registry: MetricsRegistry) {
    registry.register(
      SampledGauges(
        name: "iot_jobs_gateway_connections", help: "Connections open, by listener."
      ) {
        [("grpc", self.grpc), ("grpc-tls", self.secure), ("admin", [self.admin])].map {
          ([.init(name: "listener", value: $0)], Int64($1.reduce(0) { $0 + $1.openConnections }))
        }
      })
  }
}

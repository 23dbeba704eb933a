// SPDX-License-Identifier: Apache-2.0

import GatewayServer
import Logging
import NIOCore
import Telemetry
import Transport

/// All that the gateway listens on.
struct GatewayListeners: Sendable {
  let grpc: [Listener]
  let admin: Listener

  /// Binds all, or none for long: the process ends with the error.
  static func bind(
    _ configuration: ServeConfiguration, _ server: GatewayServer, on group: any EventLoopGroup,
    registry: MetricsRegistry, readiness: Readiness
  ) async throws(ListenError) -> GatewayListeners {
    let admin = try await AdminServer.bind(
      to: configuration.adminListen, on: group, registry: registry, readiness: readiness)
    var grpc: [Listener] = []
    for address in configuration.listen {
      let limits = ListenerLimits(connections: configuration.connectionLimit)
      grpc.append(try await server.bind(to: address, limits: limits))
    }
    let listeners = GatewayListeners(grpc: grpc, admin: admin)
    listeners.register(in: registry)
    return listeners
  }

  /// Closes what callers use; the admin's listener stays.
  func drainCallers(grace: TimeAmount) async {
    await withTaskGroup { group in
      for listener in self.grpc {
        group.addTask { _ = await listener.drain(grace: grace) }
      }
    }
  }

  func log(to logger: Logger) {
    Self.log(self.admin, as: "admin", logger)
    for listener in self.grpc { Self.log(listener, as: "grpc", logger) }
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
        [
          (
            [.init(name: "listener", value: "grpc")],
            Int64(self.grpc.reduce(0) { $0 + $1.openConnections })
          ),
          ([.init(name: "listener", value: "admin")], Int64(self.admin.openConnections)),
        ]
      })
  }
}

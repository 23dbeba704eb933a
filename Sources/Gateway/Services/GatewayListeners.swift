// SPDX-License-Identifier: Apache-2.0

import GatewayServer
import Logging
import NIOCore
import OperatorServer
import RESTDoor
import Telemetry
import Transport

/// All that the gateway listens on.
struct GatewayListeners: Sendable {
  /// In plaintext.
  private(set) var grpc: [Listener] = []
  /// With TLS.
  private(set) var secure: [Listener] = []
  /// For AWS's own clients, in plaintext.
  private(set) var rest: [Listener] = []
  /// The same with TLS.
  private(set) var secureREST: [Listener] = []
  let admin: Listener
  /// Nil if it is off.
  private(set) var operators: OperatorListener?

  private init(admin: Listener) {
    self.admin = admin
  }

  /// Binds all or none.
  static func bind(
    _ configuration: ServeConfiguration, _ servers: CallerServers, _ tls: ListenerTLS?,
    _ desk: OperatorDesk, on group: any EventLoopGroup,
    registry: MetricsRegistry,
    scrapes: ScrapeDesk, readiness: Readiness, logger: Logger
  ) async throws -> GatewayListeners {
    let unixAccess = try UnixSocketAccess(configuration.listening)
    let admin = try await AdminServer.bind(
      to: configuration.adminListen, unixAccess: unixAccess, on: group, scrapes: scrapes,
      readiness: readiness)
    var listeners = GatewayListeners(admin: admin)
    do {
      if let address = configuration.operatorListen {
        listeners.operators = try await OperatorListener.start(
          on: address, unixAccess: unixAccess, group: group, desk, registry: registry,
          logger: logger)
      }
      try await listeners.bindCallers(
        configuration, servers, tls, unixAccess,
        OpeningLedger(registry: registry, logger: logger), logger)
    } catch {
      // With a listener goes its socket's file, which the end of the process would leave.
      await listeners.drainCallers(grace: .zero)
      await listeners.drainRest(grace: .zero)
      throw error
    }
    listeners.register(in: registry)
    return listeners
  }

  private mutating func bindCallers(
    _ configuration: ServeConfiguration, _ servers: CallerServers, _ tls: ListenerTLS?,
    _ unixAccess: UnixSocketAccess, _ ledger: OpeningLedger, _ logger: Logger
  ) async throws(ListenError) {
    let places = DescriptorAllowance.connections(
      configuration.connections.connectionLimit,
      besides: configuration.upstream.limits.connections, logger)
    let allowance = ConnectionAllowance(limit: places)
    let patience = TimeAmount(configuration.listening.patience)
    func entrance(at place: CallerAddress, securedBy tls: ServerTLS?) -> CallerEntrance {
      var entrance = CallerEntrance(
        at: place.address,
        opening: OpeningRules(
          tls: place.isSecure ? tls : nil, patience: patience, ledger: ledger))
      entrance.limits = ListenerLimits(connections: places)
      entrance.allowance = allowance
      entrance.unixAccess = unixAccess
      return entrance
    }
    for place in configuration.listening.addresses {
      let listener = try await servers.grpc.bind(entrance(at: place, securedBy: tls?.grpc))
      if place.isSecure { self.secure.append(listener) } else { self.grpc.append(listener) }
    }
    guard let door = servers.door else { return }
    for place in configuration.listening.rest?.addresses ?? [] {
      let listener = try await door.bind(entrance(at: place, securedBy: tls?.rest))
      if place.isSecure { self.secureREST.append(listener) } else { self.rest.append(listener) }
    }
  }

  /// All that callers use, by the names that logs and metrics have for them.
  private var callers: [(name: String, listeners: [Listener])] {
    [
      ("grpc", self.grpc), ("grpc-tls", self.secure), ("rest", self.rest),
      ("rest-tls", self.secureREST),
    ]
  }

  /// Closes what callers use; the admin's listener stays.
  func drainCallers(grace: TimeAmount) async {
    await withTaskGroup { group in
      for listener in self.callers.flatMap(\.listeners) {
        group.addTask { _ = await listener.drain(grace: grace) }
      }
    }
  }

  /// Closes what is looked at to the end.
  func drainRest(grace: TimeAmount) async {
    await self.operators?.stop(grace: grace)
    await self.admin.drain(grace: grace)
  }

  func log(to logger: Logger) {
    Self.log(self.admin, as: "admin", logger)
    if let operators = self.operators { Self.log(operators.listener, as: "operator", logger) }
    for (name, listeners) in self.callers {
      for listener in listeners { Self.log(listener, as: name, logger) }
    }
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
        let others = [
          ("admin", [self.admin]), ("operator", self.operators.map { [$0.listener] } ?? []),
        ]
        return (self.callers + others).map {
          ([.init(name: "listener", value: $0)], Int64($1.reduce(0) { $0 + $1.openConnections }))
        }
      })
  }
}

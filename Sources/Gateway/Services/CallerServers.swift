// SPDX-License-Identifier: Apache-2.0

import GatewayServer
import JobsAPI
import Logging
import NIOCore
import RESTDoor
import Telemetry

/// What callers come to: gRPC, and the door for AWS's own clients.
struct CallerServers: Sendable {
  let grpc: GatewayServer
  /// Nil if there is none.
  let door: RESTDoor?

  /// What both need of the process.
  struct Surroundings {
    let group: any EventLoopGroup
    let access: AccessControl?
    let standard: StandardMethods
    let reporting: CallReporting
    let registry: MetricsRegistry
    let logger: Logger
  }

  /// Both as they were told to be, with the door's keys watched from then on.
  static func load(
    _ configuration: ServeConfiguration, in surroundings: Surroundings,
    watched: inout WatchList, backend: (any EventLoop) -> (any JobsBackend)?
  ) throws -> CallerServers {
    let terms = configuration.connections.terms(surroundings.registry)
    let grpc = GatewayServer(
      on: surroundings.group, http2Limits: configuration.http2Limits,
      callLimits: configuration.calls.limits, terms: terms, accessControl: surroundings.access,
      standard: surroundings.standard, reporting: surroundings.reporting,
      logger: surroundings.logger, backend: backend)
    let door = try configuration.listening.rest.map { rest in
      try RESTDoor(
        on: surroundings.group, callers: try Self.callers(rest, watched: &watched),
        limits: DoorLimits(
          requestBytes: configuration.calls.limits.requestBytes,
          connection: configuration.connections.limits),
        memory: terms.budget, accessControl: surroundings.access,
        reporting: surroundings.reporting, metrics: DoorMetrics(registry: surroundings.registry),
        backend: backend)
    }
    return CallerServers(grpc: grpc, door: door)
  }

  private static func callers(
    _ rest: RESTConfiguration, watched: inout WatchList
  ) throws(FileRefusal) -> DoorCallers {
    guard let path = rest.keyPath else { return .anyone }
    // Until the file is read, which is at once, nobody is known.
    let ring = KeyRing()
    try watched.add(
      WatchedFiles("keys", paths: [path]) { (contents: [[UInt8]]) throws(FileRefusal) in
        do throws(KeyFault) {
          ring.replace(with: try KeyTable(parsing: contents[0]))
        } catch {
          throw FileRefusal(path: path, reason: error.description)
        }
      })
    return .holders(of: ring)
  }
}

// SPDX-License-Identifier: Apache-2.0

// RESTDoor lets callers in that speak to AWS as AWS's own clients do: REST over HTTP/1.1, signed with
// keys that this gateway knows. AWS's form is RESTServer's; what a call may and what is told of it is
// GatewayServer's; whatever carries a call out is a JobsBackend.

import Authorization
package import GatewayServer
package import JobsAPI
package import NIOCore
import RESTServer
package import Transport

/// Who may come in.
package enum DoorCallers: Sendable {
  /// Everybody who can connect, signed or not.
  case anyone
  /// Whoever signs with one of these.
  case holders(of: KeyRing)
}

/// What one request may take, and how long a connection may.
package struct DoorLimits: Equatable, Sendable {
  /// Of a body. The largest legal one is below 48 KiB, unless it writes its characters as escapes.
  package var requestBytes: Int
  package var connection: ConnectionLimits

  package init(
    requestBytes: Int = 65_536, connection: ConnectionLimits = ConnectionLimits()
  ) {
    self.requestBytes = requestBytes
    self.connection = connection
  }
}

/// Serves AWS's REST form of the four operations on any number of addresses, in front of one backend
/// for each event loop.
package struct RESTDoor: Sendable {
  /// What the connections of one event loop share.
  private struct Seat: Sendable {
    let backend: any JobsBackend
    let executor: LoopTaskExecutor
    let signatures: SignatureCheck?
  }

  /// What a channel holds before its peer must take some of it: more than an answer that has a usual
  /// document, and little for ten thousand connections.
  private static let unsentBytes = 16_384

  private let seats: [ObjectIdentifier: Seat]
  private let group: any EventLoopGroup
  private let settings: HTTP1Settings
  private let accessControl: AccessControl?
  private let reporting: CallReporting
  private let metrics: DoorMetrics

  /// - Parameters:
  ///   - accessControl: who may call what; nil when everybody who is let in may do everything.
  ///   - backend: gives the backend of one event loop, asked once for each. A connection that comes
  ///     in on a loop without one is closed.
  /// - Throws: What libcrypto lacks.
  package init(
    on group: any EventLoopGroup, callers: DoorCallers, limits: DoorLimits = DoorLimits(),
    memory: MemoryBudget, accessControl: AccessControl?, reporting: CallReporting,
    metrics: DoorMetrics, backend: (any EventLoop) -> (any JobsBackend)?
  ) throws {
    var seats: [ObjectIdentifier: Seat] = [:]
    for loop in group.makeIterator() {
      guard let backend = backend(loop) else { continue }
      let signatures: SignatureCheck? =
        switch callers {
        case .anyone: nil
        case .holders(let ring): try SignatureCheck(ring)
        }
      seats[ObjectIdentifier(loop)] = Seat(
        backend: backend, executor: LoopTaskExecutor(loop), signatures: signatures)
    }
    self.seats = seats
    self.group = group
    var settings = HTTP1Settings(limits, DoorMemory(budget: memory))
    settings.refused = { metrics.answered($0) }
    self.settings = settings
    self.accessControl = accessControl
    self.reporting = reporting
    self.metrics = metrics
  }

  /// Binds one address and serves on it until the listener is drained.
  package func bind(_ entrance: CallerEntrance) async throws(ListenError) -> Listener {
    try await entrance.bind(on: self.group, speaking: .rest) { channel, peer in
      try self.serve(channel, peer)
    }
  }

  /// Puts what answers at the end of a connection's pipeline.
  func serve(_ channel: any Channel, _ peer: ConnectionPeer) throws {
    guard let seat = self.seats[ObjectIdentifier(channel.eventLoop)] else {
      throw ChannelError.operationUnsupported
    }
    let identity = CallerIdentity(peer)
    let access = self.accessControl.map { ConnectionAccess($0, peer: identity) }
    let responder = DoorResponder(
      seat.backend, signatures: seat.signatures, reporting: self.reporting,
      metrics: self.metrics, peer: identity, access: access, loop: channel.eventLoop)
    try channel.syncOptions?.setOption(
      .writeBufferWaterMark, value: .init(low: 1, high: Self.unsentBytes))
    try HTTP1Server.serve(
      channel, responder, executor: seat.executor, settings: self.settings)
  }
}

extension HTTP1Settings {
  fileprivate init(_ limits: DoorLimits, _ memory: DoorMemory) {
    self.init()
    self.exchange.bodyBytes = limits.requestBytes
    self.exchange.idle = limits.connection.idleTimeout ?? .hours(24 * 365)
    self.exchange.receive = limits.connection.requestTimeout
    self.exchange.send = limits.connection.writeTimeout
    self.exchange.age = limits.connection.maxAge
    self.memory = memory
  }
}

/// Requests of the door are charged to what those of gRPC are charged to.
private struct DoorMemory: RequestMemory {
  let budget: MemoryBudget

  func charge(_ bytes: Int) -> Bool { self.budget.charge(bytes) == .admit }
  func chargeAnyway(_ bytes: Int) { self.budget.chargeAnyway(bytes) }
  func giveBack(_ bytes: Int) { self.budget.giveBack(bytes) }
}

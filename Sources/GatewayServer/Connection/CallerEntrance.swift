// SPDX-License-Identifier: Apache-2.0

package import NIOCore
package import Transport

/// What a listener expects of a connection before any call begins on it.
package struct OpeningRules: Sendable {
  /// How connections are secured; nil for plaintext.
  package var tls: ServerTLS?
  /// How long a client may take for its first bytes, the handshake of TLS included.
  package var patience: TimeAmount
  package var ledger: OpeningLedger

  package init(tls: ServerTLS? = nil, patience: TimeAmount = .seconds(10), ledger: OpeningLedger) {
    self.tls = tls
    self.patience = patience
    self.ledger = ledger
  }
}

/// Where callers come in: who may connect, how many, and how a connection begins.
package struct CallerEntrance: Sendable {
  package var address: ListenAddress
  package var limits = ListenerLimits()
  /// Shared by all listeners that callers have.
  package var allowance: ConnectionAllowance?
  package var unixAccess = UnixSocketAccess()
  package var opening: OpeningRules

  package init(at address: ListenAddress, opening: OpeningRules) {
    self.address = address
    self.opening = opening
  }

  /// Binds, and serves until the listener is drained.
  ///
  /// - Parameter serve: puts what speaks the protocol at the end of a connection's pipeline, once its
  ///   first bytes are of that protocol, and its peer is known.
  package func bind(
    on group: any EventLoopGroup, speaking port: ServedProtocol,
    serve: @escaping @Sendable (any Channel, ConnectionPeer) throws -> Void
  ) async throws(ListenError) -> Listener {
    let (address, opening) = (self.address, self.opening)
    return try await Listener.bind(
      to: address, on: group, limits: self.limits, allowance: self.allowance,
      unixAccess: self.unixAccess, acceptFailed: { opening.ledger.acceptFailed($0) }
    ) { channel in
      let deadline = channel.eventLoop.now + opening.patience
      let handler = OpeningHandler(
        isSecure: opening.tls != nil, speaking: port, deadline: deadline,
        loop: channel.eventLoop, ledger: opening.ledger
      ) { channel in
        if let tls = opening.tls {
          try Self.secure(channel, tls, by: deadline, opening.ledger, then: serve)
        } else {
          try serve(channel, ConnectionPeer(of: channel, on: address))
        }
      }
      try channel.pipeline.syncOperations.addHandler(handler)
    }
  }

  private static func secure(
    _ channel: any Channel, _ tls: ServerTLS, by deadline: NIODeadline, _ ledger: OpeningLedger,
    then serve: @escaping @Sendable (any Channel, ConnectionPeer) throws -> Void
  ) throws {
    let timeout = Duration.nanoseconds(max((deadline - channel.eventLoop.now).nanoseconds, 0))
    let handler = TLSHandler(
      server: tls.current, on: channel.eventLoop, handshakeTimeout: timeout)
    try channel.pipeline.syncOperations.addHandlers(
      handler, SecuredHandler(ledger: ledger, proceed: serve))
  }
}

extension GatewayServer {
  /// Binds one address and serves gRPC on it until the listener is drained.
  package func bind(_ entrance: CallerEntrance) async throws(ListenError) -> Listener {
    try await entrance.bind(on: self.group, speaking: .grpc) { channel, peer in
      try self.serve(channel, peer)
    }
  }
}

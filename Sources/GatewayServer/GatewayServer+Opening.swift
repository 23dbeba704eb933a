// SPDX-License-Identifier: Apache-2.0

package import NIOCore
package import Transport

/// What a listener expects of a connection before gRPC begins on it.
package struct OpeningRules: Sendable {
  /// How connections are secured; nil for plaintext.
  package var tls: ServerTLS?
  /// How long a client may take for its preface, the handshake of TLS included.
  package var patience: TimeAmount
  package var ledger: OpeningLedger

  package init(tls: ServerTLS? = nil, patience: TimeAmount = .seconds(10), ledger: OpeningLedger) {
    self.tls = tls
    self.patience = patience
    self.ledger = ledger
  }
}

extension GatewayServer {
  /// Binds one address and serves on it until the listener is drained.
  package func bind(
    to address: ListenAddress, limits: ListenerLimits, allowance: ConnectionAllowance? = nil,
    unixAccess: UnixSocketAccess = UnixSocketAccess(), opening: OpeningRules
  ) async throws(ListenError) -> Listener {
    try await Listener.bind(
      to: address, on: self.group, limits: limits, allowance: allowance, unixAccess: unixAccess,
      acceptFailed: { opening.ledger.acceptFailed($0) }
    ) { channel in
      let deadline = channel.eventLoop.now + opening.patience
      let handler = OpeningHandler(
        isSecure: opening.tls != nil, deadline: deadline, loop: channel.eventLoop,
        ledger: opening.ledger
      ) { channel in
        if let tls = opening.tls {
          try self.secure(channel, tls, by: deadline, opening.ledger)
        } else {
          try self.serve(channel, ConnectionPeer(of: channel, on: address))
        }
      }
      try channel.pipeline.syncOperations.addHandler(handler)
    }
  }

  private func secure(
    _ channel: any Channel, _ tls: ServerTLS, by deadline: NIODeadline, _ ledger: OpeningLedger
  ) throws {
    let timeout = Duration.nanoseconds(max((deadline - channel.eventLoop.now).nanoseconds, 0))
    let handler = TLSHandler(
      server: tls.current, on: channel.eventLoop, handshakeTimeout: timeout)
    let secured = SecuredHandler(ledger: ledger) { channel, peer in try self.serve(channel, peer) }
    try channel.pipeline.syncOperations.addHandlers(handler, secured)
  }
}

// SPDX-License-Identifier: Apache-2.0

package import CryptoEngine
package import NIOCore
import NIOPosix

/// Opens client channels to one host and port.
///
/// It knows sockets, names, proxies and time limits; what is spoken on the channel is the caller's.
/// Names are resolved at each connect, so that a change in DNS is met by the next connection.
package struct OutboundConnector: Sendable {
  /// A name, or an IP address without brackets. Behind a proxy it is the proxy that looks it up.
  package let host: String
  package let port: Int
  /// Bounds all it takes until a socket is connected: the name's lookup, and each of its addresses
  /// that is tried. Bounds the wait for a proxy's answer once more.
  package let timeout: Duration
  /// Nil for plain TCP.
  package let security: OutboundSecurity?
  /// Nil to go straight.
  package let proxy: OutboundProxy?
  /// Nil for none.
  package let keepalive: TCPKeepalive?

  package init(
    host: String, port: Int, timeout: Duration = .seconds(5), security: OutboundSecurity? = nil,
    proxy: OutboundProxy? = nil, keepalive: TCPKeepalive? = nil
  ) {
    self.host = host
    self.port = port
    self.timeout = timeout
    self.security = security
    self.proxy = proxy
    self.keepalive = keepalive
  }

  /// Opens a channel whose every callback runs in `loop`.
  ///
  /// - Parameter configure: adds the protocol's handlers, before the connection is up.
  /// - Returns: the channel once it is connected, the tunnel there if it goes through a proxy, and
  ///   the handshake done if it is a secure one; else a failure that ``ConnectFailure`` can name.
  package func connect(
    on loop: any EventLoop, configure: @escaping @Sendable (any Channel) throws -> Void
  ) -> EventLoopFuture<any Channel> {
    var bootstrap = ClientBootstrap(group: loop)
      .connectTimeout(TimeAmount(self.timeout))
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      // Answers here are short: one read takes all there is, and a second would only say so.
      .channelOption(.maxMessagesPerRead, value: 1)
    if let keepalive { bootstrap = keepalive.apply(to: bootstrap) }
    // A name may have several addresses, and then several channels race to be the connection.
    let readiness = NIOLoopBoundBox.makeEmptyBox(
      valueType: [ObjectIdentifier: EventLoopFuture<Void>].self, eventLoop: loop)
    let connected = self.connect(
      bootstrap.channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          if let ready = try self.addLayers(to: channel) {
            readiness.value = readiness.value ?? [:]
            readiness.value?[ObjectIdentifier(channel)] = ready
          }
          try configure(channel)
        }
      })
    return connected.flatMap { channel in
      // One whose tunnel or handshake fails closes itself.
      guard let ready = readiness.value?[ObjectIdentifier(channel)] else {
        return loop.makeSucceededFuture(channel)
      }
      return ready.map { channel }
    }
  }

  /// Puts into the pipeline what stands between the socket and the protocol.
  ///
  /// - Returns: ends when the protocol's bytes may flow; nil if nothing must be waited for.
  private func addLayers(to channel: any Channel) throws -> EventLoopFuture<Void>? {
    var tunnel: EventLoopFuture<Void>?
    if let proxy = self.proxy {
      guard let request = proxy.request(host: self.host, port: self.port) else {
        throw ProxyFailure.unwritable
      }
      let handler = TunnelHandler(request: request, timeout: self.timeout, on: channel.eventLoop)
      try channel.pipeline.syncOperations.addHandler(handler)
      tunnel = handler.established
    }
    guard let security = self.security else { return tunnel }
    let handler = security.makeHandler(on: channel.eventLoop)
    try channel.pipeline.syncOperations.addHandler(handler)
    let handshake = handler.established.map { _ in }
    // Without a tunnel there is no handshake either, and the first failure is the reason.
    return tunnel.map { $0.flatMap { handshake } } ?? handshake
  }

  private func connect(_ bootstrap: ClientBootstrap) -> EventLoopFuture<any Channel> {
    let host = self.proxy?.host ?? self.host
    let port = self.proxy?.port ?? self.port
    let connected =
      if let address = try? SocketAddress(ipAddress: host, port: port) {
        bootstrap.connect(to: address)
      } else {
        bootstrap.connect(host: host, port: port)
      }
    guard self.proxy != nil else { return connected }
    return connected.flatMapErrorThrowing { error in
      throw error as? ProxyFailure ?? ProxyFailure.unreachable(ConnectFailure(error))
    }
  }
}

/// Whom a secure connection is made to, and how long that may take.
package struct OutboundSecurity: Sendable {
  /// Bears the name that the certificate must show, which need not be the host that is connected to.
  package var endpoint: TLSEndpoint
  /// Bounds the handshake; reaching the address comes before it.
  package var handshakeTimeout: Duration

  package init(_ endpoint: TLSEndpoint, handshakeTimeout: Duration = .seconds(5)) {
    self.endpoint = endpoint
    self.handshakeTimeout = handshakeTimeout
  }

  fileprivate func makeHandler(on loop: any EventLoop) -> TLSHandler {
    TLSHandler(client: self.endpoint, on: loop, handshakeTimeout: self.handshakeTimeout)
  }
}

// SPDX-License-Identifier: Apache-2.0

package import CryptoEngine
import Glibc
package import NIOCore
import NIOPosix

/// Opens client channels to one host and port.
///
/// It knows sockets, names and time limits; what is spoken on the channel is the caller's. Names are
/// resolved at each connect, so that a change in DNS is met by the next connection.
package struct OutboundConnector: Sendable {
  /// A name, or an IP address without brackets.
  package let host: String
  package let port: Int
  /// Bounds each attempt to reach one address; the name's lookup comes before it.
  package let timeout: Duration
  /// Nil for plain TCP.
  package let security: OutboundSecurity?

  package init(
    host: String, port: Int, timeout: Duration = .seconds(5), security: OutboundSecurity? = nil
  ) {
    self.host = host
    self.port = port
    self.timeout = timeout
    self.security = security
  }

  /// Opens a channel whose every callback runs in `loop`.
  ///
  /// - Parameter configure: adds the protocol's handlers, before the connection is up.
  /// - Returns: the channel once it is connected, and the handshake done if it is a secure one, else
  ///   a failure that ``ConnectFailure`` can name.
  package func connect(
    on loop: any EventLoop, configure: @escaping @Sendable (any Channel) throws -> Void
  ) -> EventLoopFuture<any Channel> {
    let bootstrap = ClientBootstrap(group: loop)
      .connectTimeout(TimeAmount(self.timeout))
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      // Answers here are short: one read takes all there is, and a second would only say so.
      .channelOption(.maxMessagesPerRead, value: 1)
    guard let security = self.security else {
      return self.connect(
        bootstrap.channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture { try configure(channel) }
        })
    }
    // A name may have several addresses, and then several channels race to be the connection.
    let handshakes = NIOLoopBoundBox.makeEmptyBox(
      valueType: [ObjectIdentifier: EventLoopFuture<TLSEstablished>].self, eventLoop: loop)
    let connected = self.connect(
      bootstrap.channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let handler = security.makeHandler(on: loop)
          handshakes.value = handshakes.value ?? [:]
          handshakes.value?[ObjectIdentifier(channel)] = handler.established
          try channel.pipeline.syncOperations.addHandler(handler)
          try configure(channel)
        }
      })
    return connected.flatMap { channel in
      // Each channel of this bootstrap was initialised above, so its handshake is there. One whose
      // handshake fails closes itself.
      guard let handshake = handshakes.value?[ObjectIdentifier(channel)] else {
        return loop.makeFailedFuture(TLSFailure.closedDuringHandshake)
      }
      return handshake.map { _ in channel }
    }
  }

  private func connect(_ bootstrap: ClientBootstrap) -> EventLoopFuture<any Channel> {
    if let address = try? SocketAddress(ipAddress: self.host, port: self.port) {
      return bootstrap.connect(to: address)
    }
    return bootstrap.connect(host: self.host, port: self.port)
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

/// Why a connection could not be made, in the words of an operator. The upstream's or our network's
/// doing, never the caller's.
package enum ConnectFailure: Error, Equatable, Sendable {
  case timedOut
  /// The name has no address.
  case unresolvable
  /// From connect(2).
  case native(errno: CInt)
  /// The socket was connected, and then the handshake failed.
  case tls(TLSFailure)
  case other(String)

  package init(_ error: any Error) {
    switch error {
    case ChannelError.connectTimeout:
      self = .timedOut
    case let error as IOError:
      self = .native(errno: error.errnoCode)
    case let error as TLSFailure:
      self = .tls(error)
    case let error as NIOConnectionError:
      // Of several addresses the last one tried speaks for all.
      self = error.connectionErrors.last.map { ConnectFailure($0.error) } ?? .unresolvable
    default:
      self = .other(String(String(describing: error).prefix(200)))
    }
  }

  package var words: String {
    switch self {
    case .timedOut: "connect timed out"
    case .unresolvable: "name does not resolve"
    case .native(ECONNREFUSED): "connection refused"
    case .native(EHOSTUNREACH): "no route to host"
    case .native(ENETUNREACH): "network is unreachable"
    case .native(EMFILE), .native(ENFILE): "out of file descriptors"
    case .native(EADDRNOTAVAIL): "no local port is free"
    case .native(ECONNRESET): "connection reset"
    case .native(let errno): "connect failed, errno \(errno)"
    case .tls(let failure): failure.words
    case .other(let text): text
    }
  }
}

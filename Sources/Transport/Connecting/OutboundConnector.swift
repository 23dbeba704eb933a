// SPDX-License-Identifier: Apache-2.0

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
  /// Puts the handlers of TLS in front of the protocol's; nil for plain TCP. Runs in the channel's
  /// event loop. A channel whose handshake fails closes itself.
  private let secure: (@Sendable (any Channel) throws -> Void)?

  package init(
    host: String, port: Int, timeout: Duration = .seconds(5),
    secure: (@Sendable (any Channel) throws -> Void)? = nil
  ) {
    self.host = host
    self.port = port
    self.timeout = timeout
    self.secure = secure
  }

  /// Opens a channel whose every callback runs in `loop`.
  ///
  /// - Parameter configure: adds the protocol's handlers, before the connection is up.
  /// - Returns: the channel once it is connected, else a failure that ``ConnectFailure`` can name.
  package func connect(
    on loop: any EventLoop, configure: @escaping @Sendable (any Channel) throws -> Void
  ) -> EventLoopFuture<any Channel> {
    let secure = self.secure
    let bootstrap = ClientBootstrap(group: loop)
      .connectTimeout(TimeAmount(self.timeout))
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      // Answers here are short: one read takes all there is, and a second would only say so.
      .channelOption(.maxMessagesPerRead, value: 1)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try secure?(channel)
          try configure(channel)
        }
      }
    if let address = try? SocketAddress(ipAddress: self.host, port: self.port) {
      return bootstrap.connect(to: address)
    }
    return bootstrap.connect(host: self.host, port: self.port)
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
  case other(String)

  package init(_ error: any Error) {
    switch error {
    case ChannelError.connectTimeout:
      self = .timedOut
    case let error as IOError:
      self = .native(errno: error.errnoCode)
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
    case .native(let errno): "connect failed, errno \(errno)"
    case .other(let text): text
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import NIOPosix

/// Why a connection could not be made, in the words of an operator. The upstream's, a proxy's or our
/// network's doing, never the caller's.
package enum ConnectFailure: Error, Equatable, Sendable {
  case timedOut
  /// The name has no address.
  case unresolvable
  /// From connect(2).
  case native(errno: CInt)
  /// The proxy was not reached, or did not let us through.
  case proxy(ProxyFailure)
  /// The socket was connected, and then the handshake failed.
  case tls(TLSFailure)
  case other(String)

  package init(_ error: any Error) {
    switch error {
    case ChannelError.connectTimeout:
      self = .timedOut
    case let error as IOError:
      self = .native(errno: error.errnoCode)
    case let error as ProxyFailure:
      self = .proxy(error)
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
    case .native(ENOENT): "no such socket"
    case .native(EACCES): "permission denied"
    case .native(ECONNRESET): "connection reset"
    case .native(let errno): "connect failed, errno \(errno)"
    case .proxy(let failure): failure.words
    case .tls(let failure): failure.words
    case .other(let text): text
    }
  }
}

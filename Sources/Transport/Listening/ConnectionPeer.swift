// SPDX-License-Identifier: Apache-2.0

package import CryptoEngine
import Glibc
package import NIOCore

/// Who is at the other end of a connection, as far as the connection itself can tell.
package enum ConnectionPeer: Equatable, Sendable {
  /// The process that connected a Unix socket, as it was then (unix(7), `SO_PEERCRED`); ids as this
  /// process's own namespaces know them.
  case unix(uid: UInt32, gid: UInt32, pid: Int32)
  /// Whoever holds the key to a certificate that was verified.
  case certificate(PeerNames)
  /// Nobody that could be told from others.
  case anonymous
}

extension ConnectionPeer {
  /// The peer of a connection without TLS. In the channel's event loop.
  ///
  /// - Throws: What the system says if it does not know the peer of a Unix socket.
  package init(of channel: any Channel, on address: ListenAddress) throws {
    guard case .unix = address else {
      self = .anonymous
      return
    }
    let credentials = try channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(
      of: NIOBSDSocket.Handle.self
    ) { try Self.credentials(of: $0) }
    // A channel of tests has no socket.
    self = credentials ?? .anonymous
  }

  private static func credentials(of socket: CInt) throws -> ConnectionPeer {
    // struct ucred, which Glibc shows to C alone: pid, uid and gid, of four bytes each.
    var credentials = InlineArray<3, UInt32>(repeating: 0)
    var count = socklen_t(MemoryLayout.size(ofValue: credentials))
    // The kernel writes as much as it was told there is room for.
    guard unsafe getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &count) == 0 else {
      throw IOError(errnoCode: errno, reason: "getsockopt(SO_PEERCRED)")
    }
    let pid = Int32(truncatingIfNeeded: credentials[0])
    return .unix(uid: credentials[1], gid: credentials[2], pid: pid)
  }
}

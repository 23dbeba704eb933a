// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import NIOPosix

/// Questions of the kernel's to a peer that has been silent, tcp(7): a connection to a host that is
/// gone, or that a middlebox has forgotten, is found out while nobody waits for it.
package struct TCPKeepalive: Equatable, Sendable {
  /// Silence before the first question; whole seconds, at least one.
  package var idle: Duration = .seconds(20)
  /// Between questions that are not answered; whole seconds, at least one.
  package var interval: Duration = .seconds(5)
  /// Questions without an answer until the connection is given up.
  package var count = 3

  package init() {}

  func apply(to bootstrap: ClientBootstrap) -> ClientBootstrap {
    func option(_ name: CInt) -> ChannelOptions.Types.SocketOption {
      .tcpOption(.init(rawValue: name))
    }
    // What is beyond these bounds the kernel refuses, and with it the connection.
    func seconds(_ duration: Duration) -> Int {
      Int(min(max(1, duration.components.seconds), 32_767))
    }
    return
      bootstrap
      .channelOption(.socketOption(.so_keepalive), value: 1)
      .channelOption(option(TCP_KEEPIDLE), value: seconds(self.idle))
      .channelOption(option(TCP_KEEPINTVL), value: seconds(self.interval))
      .channelOption(option(TCP_KEEPCNT), value: min(max(1, self.count), 127))
  }
}

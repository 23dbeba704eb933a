// SPDX-License-Identifier: Apache-2.0

import Glibc
package import NIOCore

/// What a connection needs to know besides who answers.
package struct HTTP1Settings: Sendable {
  package var exchange = HTTP1Limits()
  /// How long a peer may take to close after the last answer was sent.
  package var linger = TimeAmount.seconds(1)
  /// Counts what requests and answers hold; nil if nobody does.
  package var memory: (any RequestMemory)?
  /// Hears the status of each request that was refused before anybody looked at it.
  package var refused: @Sendable (Int) -> Void = { _ in }
  /// Seconds since 1970 (UTC).
  package var wallClock: @Sendable () -> Int64 = { Int64(time(nil)) }

  package init() {}
}

/// What a request may take, and how long a connection may.
package struct HTTP1Limits: Equatable, Sendable {
  /// Bytes of a request's body. The largest that AWS takes is about 40 KiB.
  package var bodyBytes = 128 * 1024
  /// How long a connection may wait for its next request.
  package var idle = TimeAmount.seconds(120)
  /// How long a head may take, and then the rest of its request.
  package var receive = TimeAmount.seconds(30)
  /// How long a peer may take nothing of its answers.
  package var send = TimeAmount.seconds(30)
  /// After so long an answer is the connection's last; nil for never.
  package var age: TimeAmount?

  package init() {}
}

/// Whoever bounds what all connections together hold of requests and answers, in bytes.
package protocol RequestMemory: Sendable {
  /// - Returns: False if there is no room; nothing is counted then.
  func charge(_ bytes: Int) -> Bool

  /// Counts what is there already.
  func chargeAnyway(_ bytes: Int)

  func giveBack(_ bytes: Int)
}

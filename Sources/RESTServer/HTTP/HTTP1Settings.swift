// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore

/// What a connection needs to know besides who answers.
struct HTTP1Settings: Sendable {
  var exchange = HTTP1Exchange.Limits()
  /// How long a peer may take to close after the last answer was sent.
  var linger = TimeAmount.seconds(1)
  /// Seconds since 1970 (UTC).
  var wallClock: @Sendable () -> Int64 = { Int64(time(nil)) }
}

// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// How long a connection may take, wait and live, what its calls may hold, and what it may send that
/// is no call. Nil is never.
///
/// All waits are looked at together, every two seconds while something happens on the
/// connection and every ten while nothing does, so that a call costs no timer; each wait may last
/// that much longer.
package struct ConnectionLimits: Equatable, Sendable {
  /// Until the client's preface and SETTINGS are in (RFC 9113 §3.4).
  package var handshakeTimeout = TimeAmount.seconds(10)
  /// For one frame, or one header block of several, from its first byte to its last.
  package var frameTimeout = TimeAmount.seconds(10)
  /// For one request, from its headers to its end.
  package var requestTimeout = TimeAmount.seconds(30)
  /// For a peer that takes no byte of what is ready for it. A single answer of several has twice as
  /// long, and then ends with its stream.
  package var writeTimeout = TimeAmount.seconds(30)
  /// After the last call on a connection. gRPC's own clients give up an idle connection after half an
  /// hour, so at an hour nobody is there who will come back.
  package var idleTimeout: TimeAmount? = .hours(1)
  /// After the last byte of a peer, before it is asked whether it is there. TCP's own probes find a
  /// machine that vanished; this finds a program that hangs, or a proxy whose far end is gone.
  package var keepaliveInterval: TimeAmount? = .minutes(10)
  /// For the answer to that question, or anything else.
  package var keepaliveTimeout = TimeAmount.seconds(20)
  /// From the first byte to the notice that no more calls are taken. A sidecar's callers have nowhere
  /// else to go, so it is for gateways that several instances share the load of.
  package var maxAge: TimeAmount?
  /// For the calls that run when the age is reached.
  package var maxAgeGrace = TimeAmount.minutes(1)
  /// The least time between PINGs of a client that gets no answers meanwhile. gRFC A8 lets clients go
  /// down to ten seconds; half of that leaves room for clocks and queues.
  package var leastPingInterval = TimeAmount.seconds(5)

  /// What the requests and unsent answers of one connection may take. A client that has but one
  /// connection, as most have, fills its 256 streams with usual documents in 10 MiB.
  package var memoryBytes = 16_777_216

  package init() {}

  /// Short enough for the shortest wait, two seconds at most.
  var checkInterval: TimeAmount {
    let shortest = min(
      self.handshakeTimeout, self.frameTimeout, self.requestTimeout, self.writeTimeout)
    return min(max(.nanoseconds(shortest.nanoseconds / 4), .milliseconds(20)), .seconds(2))
  }

  /// Looks in which a stream lets nothing pass before it is reset.
  var stalledSweeps: Int {
    max(1, Int(self.writeTimeout.nanoseconds / self.checkInterval.nanoseconds * 2))
  }

  /// Between looks at a connection on which nothing happens: ten thousand of them are then a thousand
  /// looks a second.
  var restInterval: TimeAmount { .nanoseconds(self.checkInterval.nanoseconds * 5) }
}

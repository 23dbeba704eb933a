// SPDX-License-Identifier: Apache-2.0

extension PoolState {
  /// The bounds of one loop's pool.
  package struct Limits: Equatable, Sendable {
    /// Connections open and connecting. Default 50: with two loops, the hundred concurrent calls of
    /// the gateway's default.
    package var maxConnections: Int = 50
    /// Connections that are kept whether they are used or not, once the pool is warm: a call after a
    /// pause need not wait for a handshake. Zero: none.
    package var warmConnections: Int = 1
    /// Calls that may wait without a connection on its way for them; the next one is refused.
    package var maxWaiting: Int = 200
    /// How long a connection may lie unused that is not one of the warm ones. Shorter than the minute
    /// that servers commonly keep, so that the close is mostly ours and few requests meet one
    /// half-way.
    package var idleTimeout: Duration = .seconds(15)
    /// How long a warm connection may lie unused before a new one takes its place. Below that minute
    /// too.
    package var warmIdleTimeout: Duration = .seconds(45)
    /// How old a connection may be when it is given back, less up to a tenth at random; nil for any
    /// age. It bounds how long calls keep going to an address that DNS no longer gives, and moves
    /// apart what was opened together.
    package var maxAge: Duration? = .seconds(600)
    /// The pause before a warm connection that could not be made, or was not kept for as long, is
    /// tried again; doubled each time, up to the longest, less up to half at random.
    package var firstWarmingPause: Duration = .seconds(1)
    package var longestWarmingPause: Duration = .seconds(60)

    package init() {}
  }

  /// Why a connection was closed; a label for metrics.
  package enum CloseReason: String, CaseIterable, Sendable {
    // Ours.
    case idle
    case age
    /// To make room for a new one.
    case replaced
    case draining
    /// Its request was given up half-way: HTTP/1.1 has no other way to say so.
    case cancelled
    case timeout

    // The upstream's, or the network's.
    /// The upstream said that it would close, or sent what nobody had asked for.
    case notKept = "not_kept"
    /// Closed by the upstream between two requests.
    case peer
    /// It broke within an exchange, or carried what is no response.
    case failed
  }
}

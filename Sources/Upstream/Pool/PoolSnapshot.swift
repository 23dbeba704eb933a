// SPDX-License-Identifier: Apache-2.0

/// What one event loop's pool holds at a moment: for an operator's page, and for nothing that
/// decides.
package struct PoolSnapshot: Equatable, Sendable {
  package enum State: String, CaseIterable, Sendable {
    case connecting
    case idle
    /// With an exchange on.
    case active
  }

  package struct Connection: Equatable, Sendable {
    /// Its place in the pool; another connection's once this one is closed.
    package var slot: Int
    package var state: State
    /// Since it was up; of one that is being made, since it was begun.
    package var ageMilliseconds: Int64
    /// Of one that is idle: since it was given back.
    package var idleMilliseconds: Int64?
    /// Exchanges that were begun on it.
    package var requests: Int
  }

  package struct Waiting: Equatable, Sendable {
    /// Calls that wait for a connection.
    package var calls: Int
    /// How long the first of them has waited; nil if nobody waits.
    package var longestMilliseconds: Int64?
  }

  /// The loop's position in its group.
  package var loop: Int
  package var connections: [Connection]
  package var waiting: Waiting
  package var maxConnections: Int
  package var maxWaiting: Int
  /// Refuses what is new.
  package var isDraining: Bool
}

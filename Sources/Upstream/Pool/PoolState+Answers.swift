// SPDX-License-Identifier: Apache-2.0

extension PoolState {
  /// A connection, or an attempt at one. An id is used once; its slot is used again.
  package struct ConnectionID: Hashable, Sendable {
    /// An index below ``Limits/maxConnections``.
    package let slot: Int
    let generation: UInt64
  }

  /// A call that waits for a connection. Later waiters have higher numbers.
  package struct WaiterID: Hashable, Comparable, Sendable {
    let number: UInt64

    package static func < (left: WaiterID, right: WaiterID) -> Bool { left.number < right.number }
  }

  package enum OnLease: Equatable {
    /// An idle connection, now leased.
    case use(ConnectionID)
    /// The call waits for a connection that is on its way or in use.
    case wait(WaiterID)
    /// The call waits, and a connection is to be made.
    case connect(ConnectionID, WaiterID)
    /// As `connect`, after closing an idle connection that would not do, to make room.
    case replace(close: ConnectionID, connect: ConnectionID, WaiterID)
    case refuse(Refusal)
  }

  package enum Refusal: Equatable, Sendable {
    case queueFull(limit: Int)
    case draining
  }

  package enum OnConnected: Equatable {
    case handTo(WaiterID)
    case park
    /// Nobody wants it any more.
    case close
  }

  package enum OnReleased: Equatable {
    case handTo(WaiterID)
    case park
    /// To be closed, and perhaps a new one is to be made for those who wait.
    case close(CloseReason, thenConnect: ConnectionID?)
    /// The connection is no longer known.
    case ignore
  }

  package enum OnClosed: Equatable {
    /// A new connection is to be made for those who wait.
    case connect(ConnectionID)
    case nothing
  }

  package enum OnCancel: Equatable {
    /// The waiter has left the queue and will not be answered.
    case removed
    /// It was answered before.
    case ignore
  }

  package struct OnDrain: Equatable {
    /// Idle connections to close. Leased ones follow as they are released.
    package var close: [ConnectionID]
  }

  /// What time alone has brought.
  package struct OnTick: Equatable {
    package struct Closing: Equatable {
      package var id: ConnectionID
      package var reason: CloseReason

      package init(_ id: ConnectionID, _ reason: CloseReason) {
        self.id = id
        self.reason = reason
      }
    }

    package var close: [Closing] = []
    /// Connections to make that nobody waits for.
    package var connect: [ConnectionID] = []

    package init(close: [Closing] = [], connect: [ConnectionID] = []) {
      self.close = close
      self.connect = connect
    }
  }
}

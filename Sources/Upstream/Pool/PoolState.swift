// SPDX-License-Identifier: Apache-2.0

import DequeModule

/// Which connection serves whom: the decisions of one event loop's pool, without the loop.
///
/// It knows connections and waiters as numbers and has never heard of a socket. The driver tells it
/// what happened and carries out what it answers.
///
/// ```
///            lease                 connected             leased, handed over
///   (free) ────────► connecting ────────────────► idle ◄───────────────────► leased
///     ▲                  │ connectFailed           │ expired, closed           │ closed,
///     └──────────────────┴─────────────────────────┴───────────────────────────┘ not reusable
/// ```
///
/// Idle connections are used newest first: the warm ones stay warm and the surplus grows old and is
/// closed. Waiters are served oldest first. What must hold after every event:
/// - connecting, idle and leased connections together never exceed ``Limits/maxConnections``;
/// - a connection is held by one lease at a time, and a waiter is answered once;
/// - nobody waits while nothing is connecting and nothing is leased: somebody is always to come.
///
/// Illegal events: an id whose connection is gone is stale news and ignored, as happens when a close
/// crosses a release. Nothing here traps.
package struct PoolState: ~Copyable {
  /// The bounds of one loop's pool.
  package struct Limits: Equatable, Sendable {
    /// Connections open and connecting. Default 50: with two loops, the hundred concurrent calls of
    /// the gateway's default.
    package var maxConnections: Int = 50
    /// Calls that may wait without a connection on its way for them; the next one is refused.
    package var maxWaiting: Int = 200
    /// How long a connection may lie unused. Shorter than the minute that servers commonly keep, so
    /// that the close is mostly ours and few requests meet one half-way.
    package var idleTimeout: Duration = .seconds(15)
    /// How old a connection may be when it is given back; nil for any age. It bounds how long calls
    /// keep going to an address that DNS no longer gives.
    package var maxAge: Duration? = .seconds(600)

    package init() {}
  }

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
    /// Spent, and perhaps a new one is to be made for those who wait.
    case close(thenConnect: ConnectionID?)
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

  private enum Slot {
    case free
    case connecting(ConnectionID)
    case idle(ConnectionID, since: ContinuousClock.Instant, born: ContinuousClock.Instant)
    case leased(ConnectionID, born: ContinuousClock.Instant)
  }

  private struct Waiter {
    var id: WaiterID
    var needsFresh: Bool
  }

  private let limits: Limits
  private var slots: [Slot] = []
  private var freeSlots: [Int] = []
  /// Slots of idle connections; the last is the one parked last.
  private var idle: [Int] = []
  private var waiters: Deque<Waiter> = []
  private var nextNumber: UInt64 = 0
  private var isDraining = false

  package private(set) var leasedCount = 0
  package private(set) var connectingCount = 0
  package var idleCount: Int { self.idle.count }
  package var waitingCount: Int { self.waiters.count }
  package var connectionCount: Int { self.leasedCount + self.connectingCount + self.idle.count }

  /// Draining, and nothing left to finish.
  package var isDrained: Bool {
    self.isDraining && self.connectionCount == 0 && self.waiters.isEmpty
  }

  package init(limits: Limits) {
    self.limits = limits
  }
}

// MARK: - Calls

extension PoolState {
  /// A call wants a connection.
  ///
  /// - Parameter fresh: only a connection that was made just now will do. Asked for when one that
  ///   was used before turned out to be dead: its neighbours are of the same age.
  package mutating func lease(fresh: Bool = false) -> OnLease {
    if self.isDraining {
      return .refuse(.draining)
    }
    if !fresh, let slot = self.idle.popLast(), case .idle(let id, _, let born) = self.slots[slot] {
      self.slots[slot] = .leased(id, born: born)
      self.leasedCount += 1
      return .use(id)
    }
    guard self.hasRoomToWait else {
      return .refuse(.queueFull(limit: self.limits.maxWaiting))
    }
    let waiter = WaiterID(number: self.makeNumber())
    self.waiters.append(Waiter(id: waiter, needsFresh: fresh))
    if let connection = self.connectIfWanted() {
      return .connect(connection, waiter)
    }
    // Only a call that needs a fresh connection can find the pool both full and idle.
    if self.connectingCount < self.waiters.count, let oldest = self.idle.first {
      self.idle.removeFirst()
      let closing = self.vacate(slot: oldest)
      if let closing, let connection = self.connectIfWanted() {
        return .replace(close: closing, connect: connection, waiter)
      }
    }
    return .wait(waiter)
  }

  /// A waiting call's deadline passed, or its caller went away.
  package mutating func cancel(_ waiter: WaiterID) -> OnCancel {
    guard let index = self.waiters.firstIndex(where: { $0.id == waiter }) else {
      return .ignore
    }
    self.waiters.remove(at: index)
    return .removed
  }

  /// A lease ended.
  ///
  /// - Parameter reusable: the exchange ended cleanly and both sides keep the connection open.
  package mutating func released(
    _ id: ConnectionID, reusable: Bool, now: ContinuousClock.Instant
  ) -> OnReleased {
    guard case .leased(id, let born) = self.slot(of: id) else {
      return .ignore
    }
    guard reusable, !self.isTooOld(born: born, now: now) else {
      return self.retire(id)
    }
    if let index = self.waiters.firstIndex(where: { !$0.needsFresh }) {
      return .handTo(self.waiters.remove(at: index).id)
    }
    // Those who still wait need a fresh connection. If none is on its way, this one makes room.
    if self.isDraining || self.connectingCount < self.waiters.count {
      return self.retire(id)
    }
    self.leasedCount -= 1
    self.park(id, since: now, born: born)
    return .park
  }
}

// MARK: - Connections

extension PoolState {
  /// A connection that was asked for is up.
  package mutating func connected(
    _ id: ConnectionID, now: ContinuousClock.Instant
  ) -> OnConnected {
    guard case .connecting(id) = self.slot(of: id) else {
      return .close
    }
    self.connectingCount -= 1
    if let waiter = self.waiters.popFirst() {
      self.leasedCount += 1
      self.slots[id.slot] = .leased(id, born: now)
      return .handTo(waiter.id)
    }
    if self.isDraining {
      self.slots[id.slot] = .free
      self.freeSlots.append(id.slot)
      return .close
    }
    self.park(id, since: now, born: now)
    return .park
  }

  /// A connection that was asked for could not be made.
  ///
  /// Answers the waiters that fail with it: this connection's share of the queue, oldest first. If
  /// it was the only hope, that is everybody; if others are leased or on their way, those will serve
  /// the rest. So each failed attempt costs at least one waiter, and no attempt is repeated unless a
  /// further call asks: an upstream that is down is not hammered.
  package mutating func connectFailed(_ id: ConnectionID) -> [WaiterID] {
    guard case .connecting(id) = self.slot(of: id) else {
      return []
    }
    let hopes = self.connectingCount + self.leasedCount
    let share = (self.waiters.count + hopes - 1) / hopes
    _ = self.vacate(slot: id.slot)
    let failed = self.waiters.prefix(share).map(\.id)
    self.waiters.removeFirst(failed.count)
    return failed
  }

  /// A connection died, idle or leased.
  package mutating func closed(_ id: ConnectionID) -> OnClosed {
    switch self.slot(of: id) {
    case .free, .connecting:
      return .nothing
    case .idle:
      self.idle.removeAll { $0 == id.slot }
      _ = self.vacate(slot: id.slot)
    case .leased:
      _ = self.vacate(slot: id.slot)
    }
    if let connection = self.connectIfWanted() {
      return .connect(connection)
    }
    return .nothing
  }

  /// The instant at which the first idle connection is to be closed; nil when none is idle.
  package var nextExpiry: ContinuousClock.Instant? {
    self.idle.compactMap { self.expiry(ofSlot: $0) }.min()
  }

  /// Closes what has been idle for too long, or is too old. To be asked when ``nextExpiry`` comes.
  package mutating func expire(now: ContinuousClock.Instant) -> [ConnectionID] {
    let expired = self.idle.filter { slot in
      self.expiry(ofSlot: slot).map { $0 <= now } ?? false
    }
    guard !expired.isEmpty else {
      return []
    }
    self.idle.removeAll { expired.contains($0) }
    return expired.compactMap { self.vacate(slot: $0) }
  }

  /// No new leases from now on. Who waits is still served, and leased connections finish.
  package mutating func drain() -> OnDrain {
    self.isDraining = true
    let idle = self.idle
    self.idle = []
    return OnDrain(close: idle.compactMap { self.vacate(slot: $0) })
  }
}

// MARK: - Slots

extension PoolState {
  private func slot(of id: ConnectionID) -> Slot {
    guard self.slots.indices.contains(id.slot) else {
      return .free
    }
    let slot = self.slots[id.slot]
    switch slot {
    case .connecting(id), .idle(id, _, _), .leased(id, _): return slot
    case .free, .connecting, .idle, .leased: return .free
    }
  }

  /// True if the next waiter gets a connection of its own, or a place among those who do not.
  private var hasRoomToWait: Bool {
    self.connectionCount - self.idle.count < self.limits.maxConnections
      || self.waiters.count - self.connectingCount < self.limits.maxWaiting
  }

  private mutating func makeNumber() -> UInt64 {
    self.nextNumber += 1
    return self.nextNumber
  }

  /// Takes a slot for a new connection if there are more waiters than connections on their way.
  private mutating func connectIfWanted() -> ConnectionID? {
    guard
      self.connectingCount < self.waiters.count,
      self.connectionCount < self.limits.maxConnections
    else {
      return nil
    }
    let slot: Int
    if let free = self.freeSlots.popLast() {
      slot = free
    } else {
      slot = self.slots.count
      self.slots.append(.free)
    }
    let id = ConnectionID(slot: slot, generation: self.makeNumber())
    self.slots[slot] = .connecting(id)
    self.connectingCount += 1
    return id
  }

  private mutating func park(
    _ id: ConnectionID, since: ContinuousClock.Instant, born: ContinuousClock.Instant
  ) {
    self.slots[id.slot] = .idle(id, since: since, born: born)
    self.idle.append(id.slot)
  }

  private mutating func retire(_ id: ConnectionID) -> OnReleased {
    _ = self.vacate(slot: id.slot)
    return .close(thenConnect: self.connectIfWanted())
  }

  /// Frees a slot. An idle one is already off the stack.
  private mutating func vacate(slot: Int) -> ConnectionID? {
    let vacated: ConnectionID?
    switch self.slots[slot] {
    case .free:
      return nil
    case .connecting(let id):
      self.connectingCount -= 1
      vacated = id
    case .idle(let id, _, _):
      vacated = id
    case .leased(let id, _):
      self.leasedCount -= 1
      vacated = id
    }
    self.slots[slot] = .free
    self.freeSlots.append(slot)
    return vacated
  }

  private func isTooOld(born: ContinuousClock.Instant, now: ContinuousClock.Instant) -> Bool {
    guard let maxAge = self.limits.maxAge else {
      return false
    }
    return born.advanced(by: maxAge) <= now
  }

  private func expiry(ofSlot slot: Int) -> ContinuousClock.Instant? {
    guard case .idle(_, let since, let born) = self.slots[slot] else {
      return nil
    }
    let unused = since.advanced(by: self.limits.idleTimeout)
    guard let maxAge = self.limits.maxAge else {
      return unused
    }
    return min(unused, born.advanced(by: maxAge))
  }
}

// SPDX-License-Identifier: Apache-2.0

import DequeModule

/// Which connection serves whom: the decisions of one event loop's pool, without the loop.
///
/// It knows connections and waiters as numbers and has never heard of a socket. The driver tells it
/// what happened and carries out what it answers.
///
/// ```
///            lease, warm           connected             leased, handed over
///   (free) ────────► connecting ────────────────► idle ◄───────────────────► leased
///     ▲                  │ connectFailed           │ expired, closed           │ closed,
///     └──────────────────┴─────────────────────────┴───────────────────────────┘ spent
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
  private struct Waiter {
    var id: WaiterID
    var needsFresh: Bool
  }

  package let limits: Limits
  private var slots: ConnectionSlots
  private var waiters: Deque<Waiter> = []
  private var lastWaiter: UInt64 = 0
  package private(set) var isDraining = false
  private var warming = Warming()

  /// What is known of the connections that are made for nobody.
  private struct Warming {
    var isOn = false
    /// Connections in a row that could not be made or were not kept, and until when none is made
    /// without need.
    var failures = 0
    var pausedUntil: ContinuousClock.Instant?
  }

  package var leasedCount: Int { self.slots.leasedCount }
  package var connectingCount: Int { self.slots.connectingCount }
  package var idleCount: Int { self.slots.idle.count }
  package var waitingCount: Int { self.waiters.count }
  package var connectionCount: Int { self.slots.count }

  /// What a slot's connection is doing.
  package struct Occupied: Equatable {
    package var number: Int
    package var state: PoolSnapshot.State
    package var idleSince: ContinuousClock.Instant?
  }

  /// The slots that hold a connection, or one that is being made.
  package var occupied: [Occupied] {
    self.slots.indices.compactMap { number in
      switch self.slots[number] {
      case .free: nil
      case .connecting: Occupied(number: number, state: .connecting)
      case .idle(_, let since, _): Occupied(number: number, state: .idle, idleSince: since)
      case .leased: Occupied(number: number, state: .active)
      }
    }
  }

  /// Draining, and nothing left to finish. A connection on its way that nobody waits for is nothing:
  /// when it comes up it is closed.
  package var isDrained: Bool {
    self.isDraining && self.connectionCount == self.connectingCount && self.waiters.isEmpty
  }

  package init(limits: Limits) {
    self.limits = limits
    self.slots = ConnectionSlots(capacity: limits.maxConnections)
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
    if !fresh, let id = self.slots.leaseNewest() {
      return .use(id)
    }
    // Room is a connection of its own, or a place among those who wait without.
    guard !self.slots.isBusy || self.waiters.count - self.connectingCount < self.limits.maxWaiting
    else {
      return .refuse(.queueFull(limit: self.limits.maxWaiting))
    }
    self.lastWaiter += 1
    let waiter = WaiterID(number: self.lastWaiter)
    self.waiters.append(Waiter(id: waiter, needsFresh: fresh))
    if let connection = self.connectIfWanted() {
      return .connect(connection, waiter)
    }
    // Only a call that needs a fresh connection can find the pool both full and idle.
    if self.connectingCount < self.waiters.count, let oldest = self.slots.oldestIdle {
      self.slots.vacate(oldest)
      if let connection = self.connectIfWanted() {
        return .replace(close: oldest, connect: connection, waiter)
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
  /// - Parameter spent: why the connection can serve no other call; nil if it can: the exchange ended
  ///   cleanly and both sides keep it open.
  package mutating func released(
    _ id: ConnectionID, spent: CloseReason?, now: ContinuousClock.Instant
  ) -> OnReleased {
    guard case .leased(id, let retire) = self.slots.slot(of: id) else {
      return .ignore
    }
    if let spent {
      return self.retire(id, spent)
    }
    // An upstream that carries calls is no longer down.
    self.warming.failures = 0
    if let retire, retire <= now {
      return self.retire(id, .age)
    }
    // Others may be served past one that needs a fresh connection, but not for ever: once it is the
    // oldest and none is on its way, this one makes room.
    if self.waiters.first?.needsFresh == true, self.connectingCount == 0 {
      return self.retire(id, .replaced)
    }
    if let index = self.waiters.firstIndex(where: { !$0.needsFresh }) {
      return .handTo(self.waiters.remove(at: index).id)
    }
    if self.isDraining {
      return self.retire(id, .draining)
    }
    // Those who still wait need a fresh connection. If none is on its way, this one makes room.
    if self.connectingCount < self.waiters.count {
      return self.retire(id, .replaced)
    }
    self.slots.park(id, since: now, retire: retire)
    return .park
  }

  private mutating func retire(_ id: ConnectionID, _ reason: CloseReason) -> OnReleased {
    self.slots.vacate(id)
    return .close(reason, thenConnect: self.connectIfWanted())
  }

  /// Takes a slot for a new connection if there are more waiters than connections on their way.
  private mutating func connectIfWanted() -> ConnectionID? {
    self.connectingCount < self.waiters.count ? self.slots.connect() : nil
  }
}

// MARK: - Connections

extension PoolState {
  /// A connection that was asked for is up.
  ///
  /// - Parameter jitter: at random from 0 to 1, for its greatest age.
  package mutating func connected(
    _ id: ConnectionID, now: ContinuousClock.Instant, jitter: Double
  ) -> OnConnected {
    guard case .connecting = self.slots.slot(of: id) else {
      return .close
    }
    let retire = self.limits.maxAge.map { now.advanced(by: $0 * (1 - jitter / 10)) }
    if let waiter = self.waiters.popFirst() {
      self.slots.lease(id, retire: retire)
      return .handTo(waiter.id)
    }
    if self.isDraining {
      self.slots.vacate(id)
      return .close
    }
    self.slots.park(id, since: now, retire: retire)
    return .park
  }

  /// A connection that was asked for could not be made.
  ///
  /// Answers the waiters that fail with it: this connection's share of the queue, oldest first. If
  /// it was the only hope, that is everybody; if others are leased or on their way, those will serve
  /// the rest. So each failed attempt costs at least one waiter, and no attempt is repeated unless a
  /// further call asks, or a pause is over that grows with each failure: an upstream that is down is
  /// not hammered.
  ///
  /// - Parameter jitter: at random from 0 to 1, for the pause.
  package mutating func connectFailed(
    _ id: ConnectionID, now: ContinuousClock.Instant, jitter: Double
  ) -> [WaiterID] {
    guard case .connecting = self.slots.slot(of: id) else {
      return []
    }
    self.pauseWarming(now: now, jitter: jitter)
    let hopes = self.connectingCount + self.leasedCount
    let share = (self.waiters.count + hopes - 1) / hopes
    self.slots.vacate(id)
    let failed = self.waiters.prefix(share).map(\.id)
    self.waiters.removeFirst(failed.count)
    return failed
  }

  /// A connection died, idle or leased.
  ///
  /// One that was not even kept for as long as the next pause is as good as one that could not be
  /// made: an upstream that takes connections and drops them is not hammered either.
  ///
  /// - Parameter jitter: at random from 0 to 1, for the pause.
  package mutating func closed(
    _ id: ConnectionID, now: ContinuousClock.Instant, jitter: Double
  ) -> OnClosed {
    switch self.slots.slot(of: id) {
    case .free, .connecting: return .nothing
    case .leased: self.slots.vacate(id)
    case .idle(_, let since, _):
      self.slots.vacate(id)
      if since.duration(to: now) < self.warmingPause {
        self.pauseWarming(now: now, jitter: jitter)
      } else {
        self.warming.failures = 0
      }
    }
    return self.connectIfWanted().map { .connect($0) } ?? .nothing
  }

  /// No new leases from now on. Who waits is still served, and leased connections finish.
  package mutating func drain() -> OnDrain {
    self.isDraining = true
    var close: [ConnectionID] = []
    while let oldest = self.slots.oldestIdle {
      self.slots.vacate(oldest)
      close.append(oldest)
    }
    return OnDrain(close: close)
  }
}

// MARK: - Time

extension PoolState {
  /// From now on ``Limits/warmConnections`` are kept. The first of them are made at the next tick.
  package mutating func warm() {
    self.warming.isOn = true
  }

  /// When ``tick(now:)`` is to come next; nil if time alone will change nothing.
  package func nextDue(now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
    var due: ContinuousClock.Instant?
    func note(_ instant: ContinuousClock.Instant?) {
      guard let instant else { return }
      due = due.map { min($0, instant) } ?? instant
    }
    for slot in self.slots.idle {
      guard case .idle(_, let since, let retire) = self.slots[slot] else { continue }
      note(retire)
      note(since.advanced(by: self.idleTimeout(isSurplus: self.connectionCount > self.floor)))
    }
    if self.connectionCount < self.floor { note(self.warming.pausedUntil ?? now) }
    return due
  }

  /// Closes what has been idle for too long or is too old, and makes what the floor lacks.
  package mutating func tick(now: ContinuousClock.Instant) -> OnTick {
    var answer = OnTick()
    // Oldest first, so that of the surplus those stay that were used last.
    for slot in self.slots.idle {
      guard case .idle(let id, let since, let retire) = self.slots[slot] else { continue }
      let isSurplus = self.connectionCount > self.floor
      if let retire, retire <= now {
        answer.close.append(.init(id, .age))
        self.slots.vacate(id)
      } else if since.advanced(by: self.idleTimeout(isSurplus: isSurplus)) <= now {
        answer.close.append(.init(id, .idle))
        self.slots.vacate(id)
      }
    }
    if let pausedUntil = self.warming.pausedUntil, now < pausedUntil { return answer }
    while self.connectionCount < self.floor, let id = self.slots.connect() {
      answer.connect.append(id)
    }
    return answer
  }

  /// Connections below which new ones are made for nobody.
  private var floor: Int {
    self.warming.isOn && !self.isDraining
      ? min(self.limits.warmConnections, self.limits.maxConnections) : 0
  }

  /// No connection is closed for being idle earlier than this after it was parked.
  package var leastIdleTimeout: Duration { self.limits.idleTimeout }

  private func idleTimeout(isSurplus: Bool) -> Duration {
    isSurplus
      ? self.limits.idleTimeout : max(self.limits.idleTimeout, self.limits.warmIdleTimeout)
  }

  /// The pause after one more failure, the longest that it may be.
  private var warmingPause: Duration {
    var pause = self.limits.firstWarmingPause
    for _ in 0..<min(self.warming.failures, 32) where pause < self.limits.longestWarmingPause {
      pause *= 2
    }
    return min(pause, self.limits.longestWarmingPause)
  }

  private mutating func pauseWarming(now: ContinuousClock.Instant, jitter: Double) {
    self.warming.pausedUntil = now.advanced(by: self.warmingPause * (1 - jitter / 2))
    self.warming.failures += 1
  }
}

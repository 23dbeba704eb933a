// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Upstream

/// Instants of a clock that stands until the test moves it.
private let start = ContinuousClock.now

private func after(_ seconds: Int) -> ContinuousClock.Instant {
  start.advanced(by: .seconds(seconds))
}

private func makeLimits(
  connections: Int = 2, waiting: Int = 2, idle: Int = 10, age: Int? = nil
) -> PoolState.Limits {
  var limits = PoolState.Limits()
  limits.maxConnections = connections
  limits.maxWaiting = waiting
  limits.idleTimeout = .seconds(idle)
  limits.maxAge = age.map { .seconds($0) }
  return limits
}

/// What a lease that has to wait answers.
private func connecting(
  _ answer: PoolState.OnLease
) throws -> (PoolState.ConnectionID, PoolState.WaiterID) {
  guard case .connect(let connection, let waiter) = answer else {
    throw Unexpected(answer: "\(answer)")
  }
  return (connection, waiter)
}

private func waiting(_ answer: PoolState.OnLease) throws -> PoolState.WaiterID {
  guard case .wait(let waiter) = answer else {
    throw Unexpected(answer: "\(answer)")
  }
  return waiter
}

private struct Unexpected: Error {
  var answer: String
}

@Suite struct PoolStateTests {
  @Test func `the first call connects, and the connection goes to the one who waits`() throws {
    var pool = PoolState(limits: makeLimits())
    let (connection, waiter) = try connecting(pool.lease())
    #expect(pool.connectingCount == 1 && pool.waitingCount == 1)
    #expect(pool.connected(connection, now: start, jitter: 0) == .handTo(waiter))
    #expect(pool.leasedCount == 1 && pool.waitingCount == 0)
    // Asked once more, it is old news.
    #expect(pool.connected(connection, now: start, jitter: 0) == .close)
    #expect(pool.leasedCount == 1)
  }

  @Test func `a released connection is parked and used again`() throws {
    var pool = PoolState(limits: makeLimits())
    let (connection, _) = try connecting(pool.lease())
    _ = pool.connected(connection, now: start, jitter: 0)
    #expect(pool.released(connection, spent: nil, now: after(1)) == .park)
    #expect(pool.idleCount == 1)
    #expect(pool.released(connection, spent: nil, now: after(1)) == .ignore)
    #expect(pool.lease() == .use(connection))
    #expect(pool.idleCount == 0 && pool.leasedCount == 1)
  }

  @Test func `the connection parked last is used first`() throws {
    var pool = PoolState(limits: makeLimits(connections: 3))
    let (first, _) = try connecting(pool.lease())
    let (second, _) = try connecting(pool.lease())
    _ = pool.connected(first, now: start, jitter: 0)
    _ = pool.connected(second, now: start, jitter: 0)
    #expect(pool.released(second, spent: nil, now: after(1)) == .park)
    #expect(pool.released(first, spent: nil, now: after(2)) == .park)
    #expect(pool.lease() == .use(first))
    #expect(pool.lease() == .use(second))
  }

  @Test func `waiters are served in the order in which they came`() throws {
    var pool = PoolState(limits: makeLimits(connections: 1))
    let (connection, first) = try connecting(pool.lease())
    let second = try waiting(pool.lease())
    let third = try waiting(pool.lease())
    #expect(pool.connected(connection, now: start, jitter: 0) == .handTo(first))
    #expect(pool.released(connection, spent: nil, now: start) == .handTo(second))
    #expect(pool.released(connection, spent: nil, now: start) == .handTo(third))
    #expect(pool.released(connection, spent: nil, now: start) == .park)
  }

  @Test func `the queue is bounded`() throws {
    var pool = PoolState(limits: makeLimits(connections: 1, waiting: 1))
    _ = try connecting(pool.lease())
    let second = try waiting(pool.lease())
    #expect(pool.lease() == .refuse(.queueFull(limit: 1)))
    #expect(pool.lease() == .refuse(.queueFull(limit: 1)))
    // A place that becomes free can be taken.
    #expect(pool.cancel(second) == .removed)
    _ = try waiting(pool.lease())
  }

  @Test func `without a queue each call may still wait for a connection of its own`() throws {
    var pool = PoolState(limits: makeLimits(connections: 2, waiting: 0))
    _ = try connecting(pool.lease())
    _ = try connecting(pool.lease())
    #expect(pool.lease() == .refuse(.queueFull(limit: 0)))
  }

  @Test func `a cancelled waiter never receives a connection`() throws {
    var pool = PoolState(limits: makeLimits())
    let (connection, waiter) = try connecting(pool.lease())
    #expect(pool.cancel(waiter) == .removed)
    #expect(pool.cancel(waiter) == .ignore)
    #expect(pool.connected(connection, now: start, jitter: 0) == .park)
    #expect(pool.lease() == .use(connection))
  }

  @Test func `a connection on its way that nobody waits for serves the next call`() throws {
    var pool = PoolState(limits: makeLimits())
    let (connection, gone) = try connecting(pool.lease())
    #expect(pool.cancel(gone) == .removed)
    let waiter = try waiting(pool.lease())
    #expect(pool.connected(connection, now: start, jitter: 0) == .handTo(waiter))
  }

  @Test func `a spent connection is closed and replaced for those who wait`() throws {
    var pool = PoolState(limits: makeLimits(connections: 1))
    let (connection, _) = try connecting(pool.lease())
    _ = pool.connected(connection, now: start, jitter: 0)
    let waiter = try waiting(pool.lease())
    guard
      case .close(.failed, thenConnect: let next?) = pool.released(
        connection, spent: .failed, now: start)
    else {
      Issue.record("the waiter is left alone")
      return
    }
    #expect(next != connection)
    #expect(pool.closed(connection, now: start, jitter: 0) == .nothing)
    #expect(pool.connected(next, now: start, jitter: 0) == .handTo(waiter))
    #expect(pool.released(next, spent: .failed, now: start) == .close(.failed, thenConnect: nil))
    #expect(pool.connectionCount == 0)
  }

  @Test func `a connection that dies idle is never handed out`() throws {
    var pool = PoolState(limits: makeLimits())
    let (connection, _) = try connecting(pool.lease())
    _ = pool.connected(connection, now: start, jitter: 0)
    _ = pool.released(connection, spent: nil, now: start)
    #expect(pool.closed(connection, now: start, jitter: 0) == .nothing)
    #expect(pool.closed(connection, now: start, jitter: 0) == .nothing)
    let (next, _) = try connecting(pool.lease())
    #expect(next != connection)
    // The slot is used again; news of its former holder is stale.
    #expect(next.slot == connection.slot)
    #expect(pool.closed(connection, now: start, jitter: 0) == .nothing)
    #expect(pool.connectingCount == 1)
  }

  @Test func `a leased connection that dies is replaced for those who wait`() throws {
    var pool = PoolState(limits: makeLimits(connections: 1))
    let (connection, _) = try connecting(pool.lease())
    _ = pool.connected(connection, now: start, jitter: 0)
    let waiter = try waiting(pool.lease())
    guard case .connect(let next) = pool.closed(connection, now: start, jitter: 0) else {
      Issue.record("the waiter is left alone")
      return
    }
    #expect(pool.released(connection, spent: nil, now: start) == .ignore)
    #expect(pool.connected(next, now: start, jitter: 0) == .handTo(waiter))
  }
}

@Suite struct PoolStateConnectFailureTests {
  @Test func `the only connect that fails takes everybody with it`() throws {
    var pool = PoolState(limits: makeLimits(connections: 1, waiting: 5))
    let (connection, first) = try connecting(pool.lease())
    let second = try waiting(pool.lease())
    #expect(pool.connectFailed(connection, now: start, jitter: 0) == [first, second])
    #expect(pool.connectFailed(connection, now: start, jitter: 0) == [])
    #expect(pool.waitingCount == 0 && pool.connectionCount == 0)
    // The next call tries again: a failure is an event, not a state.
    _ = try connecting(pool.lease())
  }

  @Test func `each connect that fails takes its share, oldest first`() throws {
    var pool = PoolState(limits: makeLimits(connections: 2, waiting: 5))
    let (one, first) = try connecting(pool.lease())
    let (two, second) = try connecting(pool.lease())
    let third = try waiting(pool.lease())
    #expect(pool.connectFailed(two, now: start, jitter: 0) == [first, second])
    #expect(pool.connectFailed(one, now: start, jitter: 0) == [third])
  }

  @Test func `who can be served by a connection in use goes on waiting`() throws {
    var pool = PoolState(limits: makeLimits(connections: 2, waiting: 5))
    let (one, _) = try connecting(pool.lease())
    _ = pool.connected(one, now: start, jitter: 0)
    let (two, second) = try connecting(pool.lease())
    let third = try waiting(pool.lease())
    #expect(pool.connectFailed(two, now: start, jitter: 0) == [second])
    #expect(pool.released(one, spent: nil, now: start) == .handTo(third))
  }
}

@Suite struct PoolStateAgeTests {
  @Test func `idle connections are closed when their time is up, not before`() throws {
    var pool = PoolState(limits: makeLimits(connections: 2, idle: 10))
    let (one, _) = try connecting(pool.lease())
    let (two, _) = try connecting(pool.lease())
    _ = pool.connected(one, now: start, jitter: 0)
    _ = pool.connected(two, now: start, jitter: 0)
    #expect(pool.nextDue(now: start) == nil)
    _ = pool.released(one, spent: nil, now: after(1))
    _ = pool.released(two, spent: nil, now: after(2))
    #expect(pool.nextDue(now: after(2)) == after(11))
    #expect(pool.tick(now: after(10)) == .init())
    #expect(pool.tick(now: after(11)) == .init(close: [.init(one, .idle)]))
    #expect(pool.tick(now: after(11)) == .init())
    #expect(pool.nextDue(now: after(11)) == after(12))
    #expect(pool.lease() == .use(two))
    #expect(pool.tick(now: after(100)) == .init())
  }

  @Test func `an old connection is closed when it is given back`() throws {
    var pool = PoolState(limits: makeLimits(idle: 10, age: 60))
    let (connection, _) = try connecting(pool.lease())
    _ = pool.connected(connection, now: start, jitter: 0)
    #expect(pool.released(connection, spent: nil, now: after(59)) == .park)
    #expect(pool.nextDue(now: after(59)) == after(60))
    #expect(pool.tick(now: after(59)) == .init())
    #expect(pool.lease() == .use(connection))
    #expect(
      pool.released(connection, spent: nil, now: after(60)) == .close(.age, thenConnect: nil))
  }
}

@Suite struct PoolStateFreshTests {
  @Test func `a call that needs a fresh connection passes by the idle ones`() throws {
    var pool = PoolState(limits: makeLimits(connections: 2))
    let (old, _) = try connecting(pool.lease())
    _ = pool.connected(old, now: start, jitter: 0)
    _ = pool.released(old, spent: nil, now: start)
    let (fresh, waiter) = try connecting(pool.lease(fresh: true))
    #expect(pool.lease() == .use(old))
    #expect(pool.released(old, spent: nil, now: start) == .park)
    #expect(pool.connected(fresh, now: start, jitter: 0) == .handTo(waiter))
  }

  @Test func `in a full pool it takes the place of the connection idle longest`() throws {
    var pool = PoolState(limits: makeLimits(connections: 2))
    let (one, _) = try connecting(pool.lease())
    let (two, _) = try connecting(pool.lease())
    _ = pool.connected(one, now: start, jitter: 0)
    _ = pool.connected(two, now: start, jitter: 0)
    _ = pool.released(two, spent: nil, now: start)
    _ = pool.released(one, spent: nil, now: start)
    guard case .replace(close: two, connect: let fresh, let waiter) = pool.lease(fresh: true)
    else {
      Issue.record("no room was made")
      return
    }
    #expect(pool.idleCount == 1 && pool.connectionCount == 2)
    #expect(pool.connected(fresh, now: start, jitter: 0) == .handTo(waiter))
  }

  @Test func `in a busy pool a connection that is given back makes room for it`() throws {
    var pool = PoolState(limits: makeLimits(connections: 1))
    let (old, _) = try connecting(pool.lease())
    _ = pool.connected(old, now: start, jitter: 0)
    let waiter = try waiting(pool.lease(fresh: true))
    guard
      case .close(.replaced, thenConnect: let fresh?) = pool.released(old, spent: nil, now: start)
    else {
      Issue.record("no room was made")
      return
    }
    #expect(pool.connected(fresh, now: start, jitter: 0) == .handTo(waiter))
  }

  @Test func `others are served past it only while its own connection is on its way`() throws {
    var pool = PoolState(limits: makeLimits(connections: 2))
    let (one, _) = try connecting(pool.lease())
    let (two, _) = try connecting(pool.lease())
    for id in [one, two] { _ = pool.connected(id, now: start, jitter: 0) }
    let picky = try waiting(pool.lease(fresh: true))
    let plain = try waiting(pool.lease())
    guard
      case .close(.replaced, thenConnect: let fresh?) = pool.released(one, spent: nil, now: start)
    else {
      Issue.record("the oldest waits in vain")
      return
    }
    #expect(pool.released(two, spent: nil, now: start) == .handTo(plain))
    #expect(pool.connected(fresh, now: start, jitter: 0) == .handTo(picky))
  }
}

@Suite struct PoolStateDrainTests {
  @Test func `draining closes what is idle, serves who waits and takes nobody new`() throws {
    var pool = PoolState(limits: makeLimits(connections: 2))
    let (one, _) = try connecting(pool.lease())
    let (two, _) = try connecting(pool.lease())
    _ = pool.connected(one, now: start, jitter: 0)
    _ = pool.connected(two, now: start, jitter: 0)
    let waiter = try waiting(pool.lease())
    #expect(pool.released(one, spent: nil, now: start) == .handTo(waiter))
    #expect(pool.released(two, spent: nil, now: start) == .park)
    #expect(pool.drain() == PoolState.OnDrain(close: [two]))
    #expect(pool.drain() == PoolState.OnDrain(close: []))
    #expect(pool.lease() == .refuse(.draining))
    #expect(pool.isDrained == false)
    #expect(pool.released(one, spent: nil, now: start) == .close(.draining, thenConnect: nil))
    #expect(pool.isDrained == true)
  }

  @Test func `a connection that comes up while draining serves who waits, else is closed`() throws {
    var pool = PoolState(limits: makeLimits(connections: 2))
    let (one, first) = try connecting(pool.lease())
    let (two, second) = try connecting(pool.lease())
    _ = pool.drain()
    #expect(pool.cancel(second) == .removed)
    #expect(pool.connected(two, now: start, jitter: 0) == .handTo(first))
    #expect(pool.connected(one, now: start, jitter: 0) == .close)
    #expect(pool.isDrained == false)
    #expect(pool.closed(two, now: start, jitter: 0) == .nothing)
    #expect(pool.isDrained == true)
  }
}

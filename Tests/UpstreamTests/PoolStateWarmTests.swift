// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Upstream

private let start = ContinuousClock.now

private func after(_ seconds: Double) -> ContinuousClock.Instant {
  start.advanced(by: .seconds(seconds))
}

private func makeLimits(
  warm: Int = 2, connections: Int = 4, age: Double? = nil
) -> PoolState.Limits {
  var limits = PoolState.Limits()
  limits.warmConnections = warm
  limits.maxConnections = connections
  limits.idleTimeout = .seconds(10)
  limits.warmIdleTimeout = .seconds(40)
  limits.maxAge = age.map { .seconds($0) }
  limits.firstWarmingPause = .seconds(1)
  limits.longestWarmingPause = .seconds(5)
  return limits
}

extension PoolState {
  /// Makes all warm connections at a time, and answers them in their order.
  fileprivate mutating func makeWarm(at now: ContinuousClock.Instant) -> [ConnectionID] {
    self.warm()
    let made = self.tick(now: now).connect
    for id in made { _ = self.connected(id, now: now, jitter: 0) }
    return made
  }
}

@Suite struct PoolStateWarmTests {
  @Test func `nothing is made for nobody before the pool is told to be warm`() {
    var pool = PoolState(limits: makeLimits())
    #expect(pool.nextDue(now: start) == nil)
    #expect(pool.tick(now: start) == .init())
    pool.warm()
    #expect(pool.nextDue(now: start) == start)
    let made = pool.tick(now: start)
    #expect(made.close.isEmpty && made.connect.count == 2)
    #expect(pool.nextDue(now: start) == nil)
    #expect(pool.tick(now: start) == .init())
    for id in made.connect { #expect(pool.connected(id, now: start, jitter: 0) == .park) }
    #expect(pool.lease() == made.connect.last.map { .use($0) })
  }

  @Test func `a call takes a connection that was made for nobody`() throws {
    var pool = PoolState(limits: makeLimits(warm: 1))
    pool.warm()
    let id = try #require(pool.tick(now: start).connect.first)
    guard case .wait(let waiter) = pool.lease() else {
      Issue.record("one is on its way already")
      return
    }
    #expect(pool.connected(id, now: start, jitter: 0) == .handTo(waiter))
  }

  @Test func `the floor outlives the surplus, and is renewed in its own time`() {
    var pool = PoolState(limits: makeLimits(warm: 1))
    let warm = pool.makeWarm(at: start)
    guard case .use = pool.lease(), case .connect(let extra, _) = pool.lease() else {
      Issue.record("two calls, two connections")
      return
    }
    _ = pool.connected(extra, now: start, jitter: 0)
    _ = pool.released(warm[0], spent: nil, now: after(1))
    _ = pool.released(extra, spent: nil, now: after(2))
    // The one used last stays.
    #expect(pool.nextDue(now: after(2)) == after(11))
    #expect(pool.tick(now: after(11)) == .init(close: [.init(warm[0], .idle)]))
    #expect(pool.nextDue(now: after(11)) == after(42))
    #expect(pool.tick(now: after(41.9)) == .init())
    let renewed = pool.tick(now: after(42))
    #expect(renewed.close == [.init(extra, .idle)] && renewed.connect.count == 1)
    #expect(pool.connectionCount == 1)
  }

  @Test func `a warm connection that dies is replaced`() {
    var pool = PoolState(limits: makeLimits())
    let warm = pool.makeWarm(at: start)
    #expect(pool.closed(warm[0], now: after(1), jitter: 0) == .nothing)
    #expect(pool.nextDue(now: after(1)) == after(1))
    #expect(pool.tick(now: after(1)).connect.count == 1)
    #expect(pool.tick(now: after(1)) == .init())
  }

  @Test func `connections in use count as warm`() {
    var pool = PoolState(limits: makeLimits(warm: 1))
    _ = pool.makeWarm(at: start)
    guard case .use(let id) = pool.lease() else {
      Issue.record("it is there")
      return
    }
    #expect(pool.nextDue(now: start) == nil)
    #expect(pool.released(id, spent: .failed, now: after(1)) == .close(.failed, thenConnect: nil))
    #expect(pool.tick(now: after(1)).connect.count == 1)
  }

  @Test func `an upstream that is down is tried with growing pauses`() throws {
    var pool = PoolState(limits: makeLimits(warm: 1))
    pool.warm()
    var now = start
    for seconds in [1.0, 2, 4, 5, 5] {
      let id = try #require(pool.tick(now: now).connect.first)
      #expect(pool.connectFailed(id, now: now, jitter: 0) == [])
      let due = now.advanced(by: .seconds(seconds))
      #expect(pool.nextDue(now: now) == due)
      #expect(pool.tick(now: due.advanced(by: .nanoseconds(-1))) == .init())
      now = due
    }
    let id = try #require(pool.tick(now: now).connect.first)
    #expect(pool.connected(id, now: now, jitter: 0) == .park)
    // One that was kept ends the row.
    now = now.advanced(by: .seconds(5))
    #expect(pool.closed(id, now: now, jitter: 0) == .nothing)
    let next = try #require(pool.tick(now: now).connect.first)
    _ = pool.connectFailed(next, now: now, jitter: 1)
    #expect(pool.nextDue(now: now) == now.advanced(by: .milliseconds(500)))
  }

  @Test func `an upstream that takes connections and drops them is tried as slowly`() throws {
    var pool = PoolState(limits: makeLimits(warm: 2))
    var now = start
    var made = pool.makeWarm(at: now)
    for seconds in [2.0, 5, 5] {
      // The second one comes and goes too: that the first one was made changes nothing.
      for id in made { #expect(pool.closed(id, now: now, jitter: 0) == .nothing) }
      let due = now.advanced(by: .seconds(seconds))
      #expect(pool.nextDue(now: now) == due)
      now = due
      made = pool.tick(now: now).connect
      #expect(made.count == 2)
      #expect(pool.connected(made[0], now: now, jitter: 0) == .park)
      #expect(pool.closed(made[0], now: now, jitter: 0) == .nothing)
      #expect(pool.connected(made[1], now: now, jitter: 0) == .park)
      #expect(pool.tick(now: now) == .init())
    }
  }

  @Test func `a call that was answered ends the row`() throws {
    var pool = PoolState(limits: makeLimits(warm: 1))
    pool.warm()
    for now in [start, after(1), after(3)] {
      let id = try #require(pool.tick(now: now).connect.first)
      _ = pool.connectFailed(id, now: now, jitter: 0)
    }
    guard case .connect(let id, _) = pool.lease() else {
      Issue.record("the call has to wait")
      return
    }
    _ = pool.connected(id, now: after(4), jitter: 0)
    #expect(pool.released(id, spent: nil, now: after(4)) == .park)
    #expect(pool.closed(id, now: after(4), jitter: 0) == .nothing)
    #expect(pool.nextDue(now: after(4)) == after(5))
  }

  @Test func `a call does not wait for the pause`() {
    var pool = PoolState(limits: makeLimits(warm: 1))
    pool.warm()
    for id in pool.tick(now: start).connect {
      _ = pool.connectFailed(id, now: start, jitter: 0)
    }
    guard case .connect(let id, let waiter) = pool.lease() else {
      Issue.record("the call has to wait")
      return
    }
    #expect(pool.connected(id, now: start, jitter: 0) == .handTo(waiter))
    #expect(pool.nextDue(now: start) == nil)
  }

  @Test func `connections made together grow old apart`() {
    var pool = PoolState(limits: makeLimits(warm: 2, age: 30))
    pool.warm()
    let made = pool.tick(now: start).connect
    #expect(pool.connected(made[0], now: start, jitter: 0) == .park)
    #expect(pool.connected(made[1], now: start, jitter: 1) == .park)
    #expect(pool.nextDue(now: start) == after(27))
    let young = pool.tick(now: after(27))
    #expect(young.close == [.init(made[1], .age)] && young.connect.count == 1)
    #expect(pool.tick(now: after(30)).close == [.init(made[0], .age)])
  }

  @Test func `the floor is no higher than the pool`() {
    var pool = PoolState(limits: makeLimits(warm: 9, connections: 3))
    #expect(pool.makeWarm(at: start).count == 3)
    #expect(pool.tick(now: start) == .init())
  }

  @Test func `draining ends the warmth`() {
    var pool = PoolState(limits: makeLimits())
    let warm = pool.makeWarm(at: start)
    #expect(pool.drain().close == warm)
    #expect(pool.isDrained == true)
    #expect(pool.nextDue(now: after(100)) == nil)
    #expect(pool.tick(now: after(100)) == .init())
  }
}

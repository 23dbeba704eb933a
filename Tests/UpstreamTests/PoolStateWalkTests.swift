// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Upstream

/// A small generator, so that a walk that fails can be walked again.
struct SplitMix: RandomNumberGenerator {
  var seed: UInt64

  mutating func next() -> UInt64 {
    self.seed &+= 0x9E37_79B9_7F4A_7C15
    var word = self.seed
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }
}

/// Drives a pool as a driver would and keeps its own books of who holds what.
private final class Walk {
  let limits: PoolState.Limits
  var pool: PoolState
  var random: SplitMix
  var now = ContinuousClock.now

  var connecting: Set<PoolState.ConnectionID> = []
  var idle: Set<PoolState.ConnectionID> = []
  var leased: Set<PoolState.ConnectionID> = []
  var dead: Set<PoolState.ConnectionID> = []
  /// Waiting calls, and whether each needs a fresh connection.
  var waiting: [PoolState.WaiterID: Bool] = [:]
  var answered: Set<PoolState.WaiterID> = []
  var draining = false
  var warming = false

  init(seed: UInt64) {
    self.random = SplitMix(seed: seed)
    var limits = PoolState.Limits()
    limits.maxConnections = Int.random(in: 1...4, using: &self.random)
    limits.maxWaiting = Int.random(in: 0...5, using: &self.random)
    limits.idleTimeout = .seconds(5)
    limits.warmConnections = Int.random(in: 0...5, using: &self.random)
    limits.warmIdleTimeout = .seconds(Int.random(in: 0...10, using: &self.random))
    limits.maxAge = Bool.random(using: &self.random) ? .seconds(20) : nil
    self.limits = limits
    self.pool = PoolState(limits: limits)
  }

  func step() {
    self.now += .milliseconds(Int.random(in: 0...2000, using: &self.random))
    switch Int.random(in: 0..<100, using: &self.random) {
    case 0..<30: self.lease(fresh: false)
    case 30..<35: self.lease(fresh: true)
    case 35..<50: self.connect()
    case 50..<57: self.failToConnect()
    case 57..<80: self.release()
    case 80..<86: self.die()
    case 86..<92: self.cancel()
    case 92..<98: self.tick()
    case 98..<99: self.warm()
    default: if self.random.next() % 20 == 0 { self.drain() }
    }
    self.check()
  }

  func lease(fresh: Bool) {
    switch self.pool.lease(fresh: fresh) {
    case .use(let id):
      #expect(!fresh && !self.draining)
      #expect(self.idle.remove(id) != nil)
      self.leased.insert(id)
    case .wait(let waiter):
      self.enqueue(waiter, fresh)
    case .connect(let id, let waiter):
      self.enqueue(waiter, fresh)
      self.startConnecting(id)
    case .replace(let old, let id, let waiter):
      #expect(fresh && self.idle.remove(old) != nil)
      self.dead.insert(old)
      self.enqueue(waiter, fresh)
      self.startConnecting(id)
    case .refuse(.draining):
      #expect(self.draining)
    case .refuse(.queueFull(let limit)):
      #expect(self.waiting.count >= limit)
      #expect(self.connecting.count + self.leased.count == self.limits.maxConnections)
    }
  }

  func enqueue(_ waiter: PoolState.WaiterID, _ fresh: Bool) {
    #expect(!self.draining && !self.answered.contains(waiter))
    #expect(self.waiting.updateValue(fresh, forKey: waiter) == nil)
  }

  func startConnecting(_ id: PoolState.ConnectionID) {
    #expect(!self.dead.contains(id))
    #expect(self.connecting.insert(id).inserted)
  }

  func answer(_ waiter: PoolState.WaiterID, usedBefore: Bool) {
    let fresh = self.waiting.removeValue(forKey: waiter)
    #expect(fresh != nil && !(usedBefore && fresh == true))
    #expect(
      !self.waiting.keys.contains { $0 < waiter && !(usedBefore && self.waiting[$0] == true) })
    #expect(self.answered.insert(waiter).inserted)
  }

  func connect() {
    guard let id = self.connecting.randomElement(using: &self.random) else { return }
    self.connecting.remove(id)
    switch self.pool.connected(id, now: self.now, jitter: .random(in: 0...1, using: &self.random)) {
    case .handTo(let waiter):
      self.answer(waiter, usedBefore: false)
      self.leased.insert(id)
    case .park:
      #expect(!self.draining && self.waiting.isEmpty)
      self.idle.insert(id)
    case .close:
      #expect(self.draining && self.waiting.isEmpty)
      self.dead.insert(id)
    }
  }

  func failToConnect() {
    guard let id = self.connecting.randomElement(using: &self.random) else { return }
    self.connecting.remove(id)
    self.dead.insert(id)
    let failed = self.pool.connectFailed(
      id, now: self.now, jitter: .random(in: 0...1, using: &self.random))
    #expect(failed.isEmpty == self.waiting.isEmpty)
    #expect(failed == failed.sorted())
    for waiter in failed {
      #expect(self.waiting.removeValue(forKey: waiter) != nil)
      #expect(self.answered.insert(waiter).inserted)
    }
  }

  func release() {
    guard let id = self.leased.randomElement(using: &self.random) else { return }
    switch self.pool.released(
      id, spent: Int.random(in: 0..<4, using: &self.random) > 0 ? nil : .failed, now: self.now)
    {
    case .handTo(let waiter):
      self.answer(waiter, usedBefore: true)
    case .park:
      #expect(!self.draining)
      self.leased.remove(id)
      self.idle.insert(id)
    case .close(let reason, let next):
      #expect(reason != .idle && (reason != .draining || self.draining))
      self.leased.remove(id)
      self.dead.insert(id)
      if let next { self.startConnecting(next) }
    case .ignore:
      Issue.record("a leased connection is unknown")
    }
  }

  func die() {
    // News of the dead is told twice at times.
    let candidates = self.leased.union(self.idle).union(self.dead.prefix(1))
    guard let id = candidates.randomElement(using: &self.random) else { return }
    let known = self.leased.remove(id) != nil || self.idle.remove(id) != nil
    self.dead.insert(id)
    if case .connect(let next) = self.pool.closed(
      id, now: self.now, jitter: .random(in: 0...1, using: &self.random))
    {
      #expect(known)
      self.startConnecting(next)
    }
  }

  func cancel() {
    guard let waiter = self.waiting.keys.randomElement(using: &self.random) else { return }
    self.waiting[waiter] = nil
    #expect(self.answered.insert(waiter).inserted)
    #expect(self.pool.cancel(waiter) == .removed)
    #expect(self.pool.cancel(waiter) == .ignore)
  }

  func tick() {
    let due = self.pool.nextDue(now: self.now)
    let answer = self.pool.tick(now: self.now)
    #expect((answer == .init()) == (due.map { $0 > self.now } ?? true))
    for closing in answer.close {
      #expect(self.idle.remove(closing.id) != nil)
      self.dead.insert(closing.id)
    }
    #expect(answer.connect.isEmpty || (self.warming && !self.draining))
    for id in answer.connect { self.startConnecting(id) }
    // Nothing is left to do but what a later time brings.
    #expect(self.pool.nextDue(now: self.now).map { $0 > self.now } ?? true)
  }

  func warm() {
    self.warming = true
    self.pool.warm()
  }

  func drain() {
    self.draining = true
    let closed = self.pool.drain().close
    #expect(Set(closed) == self.idle)
    self.dead.formUnion(self.idle)
    self.idle = []
  }

  func check() {
    #expect(self.pool.connectingCount == self.connecting.count)
    #expect(self.pool.leasedCount == self.leased.count)
    #expect(self.pool.idleCount == self.idle.count)
    #expect(self.pool.waitingCount == self.waiting.count)
    #expect(self.pool.connectionCount <= self.limits.maxConnections)
    #expect(self.waiting.count <= self.limits.maxWaiting + self.connecting.count)
    // Somebody is always to come for those who wait, and nobody waits beside a connection that
    // would do.
    #expect(self.waiting.isEmpty || !self.connecting.isEmpty || !self.leased.isEmpty)
    #expect(self.idle.isEmpty || self.waiting.values.allSatisfy { $0 })
    #expect(
      self.pool.isDrained
        == (self.draining && self.idle.isEmpty && self.leased.isEmpty && self.waiting.isEmpty))
  }
}

@Suite struct PoolStateWalkTests {
  @Test(arguments: 0..<200 as Range<UInt64>)
  func `no connection is held twice and no waiter is lost`(seed: UInt64) {
    let walk = Walk(seed: seed)
    for _ in 0..<300 {
      walk.step()
    }
    // Everything comes to its end when the driver's world does.
    for _ in 0..<1000
    where !walk.waiting.isEmpty || !walk.connecting.isEmpty || !walk.leased.isEmpty {
      walk.connect()
      walk.release()
    }
    #expect(walk.waiting.isEmpty)
  }
}

// SPDX-License-Identifier: Apache-2.0

// Towards AWS: connections, exchanges on them, and signed calls made of exchanges. It knows nothing
// of whoever calls, nor of policy: what it is handed it sends, once, and says what became of it.

package import JobsAPI
package import NIOCore
import Telemetry
package import Transport

/// The upstream connections of one event loop.
///
/// It carries out what ``PoolState`` answers: connects, keeps handlers, sets timers. It lives in its
/// loop and is never touched from elsewhere; what other threads may see are its ``gauges``.
package final class LoopPool {
  package let loop: any EventLoop
  package let gauges: PoolGauges
  private let connector: OutboundConnector
  private let maxBodyBytes: Int
  private let firstByteTimeout: Duration?
  private let metrics: PoolMetrics
  private var state: PoolState
  /// The connections by slot.
  private var connections: [HTTPExchangeHandler?]
  /// By slot: when the connection was up, or when making it was begun.
  private var begun: [NIODeadline]
  private var queue: [PoolState.WaiterID: Queued] = [:]
  private var timer: Scheduled<Void>?
  /// When that timer fires.
  private var timerDue: ContinuousClock.Instant?
  private var drained: EventLoopPromise<Void>?

  private struct Queued {
    var exchange: HTTPExchange
    var timeout: Scheduled<Void>
  }

  /// May be made anywhere, and from then on lives in its loop.
  ///
  /// - Parameters:
  ///   - maxBodyBytes: the limit on a response's body.
  ///   - firstByteTimeout: the limit from a request to the first byte of its response.
  package init(
    loop: any EventLoop, connector: OutboundConnector, limits: PoolState.Limits,
    maxBodyBytes: Int = 1024 * 1024, firstByteTimeout: Duration? = nil,
    gauges: PoolGauges = PoolGauges(), metrics: PoolMetrics = PoolMetrics()
  ) {
    self.loop = loop
    self.gauges = gauges
    self.connector = connector
    self.maxBodyBytes = maxBodyBytes
    self.firstByteTimeout = firstByteTimeout
    self.metrics = metrics
    self.state = PoolState(limits: limits)
    self.connections = Array(repeating: nil, count: limits.maxConnections)
    self.begun = Array(repeating: .now(), count: limits.maxConnections)
  }
}

// MARK: - Calls

extension LoopPool {
  /// Sends a request on a connection of the pool and waits for the response.
  ///
  /// To be called in the pool's loop, by a task that prefers its executor: it stays there. When the
  /// task is cancelled the exchange fails with ``ExchangeFailure/cancelled(requestSent:)``.
  ///
  /// - Parameters:
  ///   - fresh: only a new connection will do.
  ///   - deadline: for the wait in the queue, the connect and the response together.
  ///   - stages: what each part took is added here, however it ends.
  package func exchange(
    _ request: ByteBuffer, fresh: Bool = false, deadline: NIODeadline, stages: inout StageTimes
  ) async throws(ExchangeFailure) -> UpstreamResponse {
    self.loop.preconditionInEventLoop()
    let exchange = HTTPExchange(request: request, deadline: deadline)
    let bound = NIOLoopBound(exchange, eventLoop: self.loop)
    let loop = self.loop
    let outcome = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        exchange.onEnd = { continuation.resume(returning: $0) }
        self.submit(exchange, fresh: fresh)
      }
    } onCancel: {
      // Also when it is this thread: the exchange has begun by the time the loop comes to it.
      loop.execute { bound.value.cancel() }
    }
    exchange.addTimes(until: self.loop.now, to: &stages)
    return try outcome.get()
  }

  /// Begins an exchange, or queues it; it ends by itself.
  package func submit(_ exchange: HTTPExchange, fresh: Bool = false) {
    self.loop.assertInEventLoop()
    defer { self.settle() }
    switch self.state.lease(fresh: fresh) {
    case .use(let id):
      self.begin(exchange, on: id)
    case .wait(let waiter):
      self.enqueue(exchange, as: waiter)
    case .connect(let id, let waiter):
      self.enqueue(exchange, as: waiter)
      self.connect(id)
    case .replace(let old, let id, let waiter):
      self.enqueue(exchange, as: waiter)
      self.close(old, because: .replaced)
      self.connect(id)
    case .refuse(.queueFull(let limit)):
      exchange.end(.failure(.queueFull(limit: limit)))
    case .refuse(.draining):
      exchange.end(.failure(.draining))
    }
  }

  /// Takes an exchange out of the queue and ends it.
  func leaveQueue(
    _ waiter: PoolState.WaiterID, _ exchange: HTTPExchange, failure: ExchangeFailure
  ) {
    guard self.state.cancel(waiter) == .removed else {
      return
    }
    self.dequeue(waiter)?.end(.failure(failure))
    self.settle()
  }

  /// Refuses new exchanges, closes what is idle, and completes when the last exchange has ended.
  package func drain() -> EventLoopFuture<Void> {
    self.loop.assertInEventLoop()
    let promise = self.drained ?? self.loop.makePromise()
    self.drained = promise
    for id in self.state.drain().close {
      self.close(id, because: .draining)
    }
    self.settle()
    return promise.futureResult
  }

  /// Makes the connections that are kept without need, and keeps them from now on.
  package func warm() {
    self.loop.assertInEventLoop()
    self.state.warm()
    self.armTimer()
  }

  private func enqueue(_ exchange: HTTPExchange, as waiter: PoolState.WaiterID) {
    exchange.stage = .queued(self, waiter)
    exchange.queuedAt = self.loop.now
    let timeout = self.loop.assumeIsolated().scheduleTask(deadline: exchange.deadline) {
      self.leaveQueue(waiter, exchange, failure: .timedOut(requestSent: false))
    }
    self.queue[waiter] = Queued(exchange: exchange, timeout: timeout)
  }

  private func dequeue(_ waiter: PoolState.WaiterID) -> HTTPExchange? {
    guard let queued = self.queue.removeValue(forKey: waiter) else {
      return nil
    }
    queued.timeout.cancel()
    if let since = queued.exchange.queuedAt {
      self.metrics.waited(.nanoseconds((self.loop.now - since).nanoseconds))
    }
    return queued.exchange
  }

  private func begin(_ exchange: HTTPExchange, on id: PoolState.ConnectionID) {
    guard let connection = self.connections[id.slot] else {
      // The books say that it is there. If they are wrong, the call fails and the slot is freed.
      exchange.end(.failure(.notSent(reused: true)))
      self.carryOut(self.state.closed(id, now: .now, jitter: .random(in: 0...1)))
      return
    }
    self.metrics.leased(kept: true)
    connection.begin(exchange, reused: connection.isUsed)
  }
}

// MARK: - Connections

extension LoopPool {
  private func connect(_ id: PoolState.ConnectionID) {
    let (maxBodyBytes, firstByteTimeout) = (self.maxBodyBytes, self.firstByteTimeout)
    let began = self.loop.now
    self.begun[id.slot] = began
    let connected = self.connector.connect(on: self.loop) { channel in
      // A name may have several addresses, and then several channels race to be the connection.
      try HTTPExchangeHandler(maxBodyBytes: maxBodyBytes, firstByteTimeout: firstByteTimeout)
        .install(in: channel.pipeline.syncOperations)
    }
    connected.assumeIsolated().whenComplete { result in
      do {
        let channel = try result.get()
        let handler = try channel.pipeline.syncOperations.handler(type: HTTPExchangeHandler.self)
        self.connected(id, handler, since: began)
      } catch {
        self.connectFailed(id, ConnectFailure(error))
      }
      self.settle()
    }
  }

  private func connected(
    _ id: PoolState.ConnectionID, _ connection: HTTPExchangeHandler, since began: NIODeadline
  ) {
    guard connection.isOpen else {
      return self.connectFailed(id, .other("closed as soon as it was open"))
    }
    let duration = Duration.nanoseconds((self.loop.now - began).nanoseconds)
    self.metrics.opened(after: duration, connection.tls)
    connection.seat = (self, id)
    self.connections[id.slot] = connection
    self.begun[id.slot] = self.loop.now
    switch self.state.connected(id, now: .now, jitter: .random(in: 0...1)) {
    case .handTo(let waiter): self.hand(connection, to: waiter)
    case .park: self.armTimer()
    case .close: self.close(id, because: .draining)
    }
  }

  private func connectFailed(_ id: PoolState.ConnectionID, _ failure: ConnectFailure) {
    // One that is given up for the end of the process says nothing of AWS.
    if !self.state.isDrained { self.metrics.connectFailed(failure) }
    for waiter in self.state.connectFailed(id, now: .now, jitter: .random(in: 0...1)) {
      self.dequeue(waiter)?.end(.failure(.connectFailed(failure)))
    }
    self.armTimer()
  }

  /// A connection's exchange is over.
  ///
  /// - Parameter spent: why it can carry no other; nil if it can.
  func exchangeEnded(
    on connection: HTTPExchangeHandler, _ id: PoolState.ConnectionID,
    spent: PoolState.CloseReason?
  ) {
    let now = ContinuousClock.now
    switch self.state.released(id, spent: spent, now: now) {
    case .handTo(let waiter):
      self.hand(connection, to: waiter)
    case .park:
      self.parked(at: now)
    case .close(let reason, let next):
      self.close(id, because: reason)
      if let next {
        self.connect(next)
      }
      self.armTimer()
    case .ignore:
      connection.close()
    }
    self.settle()
  }

  /// A connection is gone, or about to be.
  func connectionClosed(
    _ connection: HTTPExchangeHandler, _ id: PoolState.ConnectionID,
    because reason: PoolState.CloseReason
  ) {
    // The slot may be another's by now.
    if self.connections[id.slot] === connection {
      self.connections[id.slot] = nil
      self.metrics.closed(reason)
    }
    self.carryOut(self.state.closed(id, now: .now, jitter: .random(in: 0...1)))
    self.armTimer()
    self.settle()
  }

  private func carryOut(_ answer: PoolState.OnClosed) {
    switch answer {
    case .connect(let id): self.connect(id)
    case .nothing: return
    }
  }

  private func hand(_ connection: HTTPExchangeHandler, to waiter: PoolState.WaiterID) {
    if let exchange = self.dequeue(waiter) {
      self.metrics.leased(kept: connection.isUsed)
      connection.begin(exchange, reused: connection.isUsed)
    }
  }

  private func close(_ id: PoolState.ConnectionID, because reason: PoolState.CloseReason) {
    guard let connection = self.connections[id.slot] else { return }
    // First, since the close tells of itself.
    self.connections[id.slot] = nil
    self.metrics.closed(reason)
    connection.close()
  }

  /// What there is to see after each event.
  private func settle() {
    if let drained = self.drained, self.state.isDrained {
      self.timer?.cancel()
      drained.succeed()
    }
    self.gauges.active.set(Int64(self.state.leasedCount))
    self.gauges.idle.set(Int64(self.state.idleCount))
    self.gauges.connecting.set(Int64(self.state.connectingCount))
    self.gauges.waiting.set(Int64(self.state.waitingCount))
  }
}

// MARK: - Looking

extension LoopPool {
  /// - Parameter number: of the loop.
  package func snapshot(ofLoop number: Int) -> PoolSnapshot {
    self.loop.assertInEventLoop()
    let (now, present) = (self.loop.now, ContinuousClock.now)
    let first = self.queue.values.compactMap(\.exchange.queuedAt).min()
    return PoolSnapshot(
      loop: number,
      connections: self.state.occupied.map { slot in
        PoolSnapshot.Connection(
          slot: slot.number, state: slot.state,
          ageMilliseconds: (now - self.begun[slot.number]).milliseconds,
          idleMilliseconds: slot.idleSince.map {
            TimeAmount($0.duration(to: present)).milliseconds
          },
          requests: self.connections[slot.number]?.exchanges ?? 0)
      },
      waiting: PoolSnapshot.Waiting(
        calls: self.state.waitingCount, longestMilliseconds: first.map { (now - $0).milliseconds }),
      maxConnections: self.state.limits.maxConnections,
      maxWaiting: self.state.limits.maxWaiting, isDraining: self.state.isDraining)
  }
}

extension TimeAmount {
  fileprivate var milliseconds: Int64 { self.nanoseconds / 1_000_000 }
}

// MARK: - Time

extension LoopPool {
  /// Most calls end here, and what is due next takes a look at every idle connection. A timer that
  /// comes before the parked one has been idle for too long is soon enough; what is too old by then
  /// is found a little later than it might be.
  private func parked(at now: ContinuousClock.Instant) {
    if let armed = self.timerDue, armed <= now.advanced(by: self.state.leastIdleTimeout) { return }
    self.armTimer(now)
  }

  /// One timer for all connections. It may come before anything is due, if the connection that it was
  /// set for has been used since; then it is set anew.
  private func armTimer(_ now: ContinuousClock.Instant = .now) {
    guard let due = self.state.nextDue(now: now) else { return }
    // A connection's greatest age may come before another's idle timeout.
    if let armed = self.timerDue, armed <= due { return }
    self.timer?.cancel()
    self.timerDue = due
    self.timer = self.loop.assumeIsolated().scheduleTask(in: TimeAmount(now.duration(to: due))) {
      self.timerFired()
    }
  }

  private func timerFired() {
    self.timer = nil
    self.timerDue = nil
    let answer = self.state.tick(now: .now)
    for closing in answer.close {
      self.close(closing.id, because: closing.reason)
    }
    for id in answer.connect {
      self.connect(id)
    }
    self.armTimer()
    self.settle()
  }
}

// SPDX-License-Identifier: Apache-2.0

// Towards AWS: connections, exchanges on them, and signed calls made of exchanges. It knows nothing
// of whoever calls, nor of policy: what it is handed it sends, once, and says what became of it.

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
  private var state: PoolState
  /// The connections by slot.
  private var connections: [HTTPExchangeHandler?]
  private var queue: [PoolState.WaiterID: Queued] = [:]
  private var expiryTimer: Scheduled<Void>?
  /// When that timer fires.
  private var expiryTimerDue: ContinuousClock.Instant?
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
    gauges: PoolGauges = PoolGauges()
  ) {
    self.loop = loop
    self.gauges = gauges
    self.connector = connector
    self.maxBodyBytes = maxBodyBytes
    self.firstByteTimeout = firstByteTimeout
    self.state = PoolState(limits: limits)
    self.connections = Array(repeating: nil, count: limits.maxConnections)
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
  package func exchange(
    _ request: ByteBuffer, fresh: Bool = false, deadline: NIODeadline
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
    return try outcome.get()
  }

  /// Begins an exchange, or queues it; it ends by itself.
  package func submit(_ exchange: HTTPExchange, fresh: Bool = false) {
    self.loop.assertInEventLoop()
    defer { self.updateGauges() }
    switch self.state.lease(fresh: fresh) {
    case .use(let id):
      self.begin(exchange, on: id, reused: true)
    case .wait(let waiter):
      self.enqueue(exchange, as: waiter)
    case .connect(let id, let waiter):
      self.enqueue(exchange, as: waiter)
      self.connect(id)
    case .replace(let old, let id, let waiter):
      self.enqueue(exchange, as: waiter)
      self.close(old)
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
    self.finishDrainIfDone()
    self.updateGauges()
  }

  /// Refuses new exchanges, closes what is idle, and completes when the last exchange has ended.
  package func drain() -> EventLoopFuture<Void> {
    self.loop.assertInEventLoop()
    let promise = self.drained ?? self.loop.makePromise()
    self.drained = promise
    for id in self.state.drain().close {
      self.close(id)
    }
    self.finishDrainIfDone()
    self.updateGauges()
    return promise.futureResult
  }

  private func enqueue(_ exchange: HTTPExchange, as waiter: PoolState.WaiterID) {
    exchange.stage = .queued(self, waiter)
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
    return queued.exchange
  }

  private func begin(_ exchange: HTTPExchange, on id: PoolState.ConnectionID, reused: Bool) {
    guard let connection = self.connections[id.slot] else {
      // The books say that it is there. If they are wrong, the call fails and the slot is freed.
      exchange.end(.failure(.notSent(reused: reused)))
      self.carryOut(self.state.closed(id))
      return
    }
    connection.begin(exchange, reused: reused)
  }
}

// MARK: - Connections

extension LoopPool {
  private func connect(_ id: PoolState.ConnectionID) {
    let (maxBodyBytes, firstByteTimeout) = (self.maxBodyBytes, self.firstByteTimeout)
    let connected = self.connector.connect(on: self.loop) { channel in
      // A name may have several addresses, and then several channels race to be the connection.
      try HTTPExchangeHandler(maxBodyBytes: maxBodyBytes, firstByteTimeout: firstByteTimeout)
        .install(in: channel.pipeline.syncOperations)
    }
    connected.assumeIsolated().whenComplete { result in
      do {
        let channel = try result.get()
        let handler = try channel.pipeline.syncOperations.handler(type: HTTPExchangeHandler.self)
        self.connected(id, handler)
      } catch {
        self.connectFailed(id, ConnectFailure(error))
      }
      self.finishDrainIfDone()
      self.updateGauges()
    }
  }

  private func connected(_ id: PoolState.ConnectionID, _ connection: HTTPExchangeHandler) {
    guard connection.isOpen else {
      return self.connectFailed(id, .other("closed as soon as it was open"))
    }
    connection.seat = (self, id)
    switch self.state.connected(id, now: .now) {
    case .handTo(let waiter):
      self.connections[id.slot] = connection
      self.hand(connection, to: waiter, reused: false)
    case .park:
      self.connections[id.slot] = connection
      self.armExpiryTimer()
    case .close:
      connection.close()
    }
  }

  private func connectFailed(_ id: PoolState.ConnectionID, _ failure: ConnectFailure) {
    for waiter in self.state.connectFailed(id) {
      self.dequeue(waiter)?.end(.failure(.connectFailed(failure)))
    }
  }

  /// A connection's exchange is over.
  func exchangeEnded(
    on connection: HTTPExchangeHandler, _ id: PoolState.ConnectionID, reusable: Bool
  ) {
    switch self.state.released(id, reusable: reusable, now: .now) {
    case .handTo(let waiter):
      self.hand(connection, to: waiter, reused: true)
    case .park:
      self.armExpiryTimer()
    case .close(let next):
      self.connections[id.slot] = nil
      connection.close()
      if let next {
        self.connect(next)
      }
    case .ignore:
      connection.close()
    }
    self.finishDrainIfDone()
    self.updateGauges()
  }

  /// A connection is gone, or about to be.
  func connectionClosed(_ connection: HTTPExchangeHandler, _ id: PoolState.ConnectionID) {
    // The slot may be another's by now.
    if self.connections[id.slot] === connection { self.connections[id.slot] = nil }
    self.carryOut(self.state.closed(id))
    self.finishDrainIfDone()
    self.updateGauges()
  }

  private func carryOut(_ answer: PoolState.OnClosed) {
    switch answer {
    case .connect(let id): self.connect(id)
    case .nothing: return
    }
  }

  private func hand(
    _ connection: HTTPExchangeHandler, to waiter: PoolState.WaiterID, reused: Bool
  ) {
    if let exchange = self.dequeue(waiter) {
      connection.begin(exchange, reused: reused)
    }
  }

  private func close(_ id: PoolState.ConnectionID) {
    self.connections[id.slot]?.close()
    self.connections[id.slot] = nil
  }

  private func finishDrainIfDone() {
    if let drained = self.drained, self.state.isDrained {
      self.expiryTimer?.cancel()
      drained.succeed()
    }
  }

  private func updateGauges() {
    self.gauges.active.set(Int64(self.state.leasedCount))
    self.gauges.idle.set(Int64(self.state.idleCount))
    self.gauges.connecting.set(Int64(self.state.connectingCount))
    self.gauges.waiting.set(Int64(self.state.waitingCount))
  }
}

// MARK: - Time

extension LoopPool {
  /// One timer for all idle connections. It may come before anything is due, if the connection that
  /// it was set for has been used since; then it is set anew.
  private func armExpiryTimer() {
    guard let due = self.state.nextExpiry else { return }
    // A connection's greatest age may come before another's idle timeout.
    if let armed = self.expiryTimerDue, armed <= due { return }
    self.expiryTimer?.cancel()
    self.expiryTimerDue = due
    let delay = TimeAmount(ContinuousClock.now.duration(to: due))
    self.expiryTimer = self.loop.assumeIsolated().scheduleTask(in: delay) {
      self.expiryTimer = nil
      self.expiryTimerDue = nil
      for id in self.state.expire(now: .now) {
        self.close(id)
      }
      self.armExpiryTimer()
      self.updateGauges()
    }
  }
}

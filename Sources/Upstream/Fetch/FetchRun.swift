// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Transport

/// One fetch under way: a connect, then an exchange. Lives in one event loop.
final class FetchRun {
  private let loop: any EventLoop
  private let connector: OutboundConnector
  private let maxBodyBytes: Int
  private var exchange: HTTPExchange?
  private var channel: (any Channel)?
  private var timer: Scheduled<Void>?
  private var isCancelled = false

  /// May be made anywhere, and from then on lives in its loop.
  init(on loop: any EventLoop, connector: OutboundConnector, maxBodyBytes: Int) {
    self.loop = loop
    self.connector = connector
    self.maxBodyBytes = maxBodyBytes
  }

  /// - Parameter onEnd: called once.
  func start(_ exchange: HTTPExchange, onEnd: @escaping (HTTPExchange.Outcome) -> Void) {
    exchange.onEnd = { outcome in
      self.close()
      onEnd(outcome)
    }
    guard !self.isCancelled else {
      return exchange.cancel()
    }
    self.exchange = exchange
    // The exchange has a timer of its own once it runs; connect, tunnel and handshake have one each,
    // and none for all of them.
    self.timer = self.loop.assumeIsolated().scheduleTask(deadline: exchange.deadline) {
      if case .new = exchange.stage { exchange.end(.failure(.timedOut(requestSent: false))) }
    }
    self.connect(exchange)
  }

  func cancel() {
    self.isCancelled = true
    self.exchange?.cancel()
  }

  private func connect(_ exchange: HTTPExchange) {
    let maxBodyBytes = self.maxBodyBytes
    let connected = self.connector.connect(on: self.loop) { channel in
      // A name may have several addresses, and then several channels race to be the connection.
      try HTTPExchangeHandler(maxBodyBytes: maxBodyBytes).install(
        in: channel.pipeline.syncOperations)
    }
    connected.assumeIsolated().whenComplete { result in
      do {
        self.begin(exchange, on: try result.get())
      } catch {
        exchange.end(.failure(.connectFailed(ConnectFailure(error))))
      }
    }
  }

  private func begin(_ exchange: HTTPExchange, on channel: any Channel) {
    guard case .new = exchange.stage,
      let handler = try? channel.pipeline.syncOperations.handler(type: HTTPExchangeHandler.self)
    else {
      // Nobody waits for the connection any more, or it is closed already.
      channel.close(promise: nil)
      return exchange.end(.failure(.notSent(reused: false)))
    }
    self.channel = channel
    handler.begin(exchange, reused: false)
  }

  /// The connection has done its one exchange.
  private func close() {
    self.timer?.cancel()
    self.timer = nil
    self.exchange = nil
    self.channel?.close(promise: nil)
    self.channel = nil
  }
}

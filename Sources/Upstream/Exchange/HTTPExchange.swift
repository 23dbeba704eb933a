// SPDX-License-Identifier: Apache-2.0

import JobsAPI
package import NIOCore

/// One request on its way to one outcome. Lives in one event loop.
///
/// It is held by whoever can end it at the moment: the pool's queue, then a connection. It ends
/// once; the ends that come later find it ended.
package final class HTTPExchange {
  package typealias Outcome = Result<UpstreamResponse, ExchangeFailure>

  /// Who holds the exchange.
  enum Stage {
    case new
    case queued(LoopPool, PoolState.WaiterID)
    case running(HTTPExchangeHandler)
    case ended
  }

  /// The whole request: head, fields, body.
  let request: ByteBuffer
  let deadline: NIODeadline
  var stage = Stage.new
  /// When it began to wait for a connection; nil if it did not have to.
  var queuedAt: NIODeadline?
  /// When it was given a connection; nil as long as it has none.
  private var began: NIODeadline?
  private var firstByte: NIODeadline?
  /// Called once, with the outcome. To be set before the exchange is handed to anybody.
  package var onEnd: ((Outcome) -> Void)?

  package init(request: ByteBuffer, deadline: NIODeadline) {
    self.request = request
    self.deadline = deadline
  }

  /// The request is on its way.
  func begin(on connection: HTTPExchangeHandler, now: NIODeadline) {
    self.stage = .running(connection)
    self.began = now
  }

  /// Bytes of the answer came in.
  func receivedBytes(now: NIODeadline) {
    if self.firstByte == nil { self.firstByte = now }
  }

  /// Adds what the exchange, over by `ended`, took since it was handed to a pool.
  func addTimes(until ended: NIODeadline, to stages: inout StageTimes) {
    if let queuedAt { stages.add((self.began ?? ended).duration(since: queuedAt), to: .queue) }
    guard let began else { return }
    let firstByte = self.firstByte ?? ended
    stages.add(firstByte.duration(since: began), to: .firstByte)
    stages.add(ended.duration(since: firstByte), to: .transfer)
  }

  func end(_ outcome: Outcome) {
    self.stage = .ended
    guard let onEnd = self.onEnd else {
      return
    }
    self.onEnd = nil
    onEnd(outcome)
  }

  /// The caller is gone. A request under way takes its connection with it: HTTP/1.1 has no other
  /// way to say so.
  package func cancel() {
    switch self.stage {
    case .new: self.end(.failure(.cancelled(requestSent: false)))
    case .queued(let pool, let waiter):
      pool.leaveQueue(waiter, self, failure: .cancelled(requestSent: false))
    case .running(let connection): connection.cancel(self)
    case .ended: return
    }
  }
}

extension NIODeadline {
  fileprivate func duration(since earlier: NIODeadline) -> Duration {
    .nanoseconds((self - earlier).nanoseconds)
  }
}

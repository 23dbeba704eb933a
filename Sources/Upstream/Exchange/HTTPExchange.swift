// SPDX-License-Identifier: Apache-2.0

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
  /// Called once, with the outcome. To be set before the exchange is handed to anybody.
  package var onEnd: ((Outcome) -> Void)?

  package init(request: ByteBuffer, deadline: NIODeadline) {
    self.request = request
    self.deadline = deadline
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

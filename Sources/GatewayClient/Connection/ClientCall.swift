// SPDX-License-Identifier: Apache-2.0

import HTTP2Engine
import NIOCore

/// What a call has to say to whoever waits for it.
package enum ResponsePart: Equatable, Sendable {
  case head(ResponseMetadata)
  case message([UInt8])
  /// Status OK. Nothing follows.
  case end(CallEnd)
}

/// One open call, confined to its connection's loop: what came and was not taken, and who waits.
final class ClientCall {
  typealias Waiter = CheckedContinuation<Result<ResponsePart, CallFailure>, Never>

  /// Nil if it never got a stream.
  let streamID: Int32?
  var state: ResponseState
  var timer: Scheduled<Void>?
  /// Body bytes that were read and not given back to the window, because nobody has taken the
  /// messages they belong to.
  var withheldBytes = 0

  private var parts = CircularBuffer<ResponsePart>()
  private var outcome: Result<CallEnd, CallFailure>?
  private var waiter: Waiter?

  init(streamID: Int32?, messageLimitBytes: Int) {
    self.streamID = streamID
    self.state = ResponseState(messageLimitBytes: messageLimitBytes)
  }

  /// Nothing waits to be taken.
  var isTaken: Bool { self.parts.isEmpty }

  var isOver: Bool { self.outcome != nil }

  /// - Precondition: nobody waits. A call has one reader.
  func next(_ waiter: Waiter) {
    if !self.parts.isEmpty {
      waiter.resume(returning: .success(self.parts.removeFirst()))
    } else if let outcome = self.outcome {
      waiter.resume(returning: outcome.map { .end($0) })
    } else if self.waiter != nil {
      waiter.resume(returning: .failure(.malformed("two readers of one call")))
    } else {
      self.waiter = waiter
    }
  }

  func append(_ part: ResponsePart) {
    guard let waiter = self.waiter.take() else { return self.parts.append(part) }
    waiter.resume(returning: .success(part))
  }

  /// What came before is still there to be taken; a failure leaves nothing worth to wait for.
  func end(_ outcome: Result<CallEnd, CallFailure>) {
    guard self.outcome == nil else { return }
    self.timer?.cancel()
    self.outcome = outcome
    self.waiter.take()?.resume(returning: outcome.map { .end($0) })
  }
}

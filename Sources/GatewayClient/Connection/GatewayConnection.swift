// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// One connection to a gateway. Any number of calls may be open on it; any thread may open them.
package struct GatewayConnection: Sendable {
  private let channel: any Channel
  private let handler: NIOLoopBound<ClientHandler>

  init(channel: any Channel, handler: NIOLoopBound<ClientHandler>) {
    self.channel = channel
    self.handler = handler
  }

  /// Opens a call with one request message; its answer is one message or many.
  ///
  /// - Parameters:
  ///   - path: `/package.Service/Method`.
  ///   - message: encoded, and not framed.
  package func open(
    _ path: String, _ message: [UInt8], _ options: RequestOptions = RequestOptions()
  ) async -> GatewayCall {
    let handler = self.handler
    return await withCheckedContinuation { continuation in
      self.channel.eventLoop.execute {
        let call = handler.value.open(path, message, options)
        continuation.resume(
          returning: GatewayCall(
            call: NIOLoopBound(call, eventLoop: handler.eventLoop), handler: handler))
      }
    }
  }

  /// Makes a call with one answer.
  ///
  /// - Throws: Also ``CallFailure/refused(_:)``, for any status but OK.
  package func unary(
    _ path: String, _ message: [UInt8], _ options: RequestOptions = RequestOptions()
  ) async throws(CallFailure) -> UnaryReply {
    let call = await self.open(path, message, options)
    guard case .head(let head) = try await call.next(),
      case .message(let message) = try await call.next()
    else { throw .malformed("an answer without a message") }
    guard case .end(let end) = try await call.next() else {
      throw .malformed("more than one message in answer")
    }
    return UnaryReply(head: head, message: message, trailers: end.trailers)
  }

  /// Closes the connection; calls that are open fail.
  package func close() async {
    let handler = self.handler
    self.channel.eventLoop.execute { handler.value.close() }
    try? await self.channel.closeFuture.get()
  }
}

/// The answer to a call that has one.
package struct UnaryReply: Sendable {
  package var head: ResponseMetadata
  package var message: [UInt8]
  package var trailers: ResponseMetadata
}

/// A call that is open. It is given up when nobody holds it any more.
package final class GatewayCall: Sendable {
  private let call: NIOLoopBound<ClientCall>
  private let handler: NIOLoopBound<ClientHandler>

  init(call: NIOLoopBound<ClientCall>, handler: NIOLoopBound<ClientHandler>) {
    self.call = call
    self.handler = handler
  }

  deinit {
    let (call, handler) = (self.call, self.handler)
    handler.eventLoop.execute { handler.value.giveUp(call.value, .cancelled) }
  }

  /// The next part of the answer. One task at a time may wait for it; what nobody takes makes the
  /// gateway wait. Cancelling that task gives the call up.
  package func next() async throws(CallFailure) -> ResponsePart {
    let (call, handler) = (self.call, self.handler)
    let part = await withTaskCancellationHandler {
      await withCheckedContinuation { waiter in
        handler.eventLoop.execute {
          call.value.next(waiter)
          handler.value.taken(call.value)
        }
      }
    } onCancel: {
      handler.eventLoop.execute { handler.value.giveUp(call.value, .cancelled) }
    }
    return try part.get()
  }
}

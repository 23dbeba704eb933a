// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1

/// One connection of the operator's listener: requests in, one at a time, answers out.
final class OperatorHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  /// Bytes of a request's body. The only one that is read is a level's name.
  static let bodyLimitBytes = 1_024

  private let pages: OperatorPages
  private let answered: () -> Void
  private var head: HTTPRequestHead?
  private var body: [UInt8] = []
  private var context: ChannelHandlerContext?

  /// - Parameter answered: told of each answer that the socket has taken.
  init(pages: OperatorPages, answered: @escaping () -> Void = {}) {
    self.pages = pages
    self.answered = answered
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch self.unwrapInboundIn(data) {
    case .head(let head):
      self.head = head
      self.body.removeAll()
    case .body(let bytes):
      guard self.body.count + bytes.readableBytes <= Self.bodyLimitBytes else {
        return context.close(promise: nil)
      }
      self.body.append(contentsOf: bytes.readableBytesView)
    case .end:
      guard let head = self.head else { return }
      self.head = nil
      self.answer(head, context)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  /// Answers are made off the event loop, which has calls to serve. The next request is held back
  /// until this one has its answer.
  private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    // Who asks on and on without reading would have answers pile up here.
    guard context.channel.isWritable else { return context.close(promise: nil) }
    switch RequestGuard.judge(head) {
    case .refuse(let refusal):
      self.write(OperatorAnswer(refusal.status, error: refusal.words), to: head)
    case .admit:
      let request = OperatorRequest(method: head.method, target: head.uri, body: self.body)
      let pages = self.pages
      context.eventLoop.makeFutureWithTask {
        await pages.answer(to: request)
      }.assumeIsolated().whenSuccess { self.write($0, to: head) }
    }
  }

  private func write(_ answer: OperatorAnswer, to head: HTTPRequestHead) {
    guard let context = self.context else { return }
    var headers = answer.headers
    if !head.isKeepAlive { headers.add(name: "connection", value: "close") }
    let responseHead = HTTPResponseHead(
      version: head.version, status: answer.status, headers: headers)
    context.write(self.wrapOutboundOut(.head(responseHead)), promise: nil)
    if head.method != .HEAD {
      let body = context.channel.allocator.buffer(bytes: answer.body)
      context.write(self.wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
    }
    let written = context.eventLoop.makePromise(of: Void.self)
    let channel = context.channel
    written.futureResult.assumeIsolated().whenComplete { _ in
      if head.isKeepAlive { self.answered() } else { channel.close(promise: nil) }
    }
    context.writeAndFlush(self.wrapOutboundOut(.end(nil)), promise: written)
  }
}

// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1

/// Stands between the socket and the codec of one upstream connection.
///
/// Inwards it stops bytes that no request asked for: the decoder would keep them, and read them as
/// the beginning of the next response. Outwards it lets the request's bytes pass and keeps the head
/// that was meant for the decoder alone.
final class ByteGate: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundIn = HTTPClientRequestPart
  typealias OutboundOut = IOData

  private let exchanges: HTTPExchangeHandler

  init(exchanges: HTTPExchangeHandler) {
    self.exchanges = exchanges
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch self.exchanges.receivedBytes() {
    case .pass: context.fireChannelRead(data)
    case .close: context.close(promise: nil)
    case .drop: return
    }
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch self.unwrapOutboundIn(data) {
    case .body(let bytes): context.write(self.wrapOutboundOut(bytes), promise: promise)
    case .head, .end: promise?.succeed()
    }
  }
}

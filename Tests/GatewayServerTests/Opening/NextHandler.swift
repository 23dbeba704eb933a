// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Stands where HTTP/2 or TLS would, behind what looks at a connection's beginning.
final class NextHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private(set) var text = ""
  private(set) var isAskedToFinish = false

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    self.text += String(buffer: self.unwrapInboundIn(data))
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is ChannelShouldQuiesceEvent { self.isAskedToFinish = true }
  }
}

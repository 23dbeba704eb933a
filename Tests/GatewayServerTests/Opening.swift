// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Sends the first bytes of a client as soon as it is connected, in its loop.
///
/// A server gives a new connection some seconds to say something. A test's own task may wait for
/// longer than that, behind a thousand others; an event loop never does.
final class Opening: ChannelInboundHandler, Sendable {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let bytes: ByteBuffer

  init(_ bytes: ByteBuffer) {
    self.bytes = bytes
  }

  func channelActive(context: ChannelHandlerContext) {
    context.writeAndFlush(self.wrapOutboundOut(self.bytes), promise: nil)
    context.fireChannelActive()
  }
}

// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Tells of bytes before they are HTTP: a head that comes a byte at a time is no event to those behind
/// the parser, and must not take for ever.
final class FirstByteNotice: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let tell: () -> Void

  init(_ tell: @escaping () -> Void) {
    self.tell = tell
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    self.tell()
    context.fireChannelRead(data)
  }
}

// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// Holds a connection of HTTP/1 to time, so that slow peers do not keep its place from others: a
/// request must be in, and its answer taken, so long after its first byte, the first one so long
/// after the connection opened.
///
/// It stands where bytes are not HTTP yet: a head that comes a byte at a time is no event to those
/// behind.
package final class RequestClock: ChannelInboundHandler {
  package typealias InboundIn = ByteBuffer

  private let request: TimeAmount
  private let idle: TimeAmount
  private var isIdle = false
  private var context: ChannelHandlerContext?
  private var timer: Scheduled<Void>?

  /// - Parameters:
  ///   - request: how long one request may take, its answer included.
  ///   - idle: how long nothing may come after an answer.
  package init(request: TimeAmount, idle: TimeAmount) {
    self.request = request
    self.idle = idle
  }

  package func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    self.close(after: self.request)
  }

  package func handlerRemoved(context: ChannelHandlerContext) {
    self.timer?.cancel()
    self.context = nil
  }

  package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if self.isIdle {
      self.isIdle = false
      self.close(after: self.request)
    }
    context.fireChannelRead(data)
  }

  package func channelInactive(context: ChannelHandlerContext) {
    self.timer?.cancel()
    context.fireChannelInactive()
  }

  /// The socket has taken an answer.
  package func answered() {
    guard self.context != nil else { return }
    self.isIdle = true
    self.close(after: self.idle)
  }

  private func close(after time: TimeAmount) {
    self.timer?.cancel()
    guard let loop = self.context?.eventLoop else { return }
    self.timer = loop.assumeIsolated().scheduleTask(in: time) {
      self.context?.close(promise: nil)
    }
  }
}

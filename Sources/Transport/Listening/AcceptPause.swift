// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore

/// Why a connection that waits was not accepted.
package enum AcceptFailure: Equatable, Sendable {
  /// This process (EMFILE) or the machine (ENFILE) has no descriptor left.
  case outOfDescriptors
  /// The kernel has no memory for it (ENOBUFS, ENOMEM).
  case outOfMemory
  /// Another of accept(2).
  case native(errno: CInt)

  init(errno: CInt) {
    switch errno {
    case EMFILE, ENFILE: self = .outOfDescriptors
    case ENOBUFS, ENOMEM: self = .outOfMemory
    default: self = .native(errno: errno)
    }
  }
}

/// Waits after an accept that failed for want of something, until there may be some again.
///
/// The connection stays in the backlog, so the socket stays readable: without a pause the loop would
/// try and fail without end, and starve the very connections whose end would mend it.
final class AcceptPause: ChannelDuplexHandler {
  typealias InboundIn = Channel
  typealias OutboundIn = Never

  private let pause: TimeAmount
  private let observe: @Sendable (AcceptFailure) -> Void
  private var pausing: Scheduled<Void>?
  private var holdsRead = false

  init(
    for pause: TimeAmount = .seconds(1), observe: @escaping @Sendable (AcceptFailure) -> Void
  ) {
    self.pause = pause
    self.observe = observe
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard let error = error as? IOError else { return context.fireErrorCaught(error) }
    // A peer that was gone before it was accepted (ECONNABORTED) keeps nobody else from coming in.
    guard error.errnoCode != ECONNABORTED else { return }
    self.observe(AcceptFailure(errno: error.errnoCode))
    guard self.pausing == nil else { return }
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    self.pausing = context.eventLoop.assumeIsolated().scheduleTask(in: self.pause) {
      let (handler, context) = bound.value
      handler.goOn(context)
    }
  }

  func read(context: ChannelHandlerContext) {
    if self.pausing == nil { context.read() } else { self.holdsRead = true }
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.pausing?.cancel()
  }

  private func goOn(_ context: ChannelHandlerContext) {
    self.pausing = nil
    guard self.holdsRead else { return }
    self.holdsRead = false
    context.read()
  }
}

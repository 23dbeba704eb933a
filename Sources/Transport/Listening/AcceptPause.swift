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

  /// For a person to read.
  package var words: String {
    switch self {
    case .outOfDescriptors: "out of file descriptors"
    case .outOfMemory: "the system is out of memory for sockets"
    case .native(let errno): "accept failed with errno \(errno)"
    }
  }

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
/// try and fail without end, and starve the very connections whose end would mend it. To hold back
/// `read` alone is not enough, as NIO's own AcceptBackoffHandler does: the read that failed counts
/// as pending, and the loop goes on with it.
final class AcceptPause: ChannelInboundHandler {
  typealias InboundIn = Channel

  private let pause: TimeAmount
  private let observe: @Sendable (AcceptFailure) -> Void
  private let setAccepting: (any Channel, Bool) -> Void
  private var pausing: Scheduled<Void>?

  /// - Parameter setAccepting: begins or ceases to ask a socket for connections.
  init(
    for pause: TimeAmount = .seconds(1), observe: @escaping @Sendable (AcceptFailure) -> Void,
    setAccepting: @escaping (any Channel, Bool) -> Void = AcceptPause.setAutoRead
  ) {
    self.pause = pause
    self.observe = observe
    self.setAccepting = setAccepting
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard let error = error as? IOError else { return context.fireErrorCaught(error) }
    // A peer that was gone before it was accepted (ECONNABORTED) keeps nobody else from coming in.
    guard error.errnoCode != ECONNABORTED else { return }
    self.observe(AcceptFailure(errno: error.errnoCode))
    guard self.pausing == nil else { return }
    self.setAccepting(context.channel, false)
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    self.pausing = context.eventLoop.assumeIsolated().scheduleTask(in: self.pause) {
      let (handler, context) = bound.value
      handler.pausing = nil
      handler.setAccepting(context.channel, true)
    }
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.pausing?.cancel()
  }

  private static func setAutoRead(of socket: any Channel, _ accepts: Bool) {
    // Fails for a socket that is closed only.
    try? socket.syncOptions?.setOption(.autoRead, value: accepts)
  }
}

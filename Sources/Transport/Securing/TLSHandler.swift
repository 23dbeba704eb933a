// SPDX-License-Identifier: Apache-2.0

package import CryptoEngine
package import NIOCore

/// What a handshake came to. Also fired down the pipeline, before the first plaintext.
package struct TLSEstablished: Equatable, Sendable {
  package var handshake: TLSHandshake
  /// The names in the peer's verified certificate; nil if it showed none.
  package var names: PeerNames?
  /// From the first byte that one of the two could send.
  package var duration: Duration
}

/// Carries bytes between a channel and a ``TLSConnection``: ciphertext towards the socket, plaintext
/// towards the handlers behind it.
///
/// It holds nothing back. A read is decrypted and passed on at once, a flush is encrypted and written
/// in one piece, so the channel's own backpressure goes on to work in both directions; only what is
/// written before the handshake is done waits here. Every failure is fired as a ``TLSFailure`` and
/// closes the channel, after the alert that tells the peer.
package final class TLSHandler: ChannelDuplexHandler {
  package typealias InboundIn = ByteBuffer
  package typealias InboundOut = ByteBuffer
  package typealias OutboundIn = ByteBuffer
  package typealias OutboundOut = ByteBuffer

  private enum Side {
    case client(TLSEndpoint)
    case server(TLSServerContext)
  }

  private enum Stage {
    case waiting
    case handshaking(TLSConnection, since: NIODeadline)
    case open(TLSConnection)
    /// We are done with it: closed, or failed and about to be.
    case ended
  }

  /// Ends with the handshake, or with why there is none; in the channel's event loop.
  package var established: EventLoopFuture<TLSEstablished> { self.promise.futureResult }

  /// What was agreed upon, and with whom; nil until the handshake is done. To be read in the
  /// channel's event loop.
  package var peer: (handshake: TLSHandshake, certificate: CertificateSummary?)? {
    guard case .open(let connection) = self.stage, let handshake = connection.handshake else {
      return nil
    }
    return (handshake, connection.peerCertificate)
  }

  private let side: Side
  private let handshakeTimeout: Duration
  private let maxHeldBytes: Int
  private let loop: any EventLoop
  private let promise: EventLoopPromise<TLSEstablished>
  private var stage = Stage.waiting
  private var timer: Scheduled<Void>?
  private var held = HeldWrites()
  private var context: ChannelHandlerContext?
  /// The peer has sent close_notify, and the handlers behind know it.
  private var hasPeerClosed = false
  /// The handlers behind have asked for bytes and got none since.
  private var owesRead = false

  /// The client's side of a channel. The handshake begins when the channel is active.
  ///
  /// - Parameters:
  ///   - handshakeTimeout: bounds the handshake, counted from its first byte.
  ///   - maxHeldBytes: what may be written before the handshake is done.
  package convenience init(
    client endpoint: TLSEndpoint, on loop: any EventLoop, handshakeTimeout: Duration = .seconds(5),
    maxHeldBytes: Int = 1_048_576
  ) {
    self.init(.client(endpoint), loop, handshakeTimeout, maxHeldBytes)
  }

  /// The server's side of a channel, which waits for its client to begin.
  package convenience init(
    server context: TLSServerContext, on loop: any EventLoop,
    handshakeTimeout: Duration = .seconds(10), maxHeldBytes: Int = 1_048_576
  ) {
    self.init(.server(context), loop, handshakeTimeout, maxHeldBytes)
  }

  private init(
    _ side: Side, _ loop: any EventLoop, _ handshakeTimeout: Duration, _ maxHeldBytes: Int
  ) {
    self.side = side
    self.loop = loop
    self.handshakeTimeout = handshakeTimeout
    self.maxHeldBytes = maxHeldBytes
    self.promise = loop.makePromise()
  }

  deinit {
    // It never came into a channel. A promise that is done already stays as it is.
    self.promise.fail(TLSFailure.closedDuringHandshake)
  }

  package func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    if context.channel.isActive { self.begin(context) }
  }

  package func handlerRemoved(context: ChannelHandlerContext) {
    self.end(because: ChannelError.ioOnClosedChannel)
    self.context = nil
  }

  package func channelActive(context: ChannelHandlerContext) {
    self.begin(context)
    context.fireChannelActive()
  }
}

// MARK: - Handshake

extension TLSHandler {
  private func begin(_ context: ChannelHandlerContext) {
    guard case .waiting = self.stage else { return }
    let connection: TLSConnection
    do throws(TLSError) {
      switch self.side {
      case .client(let endpoint): connection = try endpoint.makeConnection()
      case .server(let server): connection = try server.makeConnection()
      }
    } catch {
      return self.fail(context, .engine(error))
    }
    self.stage = .handshaking(connection, since: .now())
    self.timer = self.loop.assumeIsolated().scheduleTask(in: TimeAmount(self.handshakeTimeout)) {
      self.handshakeTimedOut()
    }
    self.writeCiphertext(context, of: connection)
    // Nobody behind may have asked for bytes yet.
    context.read()
  }

  private func handshakeTimedOut() {
    guard case .handshaking = self.stage, let context = self.context else { return }
    self.fail(context, .handshakeTimedOut(self.handshakeTimeout))
  }

  /// Moves on once the two have agreed.
  private func noteHandshake(_ context: ChannelHandlerContext) {
    guard case .handshaking(let connection, let began) = self.stage,
      let handshake = connection.handshake
    else { return }
    self.stage = .open(connection)
    self.timer?.cancel()
    self.timer = nil
    let duration = Duration.nanoseconds((NIODeadline.now() - began).nanoseconds)
    let established = TLSEstablished(
      handshake: handshake, names: connection.peerNames, duration: duration)
    // Whoever waits for the channel finds that its handlers know.
    context.fireUserInboundEventTriggered(established)
    self.promise.succeed(established)
    self.encryptHeld(context)
  }
}

// MARK: - Inbound

extension TLSHandler {
  package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard let connection = self.connection else { return }
    let ciphertext = self.unwrapInboundIn(data)
    var plaintext = ByteBuffer()
    do throws(TLSError) {
      let answer = try connection.receive(ciphertext.readableBytesUInt8Span) { bytes in
        if plaintext.capacity == 0 {
          plaintext = context.channel.allocator.buffer(capacity: ciphertext.readableBytes)
        }
        plaintext.append(bytes)
      }
      self.writeCiphertext(context, of: connection)
      self.noteHandshake(context)
      self.deliver(plaintext, context)
      if answer == .closedByPeer { self.peerClosed(context) }
    } catch {
      // What came whole before the failure is still good.
      self.deliver(plaintext, context)
      self.fail(context, .engine(error))
    }
  }

  private func deliver(_ plaintext: ByteBuffer, _ context: ChannelHandlerContext) {
    // Not before the handlers behind know of the handshake, nor after they have closed.
    guard plaintext.readableBytes > 0, case .open = self.stage else { return }
    self.owesRead = false
    context.fireChannelRead(self.wrapInboundOut(plaintext))
  }

  package func channelReadComplete(context: ChannelHandlerContext) {
    context.fireChannelReadComplete()
    // What came held no plaintext, so it was not what had been asked for.
    if self.owesRead || self.isHandshaking { context.read() }
  }

  package func read(context: ChannelHandlerContext) {
    self.owesRead = true
    context.read()
  }

  /// Treats close_notify as the socket's own end would be.
  private func peerClosed(_ context: ChannelHandlerContext) {
    guard case .open = self.stage, !self.hasPeerClosed else { return }
    self.hasPeerClosed = true
    let option = try? context.channel.syncOptions?.getOption(.allowRemoteHalfClosure)
    if option == true {
      context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    } else {
      self.close(context: context, mode: .all, promise: nil)
    }
  }

  package func channelInactive(context: ChannelHandlerContext) {
    self.inputEnded(context)
    self.end(because: ChannelError.ioOnClosedChannel)
    context.fireChannelInactive()
  }

  package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event as? ChannelEvent == .inputClosed {
      if self.hasPeerClosed { return }
      self.inputEnded(context)
    }
    context.fireUserInboundEventTriggered(event)
  }

  private func inputEnded(_ context: ChannelHandlerContext) {
    guard let connection = self.connection else { return }
    switch connection.receivedEndOfInput() {
    case .clean, .afterFailure: return
    case .truncated: self.fail(context, .truncated)
    case .duringHandshake: self.fail(context, .closedDuringHandshake)
    }
  }

  package func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // The socket's. It will be closed, and this says more than that the peer is gone.
    if self.isHandshaking { self.promise.fail(error) }
    context.fireErrorCaught(error)
  }
}

// MARK: - Outbound

extension TLSHandler {
  package func write(
    context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?
  ) {
    if case .ended = self.stage {
      promise?.fail(ChannelError.ioOnClosedChannel)
      return
    }
    self.held.append(self.unwrapOutboundIn(data), promise: promise)
    if self.held.byteCount > self.maxHeldBytes, self.isWaitingForHandshake {
      self.fail(context, .tooMuchHeld(limit: self.maxHeldBytes))
    }
  }

  package func flush(context: ChannelHandlerContext) {
    self.held.markFlush()
    self.encryptHeld(context)
  }

  /// Encrypts what was flushed and writes it in one piece.
  private func encryptHeld(_ context: ChannelHandlerContext) {
    guard case .open(let connection) = self.stage else { return }
    var ciphertext = ByteBuffer()
    var promises: [EventLoopPromise<Void>] = []
    while let write = self.held.popFlushed() {
      do throws(TLSError) {
        if try Self.encrypt(write.bytes, with: connection, into: &ciphertext) {
          if let promise = write.promise { promises.append(promise) }
        } else {
          write.promise?.fail(ChannelError.outputClosed)
        }
      } catch {
        write.promise?.fail(TLSFailure.engine(error))
        for promise in promises { promise.fail(TLSFailure.engine(error)) }
        return self.fail(context, .engine(error))
      }
    }
    guard ciphertext.readableBytes > 0 || !promises.isEmpty else { return }
    context.writeAndFlush(self.wrapOutboundOut(ciphertext), promise: Self.joined(promises))
  }

  /// - Returns: False if our side is closed already.
  private static func encrypt(
    _ bytes: ByteBuffer, with connection: TLSConnection, into ciphertext: inout ByteBuffer
  ) throws(TLSError) -> Bool {
    var rest = bytes
    while true {
      // What is drained at once makes room for more, so each round gets on.
      guard case .accepted(let count) = try connection.send(rest.readableBytesUInt8Span) else {
        return false
      }
      connection.drainCiphertext { ciphertext.append($0) }
      rest.moveReaderIndex(forwardBy: count)
      if rest.readableBytes == 0 { return true }
    }
  }

  /// One promise in the place of many.
  private static func joined(_ promises: [EventLoopPromise<Void>]) -> EventLoopPromise<Void>? {
    guard let first = promises.first else { return nil }
    for other in promises.dropFirst() { first.futureResult.cascade(to: other) }
    return first
  }

  /// Writes what the engine has to say by itself: the handshake, alerts.
  private func writeCiphertext(
    _ context: ChannelHandlerContext, of connection: TLSConnection
  ) {
    guard connection.pendingCiphertext > 0 else { return }
    var ciphertext = context.channel.allocator.buffer(capacity: connection.pendingCiphertext)
    connection.drainCiphertext { ciphertext.append($0) }
    context.writeAndFlush(self.wrapOutboundOut(ciphertext), promise: nil)
  }
}

// MARK: - The end

extension TLSHandler {
  package func close(
    context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?
  ) {
    switch mode {
    case .input:
      break
    case .output:
      self.farewell(context)
      self.held.failAll(ChannelError.outputClosed)
    case .all:
      self.farewell(context)
      self.end(because: ChannelError.ioOnClosedChannel)
    }
    context.close(mode: mode, promise: promise)
  }

  /// Says that nothing more will come, behind all that was flushed.
  private func farewell(_ context: ChannelHandlerContext) {
    guard let connection = self.connection else { return }
    self.encryptHeld(context)
    connection.close()
    self.writeCiphertext(context, of: connection)
  }

  private func fail(_ context: ChannelHandlerContext, _ failure: TLSFailure) {
    if case .ended = self.stage { return }
    // The alert that says why, if there is one.
    if let connection = self.connection { self.writeCiphertext(context, of: connection) }
    self.end(because: failure)
    context.fireErrorCaught(failure)
    context.close(promise: nil)
  }

  /// Lets go of everything. Comes more than once.
  private func end(because error: any Error) {
    self.stage = .ended
    self.timer?.cancel()
    self.timer = nil
    self.held.failAll(error)
    // Nothing happens if the handshake is done.
    self.promise.fail(error)
  }

  private var connection: TLSConnection? {
    switch self.stage {
    case .handshaking(let connection, _), .open(let connection): connection
    case .waiting, .ended: nil
    }
  }

  private var isHandshaking: Bool {
    if case .handshaking = self.stage { true } else { false }
  }

  private var isWaitingForHandshake: Bool {
    switch self.stage {
    case .waiting, .handshaking: true
    case .open, .ended: false
    }
  }
}

extension ByteBuffer {
  fileprivate mutating func append(_ bytes: Span<UInt8>) {
    // The raw view is copied before the span ends.
    unsafe _ = self.writeBytes(bytes.bytes)
  }
}

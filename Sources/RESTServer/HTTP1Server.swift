// SPDX-License-Identifier: Apache-2.0

// RESTServer knows AWS's wire form over HTTP/1.1: paths, JSON, error names, request ids. What the
// operations do is behind JobsBackend and JobsControlPlane; it does not know the emulator, nor the
// gateway.

import JobsAPI
package import NIOCore
import NIOHTTP1
package import Transport

/// HTTP/1.1 on a listening address, with one responder for each event loop.
package enum HTTP1Server {
  /// Bytes of a header's name and value; a session token can have about four thousand.
  static let headerFieldLimitBytes = 16 * 1024
  static let headerListLimitBytes = 64 * 1024
  static let headerCountLimit = 100

  /// Binds, and serves until the listener is drained.
  ///
  /// - Parameters:
  ///   - connectionAccepted: called once for each connection, in its event loop.
  ///   - makeResponder: called once for each event loop of the group, before anything is bound.
  package static func listen<Responder: RequestResponder>(
    to address: ListenAddress, on group: any EventLoopGroup,
    limits: ListenerLimits = ListenerLimits(),
    connectionAccepted: @escaping @Sendable () -> Void = {},
    makeResponder: (any EventLoop) throws -> Responder
  ) async throws -> Listener {
    try await self.listen(
      to: address, on: group, limits: limits, settings: HTTP1Settings(),
      connectionAccepted: connectionAccepted, makeResponder: makeResponder)
  }

  static func listen<Responder: RequestResponder>(
    to address: ListenAddress, on group: any EventLoopGroup, limits: ListenerLimits,
    settings: HTTP1Settings, connectionAccepted: @escaping @Sendable () -> Void,
    makeResponder: (any EventLoop) throws -> Responder
  ) async throws -> Listener {
    var seats: [ObjectIdentifier: Seat<Responder>] = [:]
    for loop in group.makeIterator() {
      seats[ObjectIdentifier(loop)] = Seat(
        responder: try makeResponder(loop), executor: LoopTaskExecutor(loop))
    }
    return try await Listener.bind(to: address, on: group, limits: limits) { [seats] channel in
      // Channels live on the loops of the group that the listener was given.
      guard let seat = seats[ObjectIdentifier(channel.eventLoop)] else { throw ForeignLoop() }
      try seat.configure(channel, settings: settings)
      connectionAccepted()
    }
  }

  /// Puts what speaks HTTP/1.1 at the end of a connection's pipeline, for whoever listens by its own
  /// rules.
  ///
  /// - Parameter executor: runs tasks in the connection's event loop.
  package static func serve<Responder: RequestResponder>(
    _ channel: any Channel, _ responder: Responder, executor: any TaskExecutor,
    settings: HTTP1Settings
  ) throws {
    var system = SystemRandomNumberGenerator()
    let handler = HTTP1RequestHandler(
      responder: responder, executor: executor, settings: settings,
      random: DistinctNumbers(seededBy: &system))
    let notice = FirstByteNotice { handler.bytesCame() }
    try channel.pipeline.syncOperations.addHandlers([notice, Self.makeDecoder(), handler])
  }

  private struct ForeignLoop: Error {}

  /// What the connections of one event loop share.
  private struct Seat<Responder: RequestResponder>: Sendable {
    let responder: Responder
    let executor: any TaskExecutor

    func configure(_ channel: any Channel, settings: HTTP1Settings) throws {
      try HTTP1Server.serve(
        channel, self.responder, executor: self.executor, settings: settings)
    }
  }

  static func makeDecoder() -> ByteToMessageHandler<HTTPRequestDecoder> {
    var limits = NIOHTTPDecoderLimitConfiguration()
    limits.maxHeaderFieldSize = Self.headerFieldLimitBytes
    limits.maxHeaderListSize = Self.headerListLimitBytes
    limits.maxHeaderFieldCount = Self.headerCountLimit
    return ByteToMessageHandler(
      HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: limits))
  }
}

// SPDX-License-Identifier: Apache-2.0

// A listening socket and the connections that came in through it.
// What is spoken on a connection is the business of the closure that sets it up.

import Glibc
package import NIOCore
import NIOPosix

/// How a listener treats the system and its peers.
package struct ListenerLimits: Equatable, Sendable {
  /// Connections open at a time; one more is closed as soon as it is accepted.
  package var connections: Int
  /// Connections that the kernel holds until they are accepted.
  package var backlog: Int
  /// How long a TCP peer may acknowledge nothing, neither data nor a probe, before its connection
  /// is closed: one that vanished without a word would else hold its place for ever. In seconds, 8
  /// at least and 32,767 at most.
  package private(set) var peerTimeoutSeconds: Int

  package init(
    connections: Int = 10_000, backlog: Int = 1_024, peerTimeoutSeconds: Int = 120
  ) {
    self.connections = connections
    self.backlog = backlog
    self.peerTimeoutSeconds = min(max(peerTimeoutSeconds, 8), 32_767)
  }
}

/// A bound socket that accepts until it is drained.
///
/// Connections are spread over the event loops of the group, each stays on its own for life. To
/// drain, the socket is closed and each connection is sent `ChannelShouldQuiesceEvent`: a handler
/// that hears it accepts nothing new, finishes what runs and closes.
package final class Listener: Sendable {
  /// Where it really listens: port 0 has become the port that the system gave.
  package let address: ListenAddress
  private let channel: any Channel
  private let roster: ConnectionRoster
  /// Nil for TCP.
  private let file: UnixSocketFile?

  /// What one read may bring. A connection keeps its buffer, at the greatest size it once had, so the
  /// greatest bounds what silent connections hold and the first is what most of them need.
  private static let receiveBuffers = AdaptiveRecvByteBufferAllocator(
    minimum: 512, initial: 512, maximum: 16_384)

  private init(
    address: ListenAddress, channel: any Channel, roster: ConnectionRoster, file: UnixSocketFile?
  ) {
    self.address = address
    self.channel = channel
    self.roster = roster
    self.file = file
  }

  /// Binds and begins to accept.
  ///
  /// `configure` puts the handlers into the pipeline of a new connection. It runs in the event loop
  /// of that connection; when it throws, the connection is closed. A socket file left behind by a
  /// process that died is replaced; one that is still served, or any other file at the path, is an
  /// error. Two processes that bind to one path at the very same moment are not told apart. The file
  /// goes with the listener. When the system cannot give a connection (`acceptFailed` hears why),
  /// those that wait stay in the backlog and are asked for again a second later.
  /// - Throws: ``ListenError/bindFailed(address:reason:)``.
  package static func bind(
    to address: ListenAddress,
    on group: any EventLoopGroup,
    limits: ListenerLimits = ListenerLimits(),
    allowance: ConnectionAllowance? = nil,
    unixAccess: UnixSocketAccess = UnixSocketAccess(),
    acceptFailed: @escaping @Sendable (AcceptFailure) -> Void = { _ in },
    configure: @escaping @Sendable (any Channel) throws -> Void
  ) async throws(ListenError) -> Listener {
    let roster = ConnectionRoster(limit: limits.connections, allowance: allowance)
    let bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: Int32(clamping: limits.backlog))
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .serverChannelOption(.maxMessagesPerRead, value: 16)
      // Goes on a second later: the one who accepts at once again only finds the same, all the time.
      .serverChannelInitializer { socket in
        socket.eventLoop.makeCompletedFuture {
          try socket.pipeline.syncOperations.addHandler(AcceptPause(observe: acceptFailed))
        }
      }
      .childChannelOption(.recvAllocator, value: Self.receiveBuffers)
      .childChannelInitializer { connection in
        connection.eventLoop.makeCompletedFuture {
          try roster.admit(connection)
          try Self.setSocketOptions(of: connection, on: address, limits)
          try configure(connection)
        }
      }
    var file: UnixSocketFile?
    do {
      let channel: any Channel
      switch address {
      case .ipv4, .ipv6:
        channel = try await Self.bind(bootstrap, to: address)
      case .unix(let path):
        try await Self.expectNobody(at: path, on: group)
        let bound = try UnixSocketFile.bind(path, unixAccess)
        file = bound.file
        channel = try await bootstrap.withBoundSocket(bound.socket).get()
        // NIO listens with a backlog of its own; saying it again is how it is changed (listen(2)).
        _ = listen(bound.socket, CInt(clamping: limits.backlog))
      }
      let bound = address.bound(to: channel.localAddress)
      return Listener(address: bound, channel: channel, roster: roster, file: file)
    } catch {
      file?.remove()
      throw .bindFailed(address: address, reason: Self.reason(for: error))
    }
  }

  /// A process does not know of its node whether the kernel has IPv6: without it, all addresses are
  /// all of IPv4. With it they are those of both families (ipv6(7)).
  private static func bind(
    _ bootstrap: ServerBootstrap, to address: ListenAddress
  ) async throws -> any Channel {
    guard let wanted = address.socketAddress else {
      throw IOError(errnoCode: EINVAL, reason: "bind")
    }
    do {
      return try await bootstrap.bind(to: wanted).get()
    } catch let error as IOError where error.errnoCode == EAFNOSUPPORT && address.isUnspecified {
      return try await bootstrap.bind(host: "0.0.0.0", port: wanted.port ?? 0).get()
    }
  }

  /// Connections open now.
  package var openConnections: Int { self.roster.open }

  /// Accepts nothing more. Open connections go on.
  private func stopAccepting() async {
    // First, so that nobody finds a path where nobody listens.
    self.file?.remove()
    // A socket that is closed already is what was asked for.
    try? await self.channel.close().get()
  }

  /// Accepts nothing more, asks each connection to finish, and returns when all are closed.
  ///
  /// What is still open after `grace` is closed hard.
  /// - Returns: The connections that had to be closed hard.
  @discardableResult
  package func drain(grace: TimeAmount) async -> Int {
    await self.stopAccepting()
    let emptied = self.channel.eventLoop.makePromise(of: Void.self)
    for connection in self.roster.drain(whenEmpty: emptied) {
      connection.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
    }
    let roster = self.roster
    let lastCall = self.channel.eventLoop.scheduleTask(in: grace) { roster.closeAll() }
    // The promise is only ever succeeded, by the last connection to leave.
    try? await emptied.futureResult.get()
    lastCall.cancel()
    return (try? await lastCall.futureResult.get()) ?? 0
  }

  /// A socket's file would be replaced without a look at who serves it.
  private static func expectNobody(at path: String, on group: any EventLoopGroup) async throws {
    do {
      let connection = try await ClientBootstrap(group: group)
        .connect(unixDomainSocketPath: path).get()
      connection.close(promise: nil)
    } catch let error as IOError where [ENOENT, ECONNREFUSED].contains(error.errnoCode) {
      return
    }
    throw IOError(errnoCode: EADDRINUSE, reason: "bind")
  }

  private static func setSocketOptions(
    of connection: any Channel, on address: ListenAddress, _ limits: ListenerLimits
  ) throws {
    guard let options = connection.syncOptions else { return }
    if case .unix = address { return }
    // Answers are written whole, so waiting for more bytes would only add to the latency.
    try options.setOption(.tcpOption(.tcp_nodelay), value: 1)
    // Probes tell of a peer that owes nothing (tcp(7)): half the time is silence, then come four.
    let seconds = limits.peerTimeoutSeconds
    try options.setOption(.socketOption(.so_keepalive), value: 1)
    try options.setOption(.tcpOption(.init(rawValue: TCP_KEEPIDLE)), value: seconds / 2)
    try options.setOption(.tcpOption(.init(rawValue: TCP_KEEPINTVL)), value: seconds / 8)
    try options.setOption(.tcpOption(.init(rawValue: TCP_KEEPCNT)), value: 4)
    // Of one that owes acknowledgements, the retransmissions tell; in milliseconds.
    try options.setOption(.tcpOption(.init(rawValue: TCP_USER_TIMEOUT)), value: seconds * 1000)
  }

  private static func reason(for error: any Error) -> String {
    (error as? IOError)?.description ?? String(describing: error)
  }
}

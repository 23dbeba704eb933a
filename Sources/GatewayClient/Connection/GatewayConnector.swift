// SPDX-License-Identifier: Apache-2.0

package import HTTP2Engine
package import NIOCore
import NIOPosix
package import Transport

/// How to come to a gateway.
package struct GatewayConnector: Sendable {
  package var address: GatewayAddress
  /// Nil for plaintext. ALPN must offer `h2`.
  package var security: OutboundSecurity?
  /// Bounds all of it: the name's lookup, the connection and the handshake, which may have a limit of
  /// its own besides.
  package var connectTimeout: Duration = .seconds(5)
  package var userAgent: String
  package var limits = HTTP2ClientLimits()

  package init(
    _ address: GatewayAddress, security: OutboundSecurity? = nil, userAgent: String
  ) {
    self.address = address
    self.security = security
    self.userAgent = userAgent
  }

  /// Opens a connection whose calls all run in `loop`.
  ///
  /// - Throws: ``CallFailure/unreachable(_:)``.
  package func connect(
    on loop: any EventLoop
  ) async throws(CallFailure) -> GatewayConnection {
    let template = RequestHeadTemplate(
      isSecure: self.security != nil, authority: self.address.authority,
      userAgent: self.userAgent)
    let limits = self.limits
    do {
      let connected = self.channel(on: loop) { channel in
        let session = try HTTP2ClientSession(limits: limits)
        let handler = ClientHandler(
          session: session, head: template, loop: channel.eventLoop)
        try channel.pipeline.syncOperations.addHandler(handler)
      }
      return try await self.inTime(connected).flatMapThrowing { channel in
        let handler = try channel.pipeline.syncOperations.handler(type: ClientHandler.self)
        return GatewayConnection(
          channel: channel, handler: NIOLoopBound(handler, eventLoop: channel.eventLoop))
      }.get()
    } catch {
      throw .unreachable(ConnectFailure(error))
    }
  }

  /// Fails when the time is up; a connection that comes later is closed.
  private func inTime(
    _ connected: EventLoopFuture<any Channel>
  ) -> EventLoopFuture<any Channel> {
    let loop = connected.eventLoop
    let limit = TimeAmount(self.connectTimeout)
    let answer = loop.makePromise(of: (any Channel).self)
    let timer = loop.scheduleTask(in: limit) { answer.fail(ChannelError.connectTimeout(limit)) }
    // Of two ends the first counts.
    connected.cascade(to: answer)
    answer.futureResult.whenComplete { _ in timer.cancel() }
    answer.futureResult.whenFailure { _ in connected.whenSuccess { $0.close(promise: nil) } }
    return answer.futureResult
  }

  private func channel(
    on loop: any EventLoop, configure: @escaping @Sendable (any Channel) throws -> Void
  ) -> EventLoopFuture<any Channel> {
    switch self.address {
    case .tcp(let host, let port):
      OutboundConnector(
        host: host, port: port, timeout: self.connectTimeout, security: self.security
      ).connect(on: loop, configure: configure)
    case .unix(let path):
      ClientBootstrap(group: loop)
        .connectTimeout(TimeAmount(self.connectTimeout))
        .channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture { try configure(channel) }
        }
        .connect(unixDomainSocketPath: path)
    }
  }
}

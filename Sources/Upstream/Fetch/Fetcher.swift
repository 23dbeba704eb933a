// SPDX-License-Identifier: Apache-2.0

package import AWSConfiguration
import AWSSigning
package import CryptoEngine
package import NIOCore
import Transport

// Requests that are not calls: for credentials, for the account's endpoint. It knows one exchange
// of HTTP/1.1 on a connection of its own. It keeps no connection, follows no redirect and repeats
// nothing; what an answer means is for whoever asked.

/// The bounds of a fetch.
package struct FetchLimits: Equatable, Sendable {
  /// For the lookup of the name and the connect to one of its addresses together, and once more for a
  /// proxy's answer.
  package var connectTimeout: Duration = .seconds(5)
  /// For the TLS handshake.
  package var handshakeTimeout: Duration = .seconds(5)
  /// For everything together, the lookup of the name included.
  package var totalTimeout: Duration = .seconds(10)
  /// The limit on the answer's body.
  package var maxBodyBytes = CredentialAnswer.limitBytes

  package init() {}

  /// - Parameter total: for everything together, and so for each part.
  package init(total: Duration) {
    self.connectTimeout = total
    self.handshakeTimeout = total
    self.totalTimeout = total
  }
}

/// Sends requests from one event loop. Safe to call from anywhere.
package struct Fetcher: Sendable {
  package let loop: any EventLoop
  private let tls: TLSClientContext?
  private let proxies: ProxySettings?
  private let userAgent: String

  /// - Parameters:
  ///   - tls: what https URLs are fetched with; nil to refuse them. Costs much to make: one for
  ///     the process.
  ///   - proxies: which hosts are reached through a proxy; nil to go straight to all.
  ///   - userAgent: printable ASCII.
  package init(
    on loop: any EventLoop, tls: TLSClientContext?, proxies: ProxySettings? = nil,
    userAgent: String = "iot-jobs-gateway"
  ) {
    self.loop = loop
    self.tls = tls
    self.proxies = proxies
    self.userAgent = userAgent
  }

  /// Sends the request and waits for the whole response, whatever its status. Nothing of it is left
  /// when this returns, but for a connect that nobody waits for any more: it is closed when it ends.
  /// When the task is cancelled it fails, and the connection is closed.
  package func fetch(
    _ request: FetchRequest, limits: FetchLimits = FetchLimits()
  ) async throws(FetchFailure) -> UpstreamResponse {
    guard let bytes = request.bytes(userAgent: self.userAgent) else { throw .unsendable }
    let connector = OutboundConnector(
      host: request.url.host, port: request.url.port, timeout: limits.connectTimeout,
      security: try self.security(for: request.url, limits), proxy: try self.proxy(for: request))
    let loop = self.loop
    let run = NIOLoopBoundBox.makeBoxSendingValue(
      FetchRun(on: loop, connector: connector, maxBodyBytes: limits.maxBodyBytes), eventLoop: loop)
    let deadline = NIODeadline.now() + TimeAmount(limits.totalTimeout)
    let outcome = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        loop.execute {
          run.value.start(HTTPExchange(request: bytes, deadline: deadline)) {
            continuation.resume(returning: $0)
          }
        }
      }
    } onCancel: {
      loop.execute { run.value.cancel() }
    }
    switch outcome {
    case .success(let response): return response
    case .failure(let failure): throw .exchange(failure)
    }
  }

  private func proxy(for request: FetchRequest) throws(FetchFailure) -> OutboundProxy? {
    guard !request.isDirect, let proxy = self.proxies?.proxy(for: request.url) else { return nil }
    guard !proxy.url.isSecure else { throw .secureProxy(proxy.origin) }
    return OutboundProxy(
      host: proxy.url.host, port: proxy.url.port, authorization: proxy.authorization?.text)
  }

  private func security(
    for url: HTTPURL, _ limits: FetchLimits
  ) throws(FetchFailure) -> OutboundSecurity? {
    guard url.isSecure else { return nil }
    guard let tls = self.tls else { throw .noTLS }
    guard let name = TLSServerName(url.host) else { throw .unverifiableHost }
    return OutboundSecurity(
      TLSEndpoint(name, context: tls), handshakeTimeout: limits.handshakeTimeout)
  }
}

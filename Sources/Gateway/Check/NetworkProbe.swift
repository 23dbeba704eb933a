// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import CryptoEngine
import NIOCore
import Transport

/// Tries the way to one URL, each layer by itself: the name, the connection, the handshake.
struct NetworkProbe {
  let url: HTTPURL
  let proxy: OutboundProxy?
  /// Nil for plain http.
  let security: OutboundSecurity?
  /// False if any certificate is taken.
  let verifies: Bool
  let timeout: Duration
  let loop: any EventLoop

  private var repair: NetworkRepair { NetworkRepair(url: self.url, proxy: self.proxy) }

  /// Behind a proxy it is the proxy's name that this machine must know.
  func dns() -> CheckLine {
    let host = self.proxy?.host ?? self.url.host
    let through = self.proxy.map { "through the proxy \($0): " } ?? ""
    if IPAddress(host) != nil { return .ok(.dns, "\(through)\(host) is an address") }
    do throws(HostAddresses.Failure) {
      let addresses = try HostAddresses.resolve(host)
      return .ok(.dns, "\(through)\(host) has \(addresses.joined(separator: ", "))")
    } catch {
      return .failed(
        .dns, "\(through)\(host): \(error.reason)", repair: self.repair.unresolvable)
    }
  }

  func tcp() async -> CheckLine {
    let connector = OutboundConnector(
      host: self.url.host, port: self.url.port, timeout: self.timeout, proxy: self.proxy)
    let began = ContinuousClock.now
    do {
      let channel = try await connector.connect(on: self.loop) { _ in }.get()
      let took = began.duration(to: .now)
      let peer = channel.remoteAddress.flatMap { address in
        address.ipAddress.map { "\($0) port \(address.port ?? 0)" }
      }
      // Nothing was sent, so nothing can be lost.
      try? await channel.close().get()
      return .ok(.tcp, "connected to \(peer ?? "it") in \(Self.milliseconds(took))")
    } catch {
      let failure = ConnectFailure(error)
      return .failed(
        .tcp, "\(self.url.host) port \(self.url.port): \(failure.words)",
        repair: self.repair.words(for: failure))
    }
  }

  func tls(now: Int64) async -> CheckLine {
    guard let security = self.security else {
      return .skipped(.tls, "the endpoint is plain http")
    }
    let connector = OutboundConnector(
      host: self.url.host, port: self.url.port, timeout: self.timeout, security: security,
      proxy: self.proxy)
    do {
      return try await connector.connect(on: self.loop) { _ in }.flatMapThrowing { channel in
        defer { channel.close(promise: nil) }
        let handler = try channel.pipeline.syncOperations.handler(type: TLSHandler.self)
        guard let peer = handler.peer else { throw TLSFailure.closedDuringHandshake }
        return self.line(peer.handshake, peer.certificate, now: now)
      }.get()
    } catch {
      let failure = ConnectFailure(error)
      return .failed(.tls, failure.words, repair: self.repair.words(for: failure))
    }
  }

  /// A certificate that ends within this is somebody's to renew.
  private static let soonSeconds = 7 * 86_400

  private func line(
    _ handshake: TLSHandshake, _ certificate: CertificateSummary?, now: Int64
  ) -> CheckLine {
    guard let certificate else { return .ok(.tls, handshake.version.rawValue) }
    let words =
      "\(handshake.version.rawValue), \(self.verifies ? "" : "unverified ")certificate "
      + "\(certificate.subject) of "
      + "\(certificate.issuer), valid until \(certificate.notAfter)"
    if self.verifies, certificate.notAfterSeconds < Int(now) + Self.soonSeconds {
      return .warning(
        .tls, words, repair: "renew the certificate of the host before it ends")
    }
    return .ok(.tls, words)
  }

  private static func milliseconds(_ duration: Duration) -> String {
    "\(duration.wholeMilliseconds) ms"
  }
}

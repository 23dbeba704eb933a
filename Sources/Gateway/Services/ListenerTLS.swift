// SPDX-License-Identifier: Apache-2.0

import CryptoEngine
import GatewayServer
import Glibc
import Logging
import Synchronization
import Telemetry
import Transport

/// TLS towards callers, made of files that may change.
struct ListenerTLS: Sendable {
  /// What the listeners use.
  let server: ServerTLS

  /// Reads the files, and has them watched from then on.
  static func load(
    _ files: TLSFiles, watched: inout WatchList, registry: MetricsRegistry, logger: Logger
  ) throws(FileRefusal) -> ListenerTLS {
    let make = { @Sendable (contents: [[UInt8]]) throws(FileRefusal) in
      try Self.context(files, contents, logger)
    }
    let server = ServerTLS(try make(WatchedFiles("", paths: files.paths) { _ in }.read()))
    try watched.add(
      WatchedFiles("certificate", paths: files.paths) { contents throws(FileRefusal) in
        server.replace(with: try make(contents))
      })
    registry.register(
      SampledGauges(
        name: "iot_jobs_gateway_tls_certificate_not_after_seconds",
        help: "When the certificate that callers are shown is over, in seconds since 1970."
      ) { [([], Int64(server.current.certificate?.notAfterSeconds ?? 0))] })
    return ListenerTLS(server: server)
  }

  private static func context(
    _ files: TLSFiles, _ contents: [[UInt8]], _ logger: Logger
  ) throws(FileRefusal) -> TLSServerContext {
    var settings = TLSServerSettings(
      identity: TLSIdentity(certificateChainPEM: contents[0], privateKeyPEM: contents[1]))
    settings.applicationProtocols = ["h2"]
    settings.requiresApplicationProtocol = true
    if let clients = files.clients {
      settings.clientTrust = .pem(contents[2])
      settings.clientAuthentication = clients.isRequired ? .required : .requested
      settings.clientRevocationPEM = contents.count > 3 ? contents[3] : nil
    }
    do throws(TLSConfigurationError) {
      let context = try TLSServerContext(settings)
      Self.warn(of: context.certificate, logger)
      return context
    } catch {
      throw FileRefusal(path: nil, reason: error.words)
    }
  }

  /// A certificate that is over is used all the same: it says more to a client than a closed port.
  private static func warn(of certificate: CertificateSummary?, _ logger: Logger) {
    let weekSeconds = 7 * 86_400
    guard let certificate, certificate.notAfterSeconds - time(nil) < weekSeconds else {
      return
    }
    logger.warning(
      "the certificate for callers is over soon, or already",
      metadata: [LogKey.expires: "\(certificate.notAfter)"])
  }
}

// SPDX-License-Identifier: Apache-2.0

import CryptoEngine
import GatewayServer
import Glibc
import Logging
import NIOCore
import NIOPosix
import Synchronization
import Telemetry
import Transport

/// TLS towards callers, made of files that may change.
struct ListenerTLS: Sendable {
  /// How long one key seals the tickets that resume sessions (RFC 5077 §5.5). Whoever steals it can
  /// read the connections that were resumed under it, so it must not live as long as the process; and
  /// who comes back after a change shakes hands in full, which is some milliseconds.
  private static let ticketLife = TimeAmount.hours(12)

  /// What the listeners use.
  let server: ServerTLS
  private let source: Source

  /// Makes contexts. Files are read by their watch alone, which knows when they have settled: tickets
  /// are renewed with what is in force, and never bring back what was just replaced.
  private final class Source: Sendable {
    let server: ServerTLS
    private let make: @Sendable ([[UInt8]]) throws(FileRefusal) -> TLSServerContext
    private let inForce: Mutex<[[UInt8]]>

    init(
      _ contents: [[UInt8]],
      make: @escaping @Sendable ([[UInt8]]) throws(FileRefusal) -> TLSServerContext
    ) throws(FileRefusal) {
      self.server = ServerTLS(try make(contents))
      self.make = make
      self.inForce = Mutex(contents)
    }

    func use(_ contents: [[UInt8]]) throws(FileRefusal) {
      try self.inForce.withLock { inForce throws(FileRefusal) in
        self.server.replace(with: try self.make(contents))
        inForce = contents
      }
    }

    func renew() throws(FileRefusal) {
      try self.inForce.withLock { inForce throws(FileRefusal) in
        self.server.replace(with: try self.make(inForce))
      }
    }
  }

  /// Reads the files, and has them watched from then on. Nil without files.
  static func load(
    _ files: TLSFiles?, watched: inout WatchList, registry: MetricsRegistry, logger: Logger
  ) throws(FileRefusal) -> ListenerTLS? {
    guard let files else { return nil }
    let contents = try WatchedFiles.read(files.paths)
    let source = try Source(contents) { contents throws(FileRefusal) in
      try Self.context(files, contents, logger)
    }
    let server = source.server
    watched.keep(
      WatchedFiles("certificate", paths: files.paths) { contents throws(FileRefusal) in
        try source.use(contents)
      }, inForce: contents)
    registry.register(
      SampledGauges(
        name: "iot_jobs_gateway_tls_certificate_not_after_seconds",
        help: "When the certificate that callers are shown is over, in seconds since 1970."
      ) { [([], Int64(server.current.certificate?.notAfterSeconds ?? 0))] })
    return ListenerTLS(server: server, source: source)
  }

  /// Changes the key to the tickets every so often, until the loop ends.
  func renewTickets(on loop: any EventLoop, threads: NIOThreadPool) {
    loop.scheduleRepeatedTask(initialDelay: Self.ticketLife, delay: Self.ticketLife) { _ in
      _ = threads.runIfActive(eventLoop: loop) { self.renewTickets() }
    }
  }

  func renewTickets() {
    // What is in force was good before, so only memory can be wanting; the next time will do.
    try? self.source.renew()
  }

  private static func context(
    _ files: TLSFiles, _ contents: [[UInt8]], _ logger: Logger
  ) throws(FileRefusal) -> TLSServerContext {
    var settings = TLSServerSettings(
      identity: TLSIdentity(certificateChainPEM: contents[0], privateKeyPEM: contents[1]))
    settings.identity.certificateSource = files.paths[0]
    settings.identity.keySource = files.paths[1]
    settings.applicationProtocols = ["h2"]
    settings.requiresApplicationProtocol = true
    if let clients = files.clients {
      settings.clientTrust = .pem(contents[2], source: files.paths[2])
      settings.clientAuthentication = clients.isRequired ? .required : .requested
      if contents.count > 3 {
        settings.clientRevocationPEM = contents[3]
        settings.clientRevocationSource = files.paths[3]
      }
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

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

  /// What the listeners for gRPC use.
  var grpc: ServerTLS { self.source.grpc }
  /// What those for AWS's own clients use.
  var rest: ServerTLS { self.source.rest }
  private let source: Source

  /// One for each protocol: they differ in what is spoken behind TLS (RFC 7301).
  private struct Contexts {
    let grpc: TLSServerContext
    let rest: TLSServerContext
  }

  /// Makes contexts. Files are read by their watch alone, which knows when they have settled: tickets
  /// are renewed with what is in force, and never bring back what was just replaced.
  private final class Source: Sendable {
    let grpc: ServerTLS
    let rest: ServerTLS
    private let make: @Sendable ([[UInt8]]) throws(FileRefusal) -> Contexts
    private let inForce: Mutex<[[UInt8]]>

    init(
      _ contents: [[UInt8]],
      make: @escaping @Sendable ([[UInt8]]) throws(FileRefusal) -> Contexts
    ) throws(FileRefusal) {
      let contexts = try make(contents)
      self.grpc = ServerTLS(contexts.grpc)
      self.rest = ServerTLS(contexts.rest)
      self.make = make
      self.inForce = Mutex(contents)
    }

    func use(_ contents: [[UInt8]]) throws(FileRefusal) {
      try self.inForce.withLock { inForce throws(FileRefusal) in
        self.replace(with: try self.make(contents))
        inForce = contents
      }
    }

    func renew() throws(FileRefusal) {
      try self.inForce.withLock { inForce throws(FileRefusal) in
        self.replace(with: try self.make(inForce))
      }
    }

    private func replace(with contexts: Contexts) {
      self.grpc.replace(with: contexts.grpc)
      self.rest.replace(with: contexts.rest)
    }
  }

  /// Reads the files, and has them watched from then on. Nil without files.
  static func load(
    _ files: TLSFiles?, watched: inout WatchList, registry: MetricsRegistry, logger: Logger
  ) throws(FileRefusal) -> ListenerTLS? {
    guard let files else { return nil }
    let contents = try WatchedFiles.read(files.paths)
    let source = try Source(contents) { contents throws(FileRefusal) in
      try Self.contexts(files, contents, logger)
    }
    let server = source.grpc
    watched.keep(
      WatchedFiles("certificate", paths: files.paths) { contents throws(FileRefusal) in
        try source.use(contents)
      }, inForce: contents)
    registry.register(
      SampledGauges(
        name: "iot_jobs_gateway_tls_certificate_not_after_seconds",
        help: "When the certificate that callers are shown is over, in seconds since 1970."
      ) { [([], Int64(server.current.certificate?.notAfterSeconds ?? 0))] })
    return ListenerTLS(source: source)
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

  private static func contexts(
    _ files: TLSFiles, _ contents: [[UInt8]], _ logger: Logger
  ) throws(FileRefusal) -> Contexts {
    var settings = TLSServerSettings(
      identity: TLSIdentity(certificateChainPEM: contents[0], privateKeyPEM: contents[1]))
    settings.identity.certificateSource = files.paths[0]
    settings.identity.keySource = files.paths[1]
    if let clients = files.clients {
      settings.clientTrust = .pem(contents[2], source: files.paths[2])
      settings.clientAuthentication = clients.isRequired ? .required : .requested
      if contents.count > 3 {
        settings.clientRevocationPEM = contents[3]
        settings.clientRevocationSource = files.paths[3]
      }
    }
    do throws(TLSConfigurationError) {
      // AWS's clients need not name a protocol, and older ones do not.
      settings.applicationProtocols = ["http/1.1"]
      let rest = try TLSServerContext(settings)
      settings.applicationProtocols = ["h2"]
      settings.requiresApplicationProtocol = true
      let grpc = try TLSServerContext(settings)
      Self.warn(of: grpc.certificate, logger)
      return Contexts(grpc: grpc, rest: rest)
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

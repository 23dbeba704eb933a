// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import GatewayClient

/// The flags that say which gateway is asked, and as whom. They are flags alone: what the gateway's
/// own variables say of its listeners is not meant for whoever asks it.
struct ReachOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Where the gateway listens: HOST:PORT, [IPv6]:PORT or unix:PATH.", valueName: "address"))
  var address = GatewayAddress.tcp(host: "127.0.0.1", port: 50_051)

  @Flag(help: "Speak TLS, and trust the system's authorities.")
  var tls = false

  @Option(
    help: "Speak TLS, and trust the authorities in this PEM file alone.", completion: .file())
  var tlsCa: String?

  @Option(help: "The name that the gateway's certificate must show, if not the address's host.")
  var serverName: String?

  @Option(help: "PEM file with the certificate to show (mutual TLS).", completion: .file())
  var cert: String?

  @Option(help: "PEM file with the key to --cert.", completion: .file())
  var key: String?

  @Option(help: "File with the bearer token to send.", completion: .file())
  var tokenFile: String?

  func validate() throws {
    guard (self.cert == nil) == (self.key == nil) else {
      throw ValidationError("--cert and --key go together")
    }
    if case .unix = self.address, self.isSecure {
      throw ValidationError("a Unix socket is spoken to without TLS")
    }
  }

  private var isSecure: Bool {
    self.tls || self.tlsCa != nil || self.cert != nil || self.serverName != nil
  }

  /// Reads the token's file; a fault ends the program with its status.
  func reach() throws -> ClientReach {
    var reach = ClientReach(address: self.address)
    if self.isSecure {
      reach.tls = ClientReach.TLS(authorities: self.tlsCa, serverName: self.serverName)
      if let cert = self.cert, let key = self.key { reach.tls?.identity = (cert, key) }
    }
    do throws(ClientFault) {
      reach.token = try self.tokenFile.map { path throws(ClientFault) in
        try ClientReach.token(at: path)
      }
    } catch {
      StandardError.write("error: \(error.words)\n")
      throw ExitCode(error.exitCode)
    }
    return reach
  }
}

extension GatewayAddress: ExpressibleByArgument {
  package init?(argument: String) {
    self.init(argument)
  }

  package var defaultValueDescription: String { self.description }
}

/// A time limit on the command line: `250ms`, `5s`, `2m`.
struct DeadlineArgument: ExpressibleByArgument, CustomStringConvertible {
  var duration: Duration

  init(_ duration: Duration) {
    self.duration = duration
  }

  init?(argument: String) {
    guard let duration = Duration(setting: argument), duration > .zero else { return nil }
    self.duration = duration
  }

  var description: String { self.duration.settingText }
  var defaultValueDescription: String { self.description }
}

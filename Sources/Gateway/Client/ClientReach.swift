// SPDX-License-Identifier: Apache-2.0

// The commands that ask a gateway, seen from the terminal: how to come to it, what its answers and
// refusals look like to a person and to a script. How gRPC is spoken is GatewayClient's.

import CryptoEngine
import GatewayClient
import Transport

/// Where a gateway is, and who asks it.
struct ClientReach: Sendable {
  var address: GatewayAddress
  /// Nil for plaintext.
  var tls: TLS?
  /// Sent with each call; nil for none.
  var token: String?

  struct TLS: Sendable {
    /// PEM with the authorities to trust; nil for the system's.
    var authorities: String?
    /// PEM with the own certificate, and with its key.
    var identity: (certificate: String, key: String)?
    /// The name to expect; nil for the address's host.
    var serverName: String?
  }

  /// The most bytes that a token may have; what is longer no header takes.
  private static let tokenLimitBytes = 8_192
  private static let fileLimitBytes = 1 << 20

  /// Reads the token from its file, of which blanks and line ends around it are no part.
  static func token(at path: String) throws(ClientFault) -> String {
    let bytes = try Self.read(path, limit: Self.tokenLimitBytes)
    let text = String(decoding: bytes, as: UTF8.self)
    let words = text.split(whereSeparator: \.isWhitespace)
    // A header field with other characters would be left out of the call (RFC 9110 §5.5).
    guard words.count == 1, words[0].utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      throw ClientFault(
        "\(path): a token file holds one token, in ASCII without blanks", exitCode: 65)
    }
    return String(words[0])
  }

  /// Blocks while it reads files.
  func connector(timeout: Duration) throws(ClientFault) -> GatewayConnector {
    var connector = GatewayConnector(
      self.address, userAgent: "iot-jobs-gateway-cli/\(Version.text)")
    connector.connectTimeout = timeout
    if let tls = self.tls {
      var security = OutboundSecurity(try self.endpoint(tls))
      security.handshakeTimeout = timeout
      connector.security = security
    }
    return connector
  }

  private func endpoint(_ tls: TLS) throws(ClientFault) -> TLSEndpoint {
    guard case .tcp(let host, _) = self.address else {
      throw ClientFault("a Unix socket is spoken to without TLS", exitCode: 64)
    }
    guard let name = TLSServerName(tls.serverName ?? host) else {
      throw ClientFault("\(tls.serverName ?? host) is no name of a server", exitCode: 64)
    }
    var settings = TLSClientSettings()
    settings.applicationProtocols = ["h2"]
    if let path = tls.authorities { settings.verification = .required(trust: .file(path: path)) }
    if let paths = tls.identity {
      var identity = TLSIdentity(
        certificateChainPEM: try Self.read(paths.certificate, limit: Self.fileLimitBytes),
        privateKeyPEM: try Self.read(paths.key, limit: Self.fileLimitBytes))
      identity.certificateSource = paths.certificate
      identity.keySource = paths.key
      settings.identity = identity
    }
    do throws(TLSConfigurationError) {
      return TLSEndpoint(name, context: try TLSClientContext(settings))
    } catch {
      throw ClientFault(error.words, exitCode: 66)
    }
  }

  private static func read(_ path: String, limit: Int) throws(ClientFault) -> [UInt8] {
    do throws(FileBytes.Failure) {
      return try FileBytes.read(path, limit: limit)
    } catch {
      throw ClientFault("\(path): \(error.reason)", exitCode: 66)
    }
  }

  /// What each call brings along.
  func options(timeout: Duration) -> RequestOptions {
    var options = RequestOptions()
    options.timeout = timeout
    if let token = self.token { options.metadata.append(("authorization", "Bearer \(token)")) }
    return options
  }
}

/// Why a command cannot even ask. With the exit status of sysexits(3).
struct ClientFault: Error, Equatable {
  var words: String
  var exitCode: Int32

  init(_ words: String, exitCode: Int32) {
    self.words = words
    self.exitCode = exitCode
  }
}

// SPDX-License-Identifier: Apache-2.0

import Transport

/// Everything that `serve` can be told, each with its default and its reason.
enum ServeSettings {
  static let listen = SharedSettings.addresses(
    "listen", help: "Where gRPC is served, over HTTP/2 with prior knowledge. Repeatable.",
    fallback: "127.0.0.1:50051")

  static let adminListen = SharedSettings.address(
    "admin-listen", help: "Where /metrics, /livez and /readyz are served.",
    fallback: "127.0.0.1:9464")

  static let allowInsecureRemote = Setting<Bool>.toggle(
    "allow-insecure-remote",
    help: "Allow a gRPC listener that other machines reach without TLS.")

  static let upstreamEndpoint = Setting(
    "upstream-endpoint",
    help: "URL of the IoT Jobs data endpoint; `aws iot describe-endpoint --endpoint-type iot:Jobs` "
      + "tells it.",
    allowed: "an http:// or https:// URL without query or user"
  ) { UpstreamURL($0) }

  static let region = Setting(
    "region", help: "AWS region, which is part of each signature.",
    allowed: "a region such as eu-west-1"
  ) { (text: String) -> String? in
    let legal = text.utf8.allSatisfy { byte in
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
    }
    return legal && (1...32).contains(text.utf8.count) ? text : nil
  }

  static let requestLimit = Setting<Int>.count(
    "request-limit-bytes", help: "Largest request message taken.", in: 1_024...4_194_304,
    fallback: 65_536)

  static let connections = Setting<Int>.count(
    "connection-limit", help: "gRPC connections open at a time, for each listener.",
    in: 1...100_000, fallback: 10_000)

  static let streams = Setting<Int>.count(
    "stream-limit", help: "Calls at a time on one gRPC connection.", in: 1...10_000,
    fallback: 1_000)

  static let upstreamConnections = Setting<Int>.count(
    "upstream-connection-limit",
    help: "Connections to AWS open at a time, over all threads: HTTP/1.1 carries one call each.",
    in: 1...10_000, fallback: 100)

  static let upstreamWaiting = Setting<Int>.count(
    "upstream-waiting-limit",
    help: "Calls that may wait for a connection to AWS, over all threads; more are refused.",
    in: 0...100_000, fallback: 1_000)

  static let upstreamIdle = Setting<Duration>.duration(
    "upstream-idle-timeout", help: "How long an unused connection to AWS is kept.",
    fallback: "60s")

  static let upstreamConnect = Setting<Duration>.duration(
    "upstream-connect-timeout", help: "How long a connection to AWS may take to open.",
    fallback: "5s")

  static let upstreamAttempt = Setting<Duration>.duration(
    "upstream-attempt-timeout", help: "How long one request to AWS may take as a whole.",
    fallback: "30s")

  static let upstreamBody = Setting<Int>.count(
    "upstream-response-limit-bytes", help: "Largest response body read from AWS.",
    in: 1_024...16_777_216, fallback: 1_048_576)
}

/// The endpoint's parts: what is connected to, and what stands before each path.
struct UpstreamURL: Equatable, Sendable {
  var isTLS: Bool
  /// Lower case; an IPv6 address without its brackets.
  var host: String
  var port: Int
  /// Empty, or a path that begins with `/` and does not end with one; percent-encoded as written.
  var basePath: String

  /// Reads `http[s]://HOST[:PORT][/BASE]`; nil for anything else (RFC 3986 §3, less user-info,
  /// query and fragment, which have no place in an endpoint).
  init?(_ text: String) {
    let lowered = text.lowercased()
    let schemeLength: Int
    if lowered.hasPrefix("http://") {
      (self.isTLS, schemeLength) = (false, 7)
    } else if lowered.hasPrefix("https://") {
      (self.isTLS, schemeLength) = (true, 8)
    } else {
      return nil
    }
    let rest = text.dropFirst(schemeLength)
    let authority = rest.prefix { $0 != "/" }
    guard let (host, port) = Self.hostAndPort(authority.lowercased()) else { return nil }
    self.host = host
    self.port = port ?? (self.isTLS ? 443 : 80)
    var path = rest.dropFirst(authority.count)
    while path.hasSuffix("/") { path.removeLast() }
    guard path.utf8.allSatisfy(Self.isPathByte) else { return nil }
    self.basePath = String(path)
  }

  private static func hostAndPort(_ authority: String) -> (host: String, port: Int?)? {
    var host = Substring(authority)
    var port: Int?
    let isLiteral = authority.hasPrefix("[")
    let colon =
      isLiteral
      ? authority.lastIndex(of: "]").map { authority.index(after: $0) }
      : authority.firstIndex(of: ":")
    if let colon, colon < authority.endIndex {
      guard authority[colon] == ":",
        let number = UInt16(authority[authority.index(after: colon)...]), number > 0
      else { return nil }
      host = authority[..<colon]
      port = Int(number)
    }
    if isLiteral {
      guard host.hasSuffix("]") else { return nil }
      host = host.dropFirst().dropLast()
    }
    guard !host.isEmpty, host.utf8.count <= 253,
      host.utf8.allSatisfy({ Self.isHostByte($0, isLiteral: isLiteral) }), !host.hasSuffix(".")
    else { return nil }
    return (String(host), port)
  }

  private static func isHostByte(_ byte: UInt8, isLiteral: Bool) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "."):
      true
    case UInt8(ascii: "-"), UInt8(ascii: "_"): !isLiteral
    case UInt8(ascii: ":"): isLiteral
    default: false
    }
  }

  /// RFC 3986 §3.3 `pchar` and `/`; the encoding is taken as it is written.
  private static func isPathByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: Array("-._~!$&'()*+,;=:@/%".utf8).contains(byte)
    }
  }
}

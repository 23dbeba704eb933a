// SPDX-License-Identifier: Apache-2.0

// GatewayClient knows the caller's end of a connection to a gateway: gRPC over one HTTP/2 connection,
// the four operations, and the health check. It refuses to know who asks and how answers are shown.

/// Where a gateway listens: `HOST:PORT`, `[IPv6]:PORT` or `unix:PATH`. The host may be a name.
package enum GatewayAddress: Equatable, Sendable {
  /// A name or an IP address without brackets.
  case tcp(host: String, port: Int)
  case unix(path: String)

  /// The bytes that `sun_path` holds on Linux, less the closing NUL (unix(7)).
  package static let unixPathLimitBytes = 107

  /// Reads an address; nil for what is none.
  package init?(_ text: String) {
    guard !text.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) else { return nil }
    if text.hasPrefix("unix:") {
      let path = String(text.dropFirst("unix:".count))
      guard 1...Self.unixPathLimitBytes ~= path.utf8.count else { return nil }
      self = .unix(path: path)
      return
    }
    guard let colon = text.lastIndex(of: ":"),
      let port = UInt16(text[text.index(after: colon)...]), port > 0
    else { return nil }
    var host = text[..<colon]
    if host.hasPrefix("[") {
      guard host.hasSuffix("]") else { return nil }
      host = host.dropFirst().dropLast()
    } else if host.contains(":") {
      return nil
    }
    guard !host.isEmpty else { return nil }
    self = .tcp(host: String(host), port: Int(port))
  }

  /// The value of `:authority`. A Unix socket has none, and gRPC's own clients say `localhost` there.
  var authority: String {
    switch self {
    case .tcp: self.description
    case .unix: "localhost"
    }
  }
}

extension GatewayAddress: CustomStringConvertible {
  package var description: String {
    switch self {
    case .tcp(let host, let port) where host.contains(":"): "[\(host)]:\(port)"
    case .tcp(let host, let port): "\(host):\(port)"
    case .unix(let path): "unix:\(path)"
    }
  }
}

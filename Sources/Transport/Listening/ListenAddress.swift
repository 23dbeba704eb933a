// SPDX-License-Identifier: Apache-2.0

// Where a server waits for connections, read from the text a person wrote.
// No name service is asked: an address that is listened on is a literal.

package import NIOCore

/// An address to listen on: `127.0.0.1:8181`, `[::1]:0`, `localhost:8181` or `unix:PATH`.
///
/// `[::]` is every address of both families, and of IPv4 where the kernel has no other.
/// Port 0 asks the system for a free one; ``Listener/address`` then tells which it gave.
package enum ListenAddress: Hashable, Sendable {
  case ipv4(host: String, port: Int)
  case ipv6(host: String, port: Int)
  case unix(path: String)

  /// The bytes that `sun_path` holds on Linux, less the closing NUL (unix(7)).
  package static let unixPathLimitBytes = 107

  /// Reads an address. `localhost` is taken as 127.0.0.1.
  /// - Throws: ``ListenError/malformedAddress(text:rule:)``.
  package init(_ text: String) throws(ListenError) {
    if text.hasPrefix("unix:") {
      self = try Self.unix(text)
    } else if text.hasPrefix("[") {
      self = try Self.bracketed(text)
    } else {
      self = try Self.dotted(text)
    }
  }

  /// True for what no other machine can reach: 127.0.0.0/8, ::1 and Unix sockets.
  package var isLoopback: Bool {
    switch self {
    case .ipv4(let host, _): host.hasPrefix("127.")
    case .ipv6: self.socketAddress.map(Self.isLoopback) ?? false
    case .unix: true
    }
  }

  /// Nil only for a value built by hand from something that is no literal.
  package var socketAddress: SocketAddress? {
    switch self {
    case .ipv4(let host, let port), .ipv6(let host, let port):
      try? SocketAddress(ipAddress: host, port: port)
    case .unix(let path):
      try? SocketAddress(unixDomainSocketPath: path)
    }
  }

  /// True for `[::]`, which is every address of this machine.
  var isUnspecified: Bool {
    guard case .ipv6 = self, let address = self.socketAddress else { return false }
    return (try? SocketAddress(ipAddress: "::", port: address.port ?? 0)) == address
  }

  /// Where a socket came to be bound that was to be bound here: the port that the system gave, and
  /// `0.0.0.0` if it has no IPv6.
  func bound(to bound: SocketAddress?) -> ListenAddress {
    switch (self, bound) {
    case (.ipv6, .v4): .ipv4(host: "0.0.0.0", port: bound?.port ?? 0)
    case (.ipv4(let host, let port), _): .ipv4(host: host, port: bound?.port ?? port)
    case (.ipv6(let host, let port), _): .ipv6(host: host, port: bound?.port ?? port)
    case (.unix, _): self
    }
  }
}

extension ListenAddress: CustomStringConvertible {
  /// The text that ``init(_:)`` reads back as the same address.
  package var description: String {
    switch self {
    case .ipv4(let host, let port): "\(host):\(port)"
    case .ipv6(let host, let port): "[\(host)]:\(port)"
    case .unix(let path): "unix:\(path)"
    }
  }
}

extension ListenAddress {
  private static func unix(_ text: String) throws(ListenError) -> ListenAddress {
    let path = String(text.dropFirst("unix:".count))
    guard !path.isEmpty, path.utf8.count <= Self.unixPathLimitBytes, !path.utf8.contains(0) else {
      throw .malformedAddress(
        text: text, rule: "the path after unix: has 1 to \(Self.unixPathLimitBytes) bytes")
    }
    return .unix(path: path)
  }

  private static func bracketed(_ text: String) throws(ListenError) -> ListenAddress {
    guard let close = text.firstIndex(of: "]"), text[close...].hasPrefix("]:") else {
      throw .malformedAddress(text: text, rule: "an IPv6 address is written [ADDRESS]:PORT")
    }
    let host = String(text[text.index(after: text.startIndex)..<close])
    let port = try Self.port(text[close...].dropFirst(2), in: text)
    guard let address = try? SocketAddress(ipAddress: host, port: port), case .v6 = address else {
      throw .malformedAddress(text: text, rule: "an IPv6 address stands between the brackets")
    }
    return .ipv6(host: host, port: port)
  }

  private static func dotted(_ text: String) throws(ListenError) -> ListenAddress {
    guard let colon = text.firstIndex(of: ":") else {
      throw .malformedAddress(text: text, rule: "write ADDRESS:PORT or unix:PATH")
    }
    let name = String(text[..<colon])
    let host = name == "localhost" ? "127.0.0.1" : name
    let port = try Self.port(text[colon...].dropFirst(), in: text)
    guard let address = try? SocketAddress(ipAddress: host, port: port), case .v4 = address else {
      throw .malformedAddress(
        text: text, rule: "an IPv4 address, localhost or [IPv6] stands before the port")
    }
    return .ipv4(host: host, port: port)
  }

  private static func port(_ digits: Substring, in text: String) throws(ListenError) -> Int {
    let onlyDigits = digits.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    guard onlyDigits, let port = UInt16(digits) else {
      throw .malformedAddress(text: text, rule: "the port is a number from 0 to 65535")
    }
    return Int(port)
  }

  private static func isLoopback(_ address: SocketAddress) -> Bool {
    (try? SocketAddress(ipAddress: "::1", port: address.port ?? 0)) == address
  }
}

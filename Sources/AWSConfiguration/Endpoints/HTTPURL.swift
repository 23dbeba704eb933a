// SPDX-License-Identifier: Apache-2.0

import AWSSigning

/// A URL of an HTTP service, checked and taken apart.
///
/// Refused: user-info and fragment, which no service here has; a host that is neither a name of
/// letters, digits and hyphens nor an address; and every byte that has no place in a request line.
package struct HTTPURL: Hashable, Sendable {
  /// As it was given, with the scheme in lower case. It holds no secret: one in the user-info would
  /// be refused.
  package let text: String
  package let isSecure: Bool
  /// A name in lower case, or an address without brackets.
  package let host: String
  /// Nil for the scheme's own.
  package let explicitPort: Int?
  /// Path and query as given, empty or with a slash at its start.
  package let target: String

  /// What is allowed, for the message that names the setting.
  package static let rule =
    "http:// or https://, a host name or address (IPv6 in brackets), perhaps a port and a path; "
    + "no user name, query or fragment"

  /// - Parameter allowsQuery: else a `?` is refused.
  package init?(_ text: String, allowsQuery: Bool = false) {
    guard text.utf8.count <= 2048, PeerText.isToken(text) else { return nil }
    let scheme = text.prefix { $0 != ":" }.lowercased()
    guard scheme == "http" || scheme == "https" else { return nil }
    var rest = text.dropFirst(scheme.count)
    guard rest.hasPrefix("://") else { return nil }
    rest = rest.dropFirst(3)
    let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    guard !rest.contains("#"), allowsQuery || !rest.contains("?"),
      let (host, port) = Self.split(authority)
    else { return nil }
    let target = rest.dropFirst(authority.count)
    self.text = "\(scheme)\(text.dropFirst(scheme.count))"
    self.isSecure = scheme == "https"
    self.host = host.lowercased()
    self.explicitPort = port
    self.target = target.hasPrefix("?") ? "/" + target : String(target)
  }

  package var port: Int { self.explicitPort ?? (self.isSecure ? 443 : 80) }

  /// What stands before every path: empty, or without a slash at its end.
  package var basePath: String {
    var path = self.target.prefix { $0 != "?" }
    while path.hasSuffix("/") { path.removeLast() }
    return String(path)
  }

  /// Scheme and authority as they were given.
  package var origin: String {
    let scheme = self.isSecure ? "https://" : "http://"
    return scheme + self.text.dropFirst(scheme.count).prefix { $0 != "/" && $0 != "?" }
  }

  /// The Host header, both as it is sent and as it is signed.
  package var hostHeader: String {
    HostHeader.value(
      scheme: self.isSecure ? "https" : "http", host: self.host, port: self.explicitPort)
  }

  /// The host as an address; nil if it is a name.
  package var address: IPAddress? { IPAddress(self.host) }

  /// True if what is sent there stays on this machine.
  package var isLoopback: Bool {
    self.host == "localhost" || self.address?.isLoopback == true
  }

  private static func split(_ authority: Substring) -> (host: String, port: Int?)? {
    var rest = authority
    let host: Substring
    if rest.hasPrefix("[") {
      guard let end = rest.firstIndex(of: "]") else { return nil }
      host = rest[..<end].dropFirst()
      rest = rest[rest.index(after: end)...]
      guard let address = IPAddress(host), address.bytes.count == 16 else { return nil }
    } else {
      host = rest.prefix { $0 != ":" }
      rest = rest.dropFirst(host.count)
      guard Self.isHostName(host) else { return nil }
    }
    if rest.isEmpty { return (String(host), nil) }
    let digits = rest.dropFirst()
    guard 1...5 ~= digits.utf8.count, digits.allSatisfy({ "0"..."9" ~= $0 }),
      let port = Int(digits), 1...65_535 ~= port
    else { return nil }
    return (String(host), port)
  }

  /// Labels as RFC 1123 section 2.1 has them. An underscore is refused, as AWS's clients do.
  static func isHostName(_ host: Substring) -> Bool {
    guard host.utf8.count <= 253 else { return false }
    return host.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
      1...63 ~= label.utf8.count && !label.hasPrefix("-") && !label.hasSuffix("-")
        && label.utf8.allSatisfy(AWSRegion.isLabelByte)
    }
  }
}

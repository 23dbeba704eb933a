// SPDX-License-Identifier: Apache-2.0

import AWSSigning

/// Where the IoT Jobs Data Plane is called: a URL, checked and taken apart once.
package struct UpstreamEndpoint: Equatable, Sendable {
  package let isSecure: Bool
  /// A name in lower case, or an address without brackets.
  package let host: String
  package let port: Int
  /// Stands before every path; empty, or `/…` without a slash at its end.
  package let basePath: String
  /// The Host header, both as it is sent and as it is signed.
  package let hostHeader: String

  /// Reads `http://host[:port][/path]` or `https://…`; an address of IPv6 stands in brackets.
  ///
  /// Refused: user-info, query and fragment, which no endpoint has; and every byte that has no
  /// place in a request line or a Host header.
  package init(url: String) throws(UpstreamEndpointError) {
    guard url.utf8.allSatisfy({ 0x21...0x7e ~= $0 }) else { throw .illegalByte }
    var rest = url[...]
    if rest.hasPrefix("https://") {
      self.isSecure = true
    } else if rest.hasPrefix("http://") {
      self.isSecure = false
    } else {
      throw .scheme
    }
    rest = rest.dropFirst(self.isSecure ? 8 : 7)
    guard !rest.contains(where: { $0 == "?" || $0 == "#" || $0 == "@" }) else { throw .surplus }
    let authority = rest.prefix { $0 != "/" }
    let (host, port) = try Self.split(authority)
    self.host = host
    self.port = port ?? (self.isSecure ? 443 : 80)
    var path = rest.dropFirst(authority.count)
    while path.hasSuffix("/") { path.removeLast() }
    self.basePath = String(path)
    self.hostHeader = HostHeader.value(
      scheme: self.isSecure ? "https" : "http", host: host, port: port)
  }

  private static func split(
    _ authority: Substring
  ) throws(UpstreamEndpointError) -> (host: String, port: Int?) {
    var rest = authority
    let host: Substring
    if rest.hasPrefix("[") {
      guard let end = rest.firstIndex(of: "]") else { throw .host }
      host = rest[rest.index(after: rest.startIndex)..<end]
      rest = rest[rest.index(after: end)...]
      guard host.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." }) else { throw .host }
    } else {
      host = rest.prefix { $0 != ":" }
      rest = rest.dropFirst(host.count)
      guard host.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "-" || $0 == "." || $0 == "_" }),
        !host.hasSuffix(".")
      else { throw .host }
    }
    guard !host.isEmpty else { throw .host }
    if rest.isEmpty {
      return (host.lowercased(), nil)
    }
    guard rest.hasPrefix(":"), let port = Int(rest.dropFirst()), 1...65_535 ~= port else {
      throw .port
    }
    return (host.lowercased(), port)
  }
}

/// What is wrong with an endpoint's URL: the configuration's doing.
package enum UpstreamEndpointError: Error, Equatable, Sendable {
  case illegalByte
  case scheme
  case host
  case port
  case surplus

  /// What is allowed, for the message that names the setting.
  package var rule: String {
    switch self {
    case .illegalByte: "a URL of printable ASCII without spaces"
    case .scheme: "a URL that begins with http:// or https://"
    case .host: "a host name without a dot at its end, or an IPv6 address in brackets"
    case .port: "a port from 1 to 65535"
    case .surplus: "a URL without user name, query and fragment"
    }
  }
}

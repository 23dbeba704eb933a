// SPDX-License-Identifier: Apache-2.0

/// Which hosts are reached through a proxy.
///
/// `HTTPS_PROXY` for https, `HTTP_PROXY` for http, each also in lower case, which wins, as curl and
/// Python have it; `NO_PROXY` for the exceptions. This machine is never reached through a proxy, as
/// Go has it. The credential endpoints of containers and instances bypass proxies without asking
/// here.
package struct ProxySettings: Equatable, Sendable {
  private let secure: HTTPProxy?
  private let plain: HTTPProxy?
  private let exceptions: [ProxyException]

  package init(_ environment: AWSEnvironment) throws(AWSConfigurationError) {
    self.secure = try Self.sourced("https_proxy", environment).map(HTTPProxy.init)
    self.plain = try Self.sourced("http_proxy", environment).map(HTTPProxy.init)
    let exceptions = Self.sourced("no_proxy", environment)?.value ?? ""
    self.exceptions = exceptions.split(separator: ",").compactMap { ProxyException($0) }
  }

  /// The proxy for a URL; nil to go straight.
  package func proxy(for url: HTTPURL) -> HTTPProxy? {
    guard let proxy = url.isSecure ? self.secure : self.plain, !url.isLoopback else { return nil }
    return self.exceptions.contains { $0.matches(url) } ? nil : proxy
  }

  private static func sourced(_ name: String, _ environment: AWSEnvironment) -> Sourced<String>? {
    environment.sourced(name) ?? environment.sourced(name.uppercased())
  }
}

/// One entry of `NO_PROXY`.
///
/// A name stands for itself and all names below it, with or without `.` or `*.` before it; an
/// address for itself; a block such as `10.0.0.0/8` for its addresses; `*` for everything. A port
/// behind a name or address narrows it. Names are never looked up.
struct ProxyException: Equatable, Sendable {
  private enum Pattern: Equatable {
    case everything
    case name(String)
    case block(IPAddress, prefixLength: Int)
  }

  private let pattern: Pattern
  private let port: Int?

  /// Nil for an entry that can fit nothing.
  init?(_ entry: Substring) {
    let text = String(entry.filter { $0 != " " && $0 != "\t" }).lowercased()
    if text == "*" {
      (self.pattern, self.port) = (.everything, nil)
      return
    }
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    if parts.count == 2 {
      guard let base = IPAddress(parts[0]), let length = Int(parts[1]),
        0...(base.bytes.count * 8) ~= length
      else { return nil }
      (self.pattern, self.port) = (.block(base, prefixLength: length), nil)
      return
    }
    if let address = IPAddress(text) {
      (self.pattern, self.port) = (.block(address, prefixLength: address.bytes.count * 8), nil)
      return
    }
    var name = text[...]
    if name.hasPrefix("*.") { name = name.dropFirst(2) }
    while name.hasPrefix(".") { name = name.dropFirst() }
    guard let url = HTTPURL("http://\(name)"), url.target.isEmpty else { return nil }
    self.port = url.explicitPort
    self.pattern =
      url.address.map { .block($0, prefixLength: $0.bytes.count * 8) } ?? .name(url.host)
  }

  func matches(_ url: HTTPURL) -> Bool {
    guard self.port == nil || self.port == url.port else { return false }
    switch self.pattern {
    case .everything:
      return true
    case .name(let name):
      return url.host == name || url.host.hasSuffix(".\(name)")
    case .block(let base, let length):
      return url.address?.shares(prefixLength: length, with: base) ?? false
    }
  }
}

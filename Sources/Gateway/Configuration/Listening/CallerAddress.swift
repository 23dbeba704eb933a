// SPDX-License-Identifier: Apache-2.0

import Transport

/// Where callers come in, and whether it is secured there: `127.0.0.1:50051`, `unix:PATH`,
/// `tls:[::]:8443`.
struct CallerAddress: Hashable, Sendable {
  private static let securePrefix = "tls:"

  var address: ListenAddress
  var isSecure: Bool

  /// Other machines can reach it, and read along.
  var isExposed: Bool { !self.isSecure && !self.address.isLoopback }

  init(_ text: String) throws(ListenError) {
    self.isSecure = text.hasPrefix(Self.securePrefix)
    self.address = try ListenAddress(
      self.isSecure ? String(text.dropFirst(Self.securePrefix.count)) : text)
    if self.isSecure, case .unix = self.address {
      throw .malformedAddress(
        text: text, rule: "a Unix socket leaves this machine no more than TLS would; use unix:PATH")
    }
  }
}

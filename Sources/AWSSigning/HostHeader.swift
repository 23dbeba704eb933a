// SPDX-License-Identifier: Apache-2.0

/// The one spelling of a Host header that is both sent and signed.
package enum HostHeader {
  /// The host in lower case; the port unless it is the scheme's own; an IPv6 address in brackets.
  ///
  /// - Parameters:
  ///   - scheme: `http` or `https`.
  ///   - host: a name or an address, IPv6 with or without its brackets, without user-info.
  ///   - port: nil for the scheme's own.
  package static func value(scheme: String, host: String, port: Int?) -> String {
    var host = host.lowercased()
    if host.utf8.contains(UInt8(ascii: ":")), !host.hasPrefix("[") { host = "[\(host)]" }
    switch (scheme, port) {
    case (_, nil), ("http", 80), ("https", 443): return host
    case (_, let port?): return "\(host):\(port)"
    }
  }
}

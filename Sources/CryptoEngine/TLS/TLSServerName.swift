// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Whom a client means to reach, and so whose certificate it accepts.
///
/// A DNS name goes into the ClientHello (SNI, RFC 6066 §3) and is matched against the certificate's
/// names; an IP address is matched against its addresses and never sent, as RFC 6066 forbids.
package enum TLSServerName: Hashable, Sendable {
  /// In lower case, without a dot at its end.
  case dns(String)
  /// An address of IPv4 or IPv6, without brackets.
  case address(String)

  /// Reads a host as it stands in a URL, but without brackets.
  ///
  /// - Returns: nil for what can be neither an address nor a name in ASCII (RFC 1123 §2.1, and the
  ///   underscore, which some private networks have).
  package init?(_ host: String) {
    if Self.isAddress(host) {
      self = .address(host)
      return
    }
    let name = (host.hasSuffix(".") ? host.dropLast() : host[...]).lowercased()
    guard !name.isEmpty, name.utf8.count <= 253 else { return nil }
    let labels = name.split(separator: ".", omittingEmptySubsequences: false)
    guard labels.allSatisfy(Self.isLabel) else { return nil }
    self = .dns(name)
  }

  package var text: String {
    switch self {
    case .dns(let name): name
    case .address(let address): address
    }
  }

  private static func isLabel(_ label: Substring) -> Bool {
    guard 1...63 ~= label.utf8.count, label.first != "-", label.last != "-" else { return false }
    return label.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
      case UInt8(ascii: "-"), UInt8(ascii: "_"): true
      default: false
      }
    }
  }

  private static func isAddress(_ host: String) -> Bool {
    // inet_pton stops at a NUL, and would take the text before it for all there is.
    guard !host.utf8.contains(0) else { return false }
    var address = in6_addr()
    // Room for the larger of the two families.
    return unsafe withUnsafeMutableBytes(of: &address) { bytes in
      unsafe inet_pton(AF_INET, host, bytes.baseAddress) == 1
        || inet_pton(AF_INET6, host, bytes.baseAddress) == 1
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A name's addresses, as this machine's resolver has them.
enum HostAddresses {
  struct Failure: Error {
    /// The resolver's own words.
    var reason: String
  }

  /// Blocks until the resolver has answered.
  static func resolve(_ host: String) throws(Failure) -> [String] {
    // All of it is zero, which means: whatever there is.
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
    var first: UnsafeMutablePointer<addrinfo>?
    let status = unsafe getaddrinfo(host, nil, &hints, &first)
    // The texts of gai_strerror are static.
    guard status == 0 else { throw Failure(reason: unsafe String(cString: gai_strerror(status))) }
    // The list is ours until then, and read no longer.
    defer { unsafe freeaddrinfo(first) }
    var addresses: [String] = []
    // Linked by the library, with a null pointer at its end.
    var entry = unsafe first
    while let info = unsafe entry?.pointee {
      if let text = unsafe self.text(of: info), !addresses.contains(text) { addresses.append(text) }
      unsafe entry = unsafe info.ai_next
    }
    return addresses
  }

  private static func text(of info: addrinfo) -> String? {
    // The longest address of IPv6, with the name of an interface behind it.
    var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    let status = unsafe getnameinfo(
      info.ai_addr, info.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
    guard status == 0 else { return nil }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

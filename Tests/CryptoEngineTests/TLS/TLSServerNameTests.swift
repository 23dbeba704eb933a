// SPDX-License-Identifier: Apache-2.0

import CryptoEngine
import Testing

@Suite struct TLSServerNameTests {
  @Test(arguments: [
    ("a1b2-ats.data.jobs.iot.eu-west-1.amazonaws.com", ""),
    ("LOCALHOST", "localhost"), ("a.example.com.", "a.example.com"), ("_x.a", ""), ("1.2.3", ""),
    ("xn--mnchen-3ya.example", ""),
  ])
  func `a host name is a name`(host: String, name: String) {
    #expect(TLSServerName(host) == .dns(name.isEmpty ? host : name))
  }

  @Test(arguments: ["127.0.0.1", "0.0.0.0", "::1", "fd00::17", "::ffff:10.0.0.1"])
  func `an address is an address`(host: String) {
    #expect(TLSServerName(host) == .address(host))
  }

  @Test(arguments: [
    "", ".", "a..b", ".a", "-a", "a-.b", "a b", "a/b", "a:443", "[::1]", "*.example.com",
    "münchen.example", "a\u{0}.example.com", "127.0.0.1\u{0}", "fe80::1%eth0", "a.example.com..",
    String(repeating: "a", count: 64),
    Array(repeating: "a234567", count: 32).joined(separator: "."),
  ])
  func `what is neither is refused`(host: String) {
    #expect(TLSServerName(host) == nil)
  }
}

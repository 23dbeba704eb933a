// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Authorization

@Suite struct CallerIdentityTests {
  private func names(
    uris: [String] = [], dns: [String] = [], commonName: String? = nil
  ) -> [String] {
    CallerIdentity(uriNames: uris, dnsNames: dns, commonName: commonName).names
      .map(\.description)
  }

  @Test func `a certificate's names are the caller's, the SPIFFE ID first`() {
    #expect(
      self.names(uris: ["spiffe://td/thing/lamp-1"], dns: ["Lamp-1.Example"], commonName: "Lamp")
        == ["spiffe://td/thing/lamp-1", "dns:lamp-1.example", "cn:Lamp"])
  }

  @Test(arguments: [
    ["spiffe://td/a", "spiffe://td/b"], ["spiffe://td/a", "https://example"],
    ["https://td/thing/a"], ["SPIFFE://td/a"], ["spiffe://"], ["spiffe:///a"], ["spiffe://TD/a"],
    ["spiffe://td/"], ["spiffe://td//a"], ["spiffe://td/a/"], ["spiffe://td/../a"],
    ["spiffe://td/./a"], ["spiffe://td/a%2Fb"], ["spiffe://td:1/a"], ["spiffe://u@td/a"],
    ["spiffe://td/a?b"], ["spiffe://td/\u{E9}"], ["spiffe://td/a\u{0}b"],
    ["spiffe://td/" + String(repeating: "a", count: 2_048)],
  ])
  func `what is no SPIFFE ID, or not the only URI, names nobody`(uris: [String]) {
    #expect(self.names(uris: uris) == [])
  }

  @Test func `a trust domain alone, and dots inside a segment, are well formed`() {
    #expect(self.names(uris: ["spiffe://td.example"]) == ["spiffe://td.example"])
    #expect(self.names(uris: ["spiffe://td/a..b/..."]) == ["spiffe://td/a..b/..."])
  }

  @Test(arguments: [
    "*.example", "", "a..b", ".a", "a.", "a b", "a\u{0}.example", "b\u{FC}ro.example",
  ])
  func `a DNS name that names no one host is left out`(name: String) {
    #expect(self.names(dns: [name]) == [])
  }

  @Test func `nobody is known without a name`() {
    #expect(!CallerIdentity.unknown.isKnown)
    #expect(self.names(commonName: "") == [])
    #expect(CallerIdentity(uid: 0).isKnown)
  }

  @Test func `a token's name comes before what the connection shows`() {
    let caller = CallerIdentity(uid: 7).with(.init(.token, "console"))
    #expect(caller.names.map(\.description) == ["token:console", "uid:7"])
  }
}

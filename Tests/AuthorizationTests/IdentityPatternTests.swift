// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Authorization

@Suite struct IdentityPatternTests {
  private func match(_ pattern: String, _ name: CallerIdentity.Name) throws -> [String]? {
    try IdentityPattern(pattern).match(NamePieces(name)).map { values in
      values.map { String(decoding: $0, as: UTF8.self) }
    }
  }

  @Test(arguments: [
    ("spiffe://td/thing/{thing}", "spiffe://td/thing/lamp-1", ["lamp-1"]),
    ("spiffe://td/{site}/thing/{thing}", "spiffe://td/b7/thing/x", ["b7", "x"]),
    ("spiffe://td/thing/t-{thing}.v1", "spiffe://td/thing/t-a.b.v1", ["a.b"]),
    ("spiffe://td/ns/*/sa/console", "spiffe://td/ns/prod/sa/console", []),
    ("spiffe://td/a*", "spiffe://td/a", []),
    ("spiffe://td", "spiffe://td", []),
  ])
  func `a SPIFFE ID matches segment by segment`(
    pattern: String, id: String, values: [String]
  ) throws {
    #expect(try self.match(pattern, .init(.spiffe, id)) == values)
  }

  @Test(arguments: [
    ("spiffe://td/thing/{thing}", "spiffe://td/thing/a/b"),
    ("spiffe://td/thing/{thing}", "spiffe://td/thing"),
    ("spiffe://td/thing/{thing}", "spiffe://td/thing/"),
    ("spiffe://td/thing/{thing}", "spiffe://other/thing/a"),
    ("spiffe://td/thing/{thing}", "spiffe://td2/thing/a"),
    ("spiffe://td/thing/*", "spiffe://td/things/a"),
    ("spiffe://td/t-{thing}-t", "spiffe://td/t-t"),
    ("spiffe://td/t-{thing}-t", "spiffe://td/t--t"),
    ("spiffe://td/aba", "spiffe://td/ab"),
    ("spiffe://td/ab*ba", "spiffe://td/aba"),
    ("spiffe://td/Thing", "spiffe://td/thing"),
  ])
  func `a wildcard does not cross a separator, and a variable is never empty`(
    pattern: String, id: String
  ) throws {
    #expect(try self.match(pattern, .init(.spiffe, id)) == nil)
  }

  @Test func `kinds are never taken for each other`() throws {
    for kind in CallerIdentity.Kind.allCases where kind != .commonName {
      #expect(try self.match("cn:1000", .init(kind, "1000")) == nil)
    }
    #expect(try self.match("cn:1000", .init(.commonName, "1000")) == [])
    #expect(try self.match("cn:spiffe://td/a", .init(.commonName, "spiffe://td/a")) == [])
    #expect(try self.match("spiffe://td/a", .init(.commonName, "spiffe://td/a")) == nil)
  }

  @Test func `names of hosts have no case, and labels keep their number`() throws {
    #expect(try self.match("dns:*.OTA.example", .init(.dns, "a.ota.example")) == [])
    #expect(try self.match("dns:*.ota.example", .init(.dns, "a.b.ota.example")) == nil)
    #expect(try self.match("dns:*.ota.example", .init(.dns, "ota.example")) == nil)
    #expect(try self.match("dns:{thing}.ota.example", .init(.dns, "x.ota.example")) == ["x"])
  }

  @Test func `a common name is one piece, separators and all`() throws {
    #expect(try self.match("cn:{thing}", .init(.commonName, "a.b/c")) == ["a.b/c"])
    #expect(try self.match("cn:lamp *", .init(.commonName, "lamp 7")) == [])
    // The same to a reader, and to Swift's strings, but not the same bytes.
    #expect(try self.match("cn:b\u{FC}ro", .init(.commonName, "bu\u{308}ro")) == nil)
  }

  @Test func `a uid is a number or any`() throws {
    #expect(try self.match("uid:1000", .init(.uid, "1000")) == [])
    #expect(try self.match("uid:1000", .init(.uid, "10000")) == nil)
    #expect(try self.match("uid:*", .init(.uid, "0")) == [])
  }

  @Test(arguments: [
    "", "thing", "http://td/a", "spiffe:/td", "user:1",
    "spiffe://", "spiffe:///a", "spiffe://td/", "spiffe://td//a", "spiffe://td/..", "spiffe://TD/a",
    "spiffe://*/a", "spiffe://{td}/a", "spiffe://td/a b", "spiffe://td/%41",
    "spiffe://td/*{a}", "spiffe://td/{a}{b}", "spiffe://td/**", "spiffe://td/a*b*c",
    "spiffe://td/{a}/{a}", "spiffe://td/{", "spiffe://td/{}", "spiffe://td/{A}",
    "spiffe://td/{1a}", "spiffe://td/}", "spiffe://td/{a-b}",
    "dns:", "dns:a..b", "dns:a b", "cn:", "cn:\u{7F}", "token:", "token:a b",
    "uid:", "uid:01", "uid:-1", "uid:4294967296", "uid:1*", "uid:{u}", "uid:x",
  ])
  func `a pattern with two meanings or none is refused`(text: String) {
    #expect(throws: AuthorizationFault.self) { try IdentityPattern(text) }
  }

  @Test func `a pattern's length is bounded`() throws {
    let longest = "cn:" + String(repeating: "a", count: IdentityPattern.limitBytes - 3)
    _ = try IdentityPattern(longest)
    #expect(throws: AuthorizationFault.self) { try IdentityPattern(longest + "a") }
  }
}

// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import Testing

@Suite struct HTTPURLTests {
  @Test(arguments: [
    ("http://127.0.0.1:8181", false, "127.0.0.1", 8181, "", "127.0.0.1:8181"),
    ("HTTPS://Example.COM", true, "example.com", 443, "", "example.com"),
    ("http://example.com:80/", false, "example.com", 80, "", "example.com"),
    ("https://example.com:80/a/b//", true, "example.com", 80, "/a/b", "example.com:80"),
    ("https://[::1]:443", true, "::1", 443, "", "[::1]"),
    ("http://[FE80::1]:8080/x", false, "fe80::1", 8080, "/x", "[fe80::1]:8080"),
    ("http://a-b.1c", false, "a-b.1c", 80, "", "a-b.1c"),
  ])
  func `a URL is taken apart`(
    text: String, isSecure: Bool, host: String, port: Int, basePath: String, hostHeader: String
  ) throws {
    let url = try #require(HTTPURL(text))
    #expect(url.text == text.replacing("HTTPS:", with: "https:"))
    #expect(url.isSecure == isSecure)
    #expect(url.host == host && url.port == port)
    #expect(url.basePath == basePath)
    #expect(url.hostHeader == hostHeader)
  }

  @Test(arguments: [
    "", "a", "a.example", "//a", "http:/a", "http:a", "ftp://a", "http://", "http:///x",
    "http://:80", "http://a.", "http://.a", "http://a..b", "http://-a", "http://a-",
    "http://a_b", "http://%61", "http://ä", "http://a:", "http://a:0", "http://a:65536",
    "http://a:+80", "http://a:80x", "http://a:000080", "http://u@a", "http://u:p@a",
    "http://a?q", "http://a/#f", "http://a/ b", "http://a/\r\nb: c", "http://a\\b",
    "http://[::1", "http://[]", "http://[::1]x", "http://[::1%lo]", "http://[127.0.0.1]",
    "http://::1", "http://\(String(repeating: "a", count: 64))",
    "http://a/\(String(repeating: "b", count: 2040))",
  ])
  func `what is no service's URL is refused`(text: String) {
    #expect(HTTPURL(text) == nil)
  }

  @Test func `a query is kept where it is allowed`() throws {
    #expect(HTTPURL("http://a/b?c=d", allowsQuery: true)?.target == "/b?c=d")
    #expect(HTTPURL("http://a?c=d", allowsQuery: true)?.target == "/?c=d")
    #expect(HTTPURL("http://a?c=d", allowsQuery: true)?.host == "a")
    #expect(HTTPURL("http://a/b?c#d", allowsQuery: true) == nil)
  }

  @Test(arguments: [
    ("http://localhost", true), ("http://LOCALHOST:1", true), ("http://127.255.0.1", true),
    ("http://[::1]", true), ("http://[0:0::1]", true), ("http://128.0.0.1", false),
    ("http://localhost.example", false), ("http://[::2]", false), ("http://[::]", false),
    ("http://0.0.0.0", false), ("http://127.1", false),
  ])
  func `loopback is known by its address, or as localhost`(text: String, isLoopback: Bool) {
    #expect(HTTPURL(text)?.isLoopback == isLoopback)
  }
}

@Suite struct IPAddressTests {
  @Test(
    arguments: [
      ("1.2.3.4", [1, 2, 3, 4]), ("0.0.0.0", [0, 0, 0, 0]),
      ("255.255.255.255", [255, 255, 255, 255]),
      ("::", [UInt8](repeating: 0, count: 16)),
      ("::1", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
      ("fd00:ec2::23", [0xfd, 0, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x23]),
      ("FD00:0EC2:0:0:0:0:0:0023", [0xfd, 0, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x23]),
      ("1:2:3:4:5:6:7:8", [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8]),
      ("1::", [0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
      ("::ffff:1.2.3.4", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1, 2, 3, 4]),
      ("1:2:3:4:5:6:1.2.3.4", [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 1, 2, 3, 4]),
    ] as [(String, [UInt8])])
  func `an address is read in each form`(text: String, bytes: [UInt8]) {
    #expect(IPAddress(text)?.bytes == bytes)
  }

  @Test(arguments: [
    "", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "+1.2.3.4", "1.2.3.-4", "1..2.3",
    " 1.2.3.4", "0x1.2.3.4", "a.b.c.d", ":", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
    "1::2::3", "12345::", "g::", "-1::", "+1::", "1:2:3:4:5:6:7::8", "::1%lo", "[::1]",
    "1.2.3.4::", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3", ":1", "1:", "::1:", "1:::2", "::½",
    String(repeating: "0:", count: 40),
  ])
  func `what is no address is none`(text: String) {
    #expect(IPAddress(text) == nil)
  }

  @Test(arguments: [
    ("10.1.2.3", "10.0.0.0", 8, true), ("11.1.2.3", "10.0.0.0", 8, false),
    ("10.1.2.3", "10.1.2.2", 31, true), ("10.1.2.3", "10.1.2.2", 32, false),
    ("1.2.3.4", "9.9.9.9", 0, true), ("fd00:1::1", "fd00::", 16, true),
    ("fd01::1", "fd00::", 16, false), ("fd01::1", "fd00::", 15, true), ("1.2.3.4", "::", 0, false),
    ("1.2.3.4", "1.2.3.4", 33, false), ("1.2.3.4", "1.2.3.4", -1, false),
  ])
  func `a prefix is shared bit by bit`(one: String, other: String, length: Int, shares: Bool) throws
  {
    let one = try #require(IPAddress(one))
    let other = try #require(IPAddress(other))
    #expect(one.shares(prefixLength: length, with: other) == shares)
    #expect(other.shares(prefixLength: length, with: one) == shares)
  }
}

@Suite struct AWSRegionTests {
  @Test(arguments: [
    ("us-west-2", "us-west-2", false), ("US-West-2", "us-west-2", false), ("local", "local", false),
    ("fips-us-west-2", "us-west-2", true), ("us-west-2-fips", "us-west-2", true),
    ("dkr-fips-us-west-2", "dkr-us-west-2", true), ("FIPS-us-west-2", "us-west-2", true),
    (String(repeating: "a", count: 63), String(repeating: "a", count: 63), false),
  ])
  func `a region's name is cleaned`(text: String, name: String, isPseudoFIPS: Bool) {
    let region = AWSRegion(text)
    #expect(region?.name == name)
    #expect(region?.isPseudoFIPS == isPseudoFIPS)
  }

  @Test(arguments: [
    "", "123", "-a", "a-", "a.b", "a_b", "a b", "a/b", "a@b", "ä", "a\n", "\n", "fips-", "-fips",
    "fips-1", "fips--fips", String(repeating: "a", count: 64),
  ])
  func `what is no host label is no region`(text: String) {
    #expect(AWSRegion(text) == nil)
  }
}

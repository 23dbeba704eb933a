// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import Transport

struct ListenAddressTests {
  @Test(arguments: [
    ("127.0.0.1:8181", ListenAddress.ipv4(host: "127.0.0.1", port: 8181)),
    ("0.0.0.0:0", .ipv4(host: "0.0.0.0", port: 0)),
    ("localhost:65535", .ipv4(host: "127.0.0.1", port: 65535)),
    ("[::1]:0", .ipv6(host: "::1", port: 0)),
    ("[::]:50051", .ipv6(host: "::", port: 50051)),
    ("unix:/run/jobs.sock", .unix(path: "/run/jobs.sock")),
    ("unix:jobs.sock", .unix(path: "jobs.sock")),
  ])
  func `an address is read and written`(text: String, expected: ListenAddress) throws {
    let address = try ListenAddress(text)
    #expect(address == expected)
    #expect(try ListenAddress(address.description) == expected)
  }

  @Test(arguments: [
    "", ":", "8181", ":8181", "127.0.0.1", "127.0.0.1:", "127.0.0.1:-1", "127.0.0.1:65536",
    "127.0.0.1:+1", "127.0.0.1:1x", "127.0.0.1:1:2", "example.org:80", "[::1]", "[::1]8181",
    "[::1]:", "[::1", "[127.0.0.1]:80", "::1:80", "[]:80", "unix:", "UNIX:/x",
    "unix:" + String(repeating: "x", count: 108),
  ])
  func `what is no address is refused with its text`(text: String) throws {
    let error = #expect(throws: ListenError.self) { try ListenAddress(text) }
    guard case .malformedAddress(let shown, let rule) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(shown == text)
    #expect(!rule.isEmpty)
  }

  @Test(arguments: [
    ("127.0.0.1:1", true), ("127.3.2.1:1", true), ("localhost:1", true), ("[::1]:1", true),
    ("[0:0:0:0:0:0:0:1]:1", true), ("unix:x", true), ("0.0.0.0:1", false), ("[::]:1", false),
    ("10.0.0.1:1", false), ("[::ffff:10.0.0.1]:1", false),
  ])
  func `only what no other machine reaches is loopback`(text: String, loopback: Bool) throws {
    #expect(try ListenAddress(text).isLoopback == loopback)
  }

  @Test(arguments: [
    ("[::]:1", true), ("[0:0:0:0:0:0:0:0]:1", true), ("[::1]:1", false), ("0.0.0.0:1", false),
    ("unix:x", false),
  ])
  func `only one address is all of both families`(text: String, unspecified: Bool) throws {
    #expect(try ListenAddress(text).isUnspecified == unspecified)
  }

  @Test func `a socket's own port, and its own family, is where it listens`() throws {
    let all = try ListenAddress("[::]:0")
    let of6 = try SocketAddress(ipAddress: "::", port: 7)
    let of4 = try SocketAddress(ipAddress: "0.0.0.0", port: 7)
    #expect(all.bound(to: of6) == .ipv6(host: "::", port: 7))
    #expect(all.bound(to: of4) == .ipv4(host: "0.0.0.0", port: 7))
    #expect(all.bound(to: nil) == all)
    #expect(try ListenAddress("127.0.0.1:0").bound(to: of4) == .ipv4(host: "127.0.0.1", port: 7))
    #expect(ListenAddress.unix(path: "x").bound(to: nil) == .unix(path: "x"))
  }
}

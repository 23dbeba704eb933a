// SPDX-License-Identifier: Apache-2.0

import Testing
import Transport

@testable import iot_jobs_gateway

@Suite struct ListenConfigurationTests {
  private let pair = ["tls-certificate": "c.pem", "tls-key": "k.pem"]

  private func read(_ flags: [String: String]) throws -> ListenConfiguration {
    try ListenConfiguration(SettingsReader(flags: flags, environment: [:], file: nil))
  }

  private func secure(_ more: [String: String] = [:]) throws -> ListenConfiguration {
    try self.read(["listen": "tls:0.0.0.0:1"].merging(self.pair) { $1 }.merging(more) { $1 })
  }

  @Test func `places are read, secured or not`() throws {
    let read = try self.read(
      ["listen": "127.0.0.1:1,unix:/s,tls:[::]:2"].merging(self.pair) { $1 })
    #expect(read.addresses.map(\.isSecure) == [false, false, true])
    #expect(
      read.addresses.map(\.address)
        == [.ipv4(host: "127.0.0.1", port: 1), .unix(path: "/s"), .ipv6(host: "::", port: 2)])
  }

  @Test func `by default it is one of loopback, in plaintext`() throws {
    let read = try self.read([:])
    #expect(read.addresses.map(\.address) == [.ipv4(host: "127.0.0.1", port: 50051)])
    #expect(read.tls == nil)
    #expect(read.unixMode == 0o660)
    #expect(read.unixOwner == nil)
  }

  @Test(arguments: ["tls:", "tls:unix:/s", "TLS:127.0.0.1:1", "127.0.0.1:1,", "tls:tls:[::]:1"])
  func `what is no place is refused`(text: String) {
    let error = #expect(throws: ConfigurationError.self) { try self.read(["listen": text]) }
    #expect(error?.exitCode == 64)
  }

  @Test func `other machines need TLS, or somebody's word`() throws {
    #expect(throws: ConfigurationError.self) { try self.read(["listen": "0.0.0.0:1"]) }
    #expect(
      try self.read(["listen": "0.0.0.0:1", "allow-insecure-remote": "true"]).addresses.count == 1)
    #expect(try self.secure().addresses.count == 1)
  }

  @Test(arguments: [
    ["listen": "tls:127.0.0.1:1"],
    ["listen": "tls:127.0.0.1:1", "tls-certificate": "c"],
    ["listen": "tls:127.0.0.1:1", "tls-key": "k"],
    ["listen": "127.0.0.1:1", "tls-certificate": "c", "tls-key": "k"],
    ["tls-client-ca": "a"], ["tls-client-crl": "l"], ["tls-client-auth": "require"],
  ])
  func `half of what TLS needs is refused`(flags: [String: String]) {
    let error = #expect(throws: ConfigurationError.self) { try self.read(flags) }
    #expect(error?.exitCode == 78)
  }

  @Test func `an authority is for requiring, unless it is said otherwise`() throws {
    #expect(try self.secure().tls?.clients == nil)
    let required = try self.secure(["tls-client-ca": "a"]).tls
    #expect(required?.clients?.isRequired == true)
    #expect(required?.paths == ["c.pem", "k.pem", "a"])
    let requested = try self.secure(["tls-client-ca": "a", "tls-client-auth": "request"]).tls
    #expect(requested?.clients?.isRequired == false)
    #expect(
      try self.secure(["tls-client-ca": "a", "tls-client-auth": "none"]).tls?.clients == nil)
    let listed = try self.secure(["tls-client-ca": "a", "tls-client-crl": "l"]).tls
    #expect(listed?.paths == ["c.pem", "k.pem", "a", "l"])
  }

  @Test(arguments: ["660", "0660", "777", "000"])
  func `permissions are octal`(text: String) throws {
    #expect(try self.read(["unix-socket-mode": text]).unixMode == UInt16(text, radix: 8))
  }

  @Test(arguments: ["66", "00660", "0888", "1777", "rw-", "-60", "+660"])
  func `other permissions are refused`(text: String) {
    #expect(throws: ConfigurationError.self) { try self.read(["unix-socket-mode": text]) }
  }

  @Test func `an owner is a user, a group or both`() throws {
    #expect(SocketOwner("a")?.user == "a")
    #expect(SocketOwner("a")?.group == nil)
    #expect(SocketOwner("a:")?.user == "a")
    #expect(SocketOwner(":g")?.user == nil)
    #expect(SocketOwner(":g")?.group == "g")
    #expect(SocketOwner("7:8")?.group == "8")
    for text in ["", ":", "a:b:c", "a\u{0}"] { #expect(SocketOwner(text) == nil) }
  }

  @Test func `owners are looked up`() throws {
    var configuration = try self.read(["unix-socket-owner": "root:root"])
    #expect(
      try UnixSocketAccess(configuration) == UnixSocketAccess(mode: 0o660, uid: 0, gid: 0))
    configuration.unixOwner = SocketOwner("4711:4712")
    #expect(try UnixSocketAccess(configuration).uid == 4711)
    #expect(try UnixSocketAccess(configuration).gid == 4712)
    for text in ["nobody-of-this-name", ":no-such-group", "4294967295"] {
      configuration.unixOwner = SocketOwner(text)
      #expect(throws: ConfigurationError.self) { try UnixSocketAccess(configuration) }
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

import Authorization
import CryptoEngine
import GatewayServer
import Testing

@testable import iot_jobs_gateway

@Suite struct AccessConfigurationTests {
  private func configuration(
    _ flags: [String: String], peersAreKnown: Bool = true
  ) throws(ConfigurationError) -> AccessConfiguration {
    try AccessConfiguration(
      SettingsReader(flags: flags, environment: [:], file: nil), peersAreKnown: peersAreKnown)
  }

  @Test func `nobody asks who calls unless it is wished`() throws {
    let none = try self.configuration([:], peersAreKnown: false)
    #expect(none.policyPath == nil && none.tokenPath == nil && !none.isAudited)
    #expect(try self.configuration(["audit-log": "on"], peersAreKnown: false).isAudited)
  }

  @Test func `a policy is enforced and audited unless it is said otherwise`() throws {
    let policy = ["authorization-policy": "p"]
    let enforced = try self.configuration(policy)
    #expect(enforced.mode == .enforce && enforced.isAudited)
    let more = ["authorization-mode": "shadow", "audit-log": "off"]
    let shadow = try self.configuration(policy.merging(more) { $1 })
    #expect(shadow.mode == .shadow && !shadow.isAudited)
  }

  @Test func `what would guard nothing is refused`() {
    for flags in [["token-file": "t"], ["authorization-mode": "enforce"]] {
      #expect(throws: ConfigurationError.self) { try self.configuration(flags) }
    }
  }

  @Test func `a policy needs a way to know callers`() throws {
    let policy = ["authorization-policy": "p"]
    let error = #expect(throws: ConfigurationError.self) {
      try self.configuration(policy, peersAreKnown: false)
    }
    #expect(error?.exitCode == 78)
    let tokens = policy.merging(["token-file": "t"]) { $1 }
    #expect(try self.configuration(tokens, peersAreKnown: false).tokenPath == "t")
  }

  @Test(arguments: [
    (["listen": "127.0.0.1:1"], false),
    (["listen": "127.0.0.1:1,unix:/run/g"], true),
    (["listen": "tls:[::1]:1", "tls-certificate": "c", "tls-key": "k"], false),
    (
      ["listen": "tls:[::1]:1", "tls-certificate": "c", "tls-key": "k", "tls-client-ca": "a"],
      true
    ),
    (
      [
        "listen": "tls:[::1]:1", "tls-certificate": "c", "tls-key": "k", "tls-client-ca": "a",
        "tls-client-auth": "none",
      ], false
    ),
  ])
  func `a listener knows its callers by the kernel or by certificates`(
    flags: [String: String], knowsPeers: Bool
  ) throws {
    let reader = SettingsReader(flags: flags, environment: [:], file: nil)
    #expect(try ListenConfiguration(reader).knowsPeers == knowsPeers)
  }

  @Test func `a token is known by its digest, in whatever form it was written`() throws {
    // printf %s abcdefghijklmnop | sha256sum
    let digits = "f39dac6cbaba535e2c207cd0cd8f154974223c848f727f98b3564cea569b41cf"
    let table = try AccessFiles.table(
      of: Array("plain: abcdefghijklmnop\nqrst: sha256:\(String(repeating: "0", count: 64))".utf8))
    let written = try AccessFiles.table(of: Array("hashed: sha256:\(digits)".utf8))
    var hasher = try SHA256Hasher()
    let digest = TokenDigest(try hasher.hash(Array("abcdefghijklmnop".utf8).span).bytes)
    #expect(table.name(of: digest) == "plain")
    #expect(written.name(of: digest) == "hashed")
  }
}

// SPDX-License-Identifier: Apache-2.0

import Authorization
import CryptoEngine
import GatewayServer
import Testing

@testable import iot_jobs_gateway

@Suite struct AccessConfigurationTests {
  private func configuration(
    _ flags: [String: String], callerKinds: Set<CallerIdentity.Kind> = [.uid]
  ) throws(ConfigurationError) -> AccessConfiguration {
    try AccessConfiguration(
      SettingsReader(flags: flags, environment: [:], file: nil), callerKinds: callerKinds)
  }

  @Test func `nobody asks who calls unless it is wished`() throws {
    let none = try self.configuration([:], callerKinds: [])
    #expect(none.policyPath == nil && none.tokenPath == nil && !none.isAudited)
    #expect(try self.configuration(["audit-log": "on"], callerKinds: []).isAudited)
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
      try self.configuration(policy, callerKinds: [])
    }
    #expect(error?.exitCode == 78)
    let tokens = policy.merging(["token-file": "t"]) { $1 }
    #expect(try self.configuration(tokens, callerKinds: []).callerKinds == [.token])
    #expect(try self.configuration(tokens).callerKinds == [.token, .uid])
  }

  @Test func `a listener knows its callers by the kernel or by certificates`() throws {
    func kinds(_ flags: [String: String]) throws -> Set<CallerIdentity.Kind> {
      let reader = SettingsReader(flags: flags, environment: [:], file: nil)
      return try ListenConfiguration(reader).callerKinds
    }
    #expect(try kinds(["listen": "127.0.0.1:1"]) == [])
    #expect(try kinds(["listen": "127.0.0.1:1,unix:/run/g"]) == [.uid])
    var secured = ["listen": "tls:[::1]:1", "tls-certificate": "c", "tls-key": "k"]
    #expect(try kinds(secured) == [])
    secured["tls-client-ca"] = "a"
    #expect(try kinds(secured) == [.spiffe, .dns, .commonName])
    secured["tls-client-auth"] = "none"
    #expect(try kinds(secured) == [])
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

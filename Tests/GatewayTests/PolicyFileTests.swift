// SPDX-License-Identifier: Apache-2.0

import Authorization
import JobsAPI
import Testing

@testable import iot_jobs_gateway

@Suite struct PolicyFileTests {
  private static let good = """
    # Who may do what.
    rules:
      - name: devices
        identities:
          - "spiffe://fleet.example/thing/{thing}"
          - "token:{thing}"
        operations: [all]
        things: ["{thing}", "{thing}-*"]
      - identities: uid:1000
        operations: read
        things: "*"
    """

  private func policy(_ text: String) throws(PolicyFile.Fault) -> AuthorizationPolicy {
    try PolicyFile.policy(of: Array(text.utf8))
  }

  @Test func `rules are read with their lists, or one text alone`() throws {
    let policy = try self.policy(Self.good)
    #expect(policy.ruleCount == 2)
    let device = policy.grants(
      for: CallerIdentity(
        uriNames: ["spiffe://fleet.example/thing/lamp-1"], dnsNames: [], commonName: nil))
    guard case .allowed("devices", _) = device.decision(on: .update, thingName: "lamp-1-a") else {
      Issue.record("the device may not")
      return
    }
    let user = policy.grants(for: CallerIdentity(uid: 1_000))
    guard case .allowed("rule-2", _) = user.decision(on: .describe, thingName: "door") else {
      Issue.record("the user may not")
      return
    }
    #expect(user.decision(on: .update, thingName: "door") == .denied)
  }

  @Test func `a policy may deny everything, but must say so`() throws {
    #expect(try self.policy("rules: []").ruleCount == 0)
    for text in ["", "# nothing", "---", "rules:", "{}"] {
      #expect(throws: PolicyFile.Fault.self) { try self.policy(text) }
    }
  }

  @Test(arguments: [
    ("rules: [}", 1, "did not find"),
    ("rules:\n  - identity: uid:1", 2, "unknown key \"identity\""),
    ("rules: []\nrule: []", 2, "unknown key \"rule\""),
    ("rules: []\nrules: []", 2, "rules is set twice"),
    ("rules: 7", 1, "must be a list"),
    ("rules: [7]", 1, "a rule is a mapping"),
    ("rules:\n  - identities: uid:1\n    operations: all", 2, "has no things"),
    ("rules:\n  - identities: []\n    operations: all\n    things: a", 2, "must not be empty"),
    (
      "rules:\n  - identities: uid:1\n    operations: all\n    things:\n    - a\n    - {thing}", 6,
      "needs quotes"
    ),
    ("rules:\n  - identities: uid:1\n    operations: all\n    things: *a", 4, "alias"),
    ("rules:\n  - identities: x:1\n    operations: all\n    things: a", 2, "begins with spiffe://"),
    ("rules:\n  - identities: uid:1\n    operations: some\n    things: a", 3, "operation"),
    ("rules:\n  - identities: uid:1\n    operations: all\n    things: a b", 4, "\"a b\""),
    (
      "rules:\n  - identities: uid:1\n    operations: all\n    things: '{thing}'", 2,
      "{thing} is no part of the identity \"uid:1\""
    ),
    ("rules:\n  - name: a b\n    identities: uid:1", 2, "name"),
    (
      "rules:\n  - {name: a, identities: uid:1, operations: all, things: a}\n"
        + "  - {name: a, identities: uid:2, operations: all, things: a}", 3, "already"
    ),
  ])
  func `a fault names its line and what is wrong`(text: String, line: Int, words: String) {
    let fault = #expect(throws: PolicyFile.Fault.self) { try self.policy(text) }
    #expect(fault?.line == line)
    #expect(fault?.reason.contains(words) == true, "\(String(describing: fault))")
  }

  @Test func `every cut of a good file either reads or fails cleanly`() {
    let bytes = Array(Self.good.utf8)
    for length in 0...bytes.count { _ = try? PolicyFile.policy(of: Array(bytes[..<length])) }
  }
}

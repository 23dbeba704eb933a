// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import Testing

@testable import Authorization

@Suite struct AuthorizationPolicyTests {
  private let device = CallerIdentity(
    uriNames: ["spiffe://td/thing/lamp-1"], dnsNames: ["lamp-1.example"], commonName: nil)

  private func rule(
    _ name: String, _ identities: [String], _ operations: [String], _ things: [String]
  ) throws -> AuthorizationRule {
    try AuthorizationRule(
      name: name, identities: identities.map { try IdentityPattern($0) },
      operations: operations.reduce(into: []) { $0.insert(try OperationSet(word: $1)) },
      things: things.map { try ThingPattern($0) })
  }

  private func allows(
    _ policy: AuthorizationPolicy, _ caller: CallerIdentity, _ operation: JobsOperation,
    _ thing: String
  ) -> Bool {
    let decision = policy.grants(for: caller).decision(on: operation, thingName: thing)
    if case .allowed = decision { return true }
    return false
  }

  @Test func `a device may act on its own thing and on no other`() throws {
    let policy = try AuthorizationPolicy(
      rules: [self.rule("devices", ["spiffe://td/thing/{thing}"], ["all"], ["{thing}"])])
    let grants = policy.grants(for: self.device)
    for operation in JobsOperation.allCases {
      #expect(
        grants.decision(on: operation, thingName: "lamp-1")
          == .allowed(rule: "devices", name: .init(.spiffe, "spiffe://td/thing/lamp-1")))
      for thing in ["lamp-2", "lamp-", "lamp-11", "LAMP-1", "*", ""] {
        #expect(grants.decision(on: operation, thingName: thing) == .denied)
      }
    }
  }

  @Test func `what no rule allows is denied, and who has no name is not known`() throws {
    let policy = try AuthorizationPolicy(rules: [])
    #expect(
      policy.grants(for: self.device).decision(on: .describe, thingName: "lamp-1") == .denied)
    let everybody = try AuthorizationPolicy(
      rules: [self.rule("r", ["uid:*", "cn:*", "token:*"], ["all"], ["*"])])
    #expect(
      everybody.grants(for: .unknown).decision(on: .describe, thingName: "lamp-1")
        == .unauthenticated)
    #expect(!self.allows(everybody, self.device, .describe, "lamp-1"))
  }

  @Test func `operations are allowed one by one`() throws {
    let policy = try AuthorizationPolicy(
      rules: [
        self.rule("readers", ["dns:*.example"], ["read"], ["*"]),
        self.rule("starters", ["uid:7"], ["StartNextPendingJobExecution"], ["*"]),
      ])
    let user = CallerIdentity(uid: 7)
    for operation in JobsOperation.allCases {
      #expect(self.allows(policy, self.device, operation, "x") == !operation.isWrite)
      #expect(self.allows(policy, user, operation, "x") == (operation == .startNext))
    }
  }

  @Test func `each of a caller's names counts, each with values of its own`() throws {
    let policy = try AuthorizationPolicy(
      rules: [
        self.rule(
          "both", ["spiffe://td/thing/{thing}", "token:{thing}"], ["write"],
          ["{thing}", "{thing}-*"])
      ])
    let caller = self.device.with(.init(.token, "door"))
    for thing in ["lamp-1", "lamp-1-a", "door", "door-2"] {
      #expect(self.allows(policy, caller, .update, thing))
    }
    #expect(!self.allows(policy, caller, .update, "window"))
    #expect(!self.allows(policy, self.device, .update, "door"))
  }

  @Test func `the first rule that allows is the one that is named`() throws {
    let policy = try AuthorizationPolicy(
      rules: [
        self.rule("one", ["uid:7"], ["read"], ["*"]), self.rule("two", ["uid:*"], ["all"], ["a*"]),
        self.rule("three", ["uid:7"], ["all"], ["*"]),
      ])
    let grants = policy.grants(for: CallerIdentity(uid: 7))
    let name = CallerIdentity.Name(.uid, "7")
    #expect(grants.decision(on: .describe, thingName: "a") == .allowed(rule: "one", name: name))
    #expect(grants.decision(on: .update, thingName: "a") == .allowed(rule: "two", name: name))
    #expect(grants.decision(on: .update, thingName: "b") == .allowed(rule: "three", name: name))
  }

  @Test func `a variable that an identity lacks is refused`() {
    #expect(
      throws: AuthorizationFault.unboundVariable(name: "thing", thing: "{thing}", identity: "uid:7")
    ) {
      try self.rule("r", ["spiffe://td/{thing}", "uid:7"], ["all"], ["{thing}"])
    }
  }

  @Test func `lists are neither empty nor without bounds`() throws {
    #expect(throws: AuthorizationFault.self) { try self.rule("r", [], ["all"], ["*"]) }
    #expect(throws: AuthorizationFault.self) { try self.rule("r", ["uid:7"], ["all"], []) }
    let many = Array(repeating: "a", count: AuthorizationRule.listLimit + 1)
    #expect(throws: AuthorizationFault.self) { try self.rule("r", ["uid:7"], ["all"], many) }
    let rule = try self.rule("r", ["uid:7"], ["all"], ["*"])
    #expect(throws: AuthorizationFault.self) {
      try AuthorizationPolicy(
        rules: Array(repeating: rule, count: AuthorizationPolicy.ruleLimit + 1))
    }
  }

  @Test(arguments: ["", "describe", "ALL", "*", "DescribeJobExecution "])
  func `an unknown word is no operation`(word: String) {
    #expect(throws: AuthorizationFault.self) { try OperationSet(word: word) }
  }
}

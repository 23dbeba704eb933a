// SPDX-License-Identifier: Apache-2.0

import Authorization
import JobsAPI

@testable import iot_jobs_gateway

/// A line that is a caller's name, a line that is a thing's, then a policy; the policy is also read
/// as a table of tokens.
enum PolicyTarget {
  static func run(_ bytes: [UInt8]) throws(BrokenClaim) {
    var input = InputReader(bytes)
    let name = String(decoding: input.line(), as: UTF8.self)
    let thing = String(decoding: input.line(), as: UTF8.self)
    let text = Array(input.rest)
    try Self.checkPolicy(text, callerName: name, thing: thing)
    try Self.checkTokens(text)
    _ = BearerToken.read(Array(name.utf8)[...])
  }

  private static func checkPolicy(
    _ text: [UInt8], callerName: String, thing: String
  ) throws(BrokenClaim) {
    let policy: AuthorizationPolicy
    do throws(PolicyFile.Fault) {
      policy = try PolicyFile.policy(of: text)
    } catch {
      try claim(1...text.count + 2 ~= error.line, "a fault is on a line of the file")
      return
    }
    let callers = CallerIdentity.Kind.allCases.map { kind in
      CallerIdentity(names: [.init(kind, callerName)])
    }
    let certified = CallerIdentity(
      uriNames: [callerName], dnsNames: [callerName], commonName: callerName)
    for operation in JobsOperation.allCases {
      try claim(
        policy.grants(for: .unknown).decision(on: operation, thingName: thing) == .unauthenticated,
        "a caller whom nobody knows may do nothing")
      for caller in callers + [certified] {
        let grants = policy.grants(for: caller)
        let decision = grants.decision(on: operation, thingName: thing)
        try claim(
          grants.decision(on: operation, thingName: thing) == decision, "a decision stands")
        try claim(!decision.isAllowed || policy.ruleCount > 0, "without rules nothing is allowed")
      }
    }
  }

  private static func checkTokens(_ text: [UInt8]) throws(BrokenClaim) {
    let digest = TokenDigest([32 of UInt8](repeating: 7))
    guard let table = try? TokenTable(parsing: text, digest: { _ in digest }) else { return }
    try claim(table.count <= TokenTable.tokenLimit, "there are so many tokens at most")
    let other = TokenDigest([32 of UInt8](repeating: 8))
    let isWritten = String(decoding: text, as: UTF8.self).contains("sha256:")
    try claim(isWritten || table.name(of: other) == nil, "a token that is not there has no name")
  }
}

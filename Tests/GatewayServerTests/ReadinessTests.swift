// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import GatewayServer

struct ReadinessTests {
  @Test(arguments: Readiness.Condition.allCases)
  func `one missing condition is enough not to be ready`(missing: Readiness.Condition) {
    let readiness = Readiness()
    for condition in Readiness.Condition.allCases where condition != missing {
      readiness.met(condition)
    }
    #expect(readiness.reasons == [missing.rawValue])
    readiness.met(missing)
    #expect(readiness.reasons.isEmpty)
  }

  @Test func `a condition is met once and for all`() {
    let readiness = Readiness()
    readiness.met(.listenersBound)
    readiness.met(.listenersBound)
    #expect(readiness.reasons.count == Readiness.Condition.allCases.count - 1)
  }

  @Test func `a condition says what keeps it, and then how it was met`() {
    let readiness = Readiness()
    readiness.met(.listenersBound)
    readiness.met(.credentialsResolved)
    readiness.explain(.endpointKnown, "h does not answer")
    #expect(readiness.reasons == ["the upstream endpoint is not known: h does not answer"])
    #expect(readiness.facts == [])
    readiness.met(.endpointKnown, fact: "upstream https://h")
    readiness.explain(.endpointKnown, "too late")
    #expect(readiness.reasons == [])
    #expect(readiness.facts == ["upstream https://h"])
  }

  @Test func `draining is the only reason once it began, and stays`() {
    let readiness = Readiness()
    readiness.drainBegan()
    #expect(readiness.reasons == ["draining"])
    for condition in Readiness.Condition.allCases { readiness.met(condition) }
    #expect(readiness.reasons == ["draining"])
  }
}

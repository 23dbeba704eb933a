// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import JobsAPI
import Testing
@testable import TrafficPolicy

@Suite struct AttemptCountTests {
  private static func count(maximum: Int = 3) -> AttemptCount {
    var random = SplitMix64(seed: 7)
    return AttemptCount(maximum: maximum, invocation: RandomUUID(using: &random))
  }

  @Test func `attempts are counted from one, and share an id`() {
    var count = Self.count()
    let first = count.next
    #expect(first.number == 1 && first.maximum == 3)
    count.attemptEnded(UpstreamTrace(attempts: 1))
    #expect(count.next.number == 2 && count.next.maximum == 3)
    #expect(count.next.invocation == first.invocation)
  }

  @Test func `what was sent twice is two, and what was not sent is one`() {
    var count = Self.count()
    count.attemptEnded(UpstreamTrace(attempts: 2))
    #expect(count.next.number == 3 && count.next.maximum == 4)
    count.attemptEnded(UpstreamTrace(attempts: 0))
    #expect(count.next.number == 4 && count.next.maximum == 4)
    #expect(count.trace.attempts == 2)
  }

  @Test func `the id of the last answer stays when later attempts have none`() {
    var count = Self.count()
    count.attemptEnded(UpstreamTrace(awsRequestID: "a", attempts: 1))
    count.attemptEnded(UpstreamTrace(awsRequestID: "b", attempts: 2))
    count.attemptEnded(UpstreamTrace(attempts: 0))
    #expect(count.trace == UpstreamTrace(awsRequestID: "b", attempts: 3))
  }

  @Test func `a look after the last attempt has a number too`() {
    var count = Self.count(maximum: 1)
    count.attemptEnded(UpstreamTrace(attempts: 1))
    #expect(count.next.number == 2 && count.next.maximum == 2)
  }
}

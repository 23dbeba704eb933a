// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import Testing

@testable import TrafficPolicy

/// Counters stand in arrays, at positions that switches spell out.
@Suite struct MetricIndexTests {
  @Test func `each reason to hold back a call has its own place`() {
    let all = RateLimitedMetrics.Reason.allCases
    #expect(all.map(\.index) == Array(all.indices))
  }

  @Test func `each outcome of a read has its own place`() {
    let all = CacheResult.Outcome.allCases
    #expect(all.map(\.index) == Array(all.indices))
  }

  @Test func `each reason for another attempt has its own place`() {
    let all = RetryReason.allCases
    #expect(all.map(\.index) == Array(all.indices))
  }

  @Test(arguments: CallKind.allCases)
  func `each class of a kind has its own place`(kind: CallKind) {
    let all = CallClass.allCases.filter { $0.kind == kind }
    #expect(all.map(\.index) == Array(all.indices))
  }
}

// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import TrafficPolicy

@Suite struct RetryQuotaTests {
  @Test(arguments: [(5, 100), (10, 50)])
  func `it is good for so many repeats, and then for none`(cost: Int, repeats: Int) {
    var quota = RetryQuota(capacity: 500)
    for _ in 0..<repeats { #expect(quota.take(cost) == true) }
    #expect(quota.tokens == 0)
    #expect(quota.take(cost) == false)
    #expect(quota.tokens == 0)
  }

  @Test func `five plain successes buy one repeat`() {
    var quota = RetryQuota(capacity: 500, tokens: 0)
    for _ in 0..<4 { quota.succeeded(repeatCost: nil) }
    #expect(quota.take(5) == false)
    quota.succeeded(repeatCost: nil)
    #expect(quota.take(5) == true)
    #expect(quota.take(5) == false)
  }

  @Test func `a repeat that succeeds costs nothing in the end`() {
    var quota = RetryQuota(capacity: 500, tokens: 10)
    #expect(quota.take(10) == true)
    quota.succeeded(repeatCost: 10)
    #expect(quota.tokens == 10)
  }

  @Test func `it never holds more than at the start`() {
    var quota = RetryQuota(capacity: 7)
    quota.succeeded(repeatCost: 10)
    #expect(quota.tokens == 7)
    quota.giveBack(1)
    #expect(quota.tokens == 7)
  }

  @Test(arguments: [0, -5])
  func `without a capacity nothing is repeated`(capacity: Int) {
    var quota = RetryQuota(capacity: capacity)
    #expect(quota.take(5) == false)
    quota.succeeded(repeatCost: nil)
    #expect(quota.tokens == 0)
  }

  @Test func `many threads take what there is and no more`() async {
    let quota = SharedRetryQuota(capacity: 1_000)
    let taken = await withTaskGroup(of: Int.self) { group in
      for _ in 0..<8 {
        group.addTask { (0..<100).count { _ in quota.take(5) } }
      }
      return await group.reduce(0, +)
    }
    #expect(taken == 200)
    #expect(quota.tokens == 0)
    await withTaskGroup { group in
      for _ in 0..<8 {
        group.addTask { for _ in 0..<100 { quota.succeeded(repeatCost: nil) } }
      }
    }
    #expect(quota.tokens == 800)
  }
}

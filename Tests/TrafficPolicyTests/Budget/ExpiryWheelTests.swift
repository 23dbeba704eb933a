// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import Testing
@testable import TrafficPolicy

@Suite struct ExpiryWheelTests {
  private static let span: Int64 = 1_000_000_000

  @Test func `nobody is due early, and nobody late by more than a step`() {
    let wheel = ExpiryWheel(span: Self.span, now: 0)
    for time in [1, 4_000_000, 4_000_001, 4_000_002, 999_999_999, 1_000_000_000] as [Int64] {
      #expect(wheel.rounded(time) >= time)
      #expect(wheel.rounded(time) < time + 4_000_001)
    }
    #expect(wheel.rounded(.max) == .max)
  }

  @Test func `an empty wheel has nothing due, ever`() {
    var wheel = ExpiryWheel(span: Self.span, now: 0)
    #expect(wheel.nextDue == nil)
    #expect(wheel.due(now: .max) == nil)
    #expect(wheel.nextDue == nil)
  }

  @Test func `who is due stays due until removed`() {
    var wheel = ExpiryWheel(span: Self.span, now: 0)
    let time = wheel.rounded(500_000_000)
    wheel.insert(3, at: time)
    #expect(wheel.nextDue == time)
    #expect(wheel.due(now: time - 1) == nil)
    #expect(wheel.due(now: time) == 3)
    #expect(wheel.due(now: time) == 3)
    wheel.remove(3, at: time)
    #expect(wheel.due(now: time) == nil)
    #expect(wheel.nextDue == nil)
  }

  /// Random stays against a plain list, through many turns of the wheel and pauses far longer.
  @Test(arguments: 1...8) func `the wheel says what a list would say`(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let span = Int64.random(in: 1...2_000_000_000, using: &random)
    var now = Int64.random(in: 0...Int64.max / 4, using: &random)
    var wheel = ExpiryWheel(span: span, now: now)
    var list: [Int: Int64] = [:]
    for waiter in 0..<3_000 {
      let isPause = Int.random(in: 0..<100, using: &random) == 0
      now += isPause ? 100 * span : Int64.random(in: 0...span / 100, using: &random)
      while let due = wheel.due(now: now) {
        let time = list.removeValue(forKey: due)
        #expect(time.map { $0 <= now } == true)
        wheel.remove(due, at: time ?? 0)
      }
      #expect(list.values.allSatisfy { $0 > now })
      #expect(wheel.nextDue == list.values.min())
      if let (leaver, time) = list.randomElement(using: &random), Bool.random(using: &random) {
        list[leaver] = nil
        wheel.remove(leaver, at: time)
      }
      let time = wheel.rounded(now + Int64.random(in: 1...span, using: &random))
      list[waiter] = time
      wheel.insert(waiter, at: time)
    }
  }
}

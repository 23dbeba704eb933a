// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import Testing
@testable import TrafficPolicy

private func limits(_ perSecond: Double) -> ThingLimits {
  ThingLimits(reads: RateLimit(perSecond: perSecond, burst: 1), writes: nil)
}

@Suite struct LimitOverridesTests {
  @Test func `the exact name goes before the longest prefix, which goes before shorter ones`() {
    let overrides = LimitOverrides(
      exact: ["lab-7": limits(1), "lab-": limits(2)],
      prefixes: ["lab-": limits(3), "lab-7": limits(4), "l": limits(5)])
    #expect(overrides.paces(for: "lab-7") == ThingPaces(limits(1)))
    #expect(overrides.paces(for: "lab-") == ThingPaces(limits(2)))
    #expect(overrides.paces(for: "lab-8") == ThingPaces(limits(3)))
    #expect(overrides.paces(for: "lab-77") == ThingPaces(limits(4)))
    #expect(overrides.paces(for: "lab") == ThingPaces(limits(5)))
    #expect(overrides.paces(for: "door") == nil)
    #expect(overrides.paces(for: "") == nil)
  }

  @Test func `without overrides there is nothing to find`() {
    let overrides = LimitOverrides(exact: [:], prefixes: [:])
    #expect(overrides.paces(for: "lab-7") == nil)
  }

  @Test func `the empty prefix is everybody's`() {
    let overrides = LimitOverrides(exact: ["a": limits(1)], prefixes: ["": limits(2)])
    #expect(overrides.paces(for: "") == ThingPaces(limits(2)))
    #expect(overrides.paces(for: "zz") == ThingPaces(limits(2)))
    #expect(overrides.paces(for: "a") == ThingPaces(limits(1)))
  }

  @Test func `no limits are an override too`() {
    let overrides = LimitOverrides(exact: ["a": .unlimited], prefixes: [:])
    #expect(overrides.paces(for: "a") == ThingPaces(.unlimited))
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func `it finds what a search through all finds`(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    // Bytes that come in any order, the least and the greatest among them.
    let alphabet: [Character] = ["m", "a", "z", "0", ":", "_", "\u{7F}", "\u{1}", "é"]
    func name() -> String {
      String(
        (0..<Int.random(in: 0...5, using: &random)).map { _ in
          alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
        })
    }
    var exact: [String: ThingLimits] = [:]
    var prefixes: [String: ThingLimits] = [:]
    for number in 1...60 {
      exact[name()] = limits(Double(number))
      prefixes[name()] = limits(Double(number) + 0.5)
    }
    let overrides = LimitOverrides(exact: exact, prefixes: prefixes)
    for _ in 0..<2_000 {
      let wanted = name()
      let longest = prefixes.keys.filter { wanted.hasPrefix($0) }.max { $0.count < $1.count }
      let expected = exact[wanted] ?? longest.flatMap { prefixes[$0] }
      #expect(overrides.paces(for: wanted) == expected.map(ThingPaces.init))
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import Testing
@testable import TrafficPolicy

@Suite struct RefusalSketchTests {
  @Test func `as long as there is room the counts are exact`() {
    var sketch = RefusalSketch(capacity: 3)
    for thing in ["b", "a", "c", "a", "c", "a"] { sketch.count(thing) }
    #expect(
      sketch.ranked == [
        Offender(thing: "a", refusals: 3, overcount: 0),
        Offender(thing: "c", refusals: 2, overcount: 0),
        Offender(thing: "b", refusals: 1, overcount: 0),
      ])
    #expect(sketch.total == 6)
  }

  @Test func `a newcomer takes the place of the one with the least count, and its count`() {
    var sketch = RefusalSketch(capacity: 2)
    for thing in ["a", "a", "a", "b", "b", "c"] { sketch.count(thing) }
    #expect(
      sketch.ranked == [
        Offender(thing: "a", refusals: 3, overcount: 0),
        Offender(thing: "c", refusals: 3, overcount: 2),
      ])
    sketch.removeAll()
    #expect(sketch.ranked == [])
    #expect(sketch.total == 0)
  }

  @Test func `a capacity below one is one`() {
    var sketch = RefusalSketch(capacity: 0)
    for thing in ["a", "b"] { sketch.count(thing) }
    #expect(sketch.ranked == [Offender(thing: "b", refusals: 2, overcount: 1)])
  }

  @Test(arguments: [1, 8, 64], 0..<5 as Range<UInt64>)
  func `counts are bounded as promised, and who is refused much is there`(
    capacity: Int, seed: UInt64
  ) {
    var random = SplitMix64(seed: seed)
    var sketch = RefusalSketch(capacity: capacity)
    var exact: [String: Int] = [:]
    for _ in 0..<20_000 {
      // Few things make up most of it.
      let spans = [3, 20, 5_000]
      let thing =
        "t\(Int.random(in: 0..<(spans.randomElement(using: &random) ?? 1), using: &random))"
      sketch.count(thing)
      exact[thing, default: 0] += 1
    }
    let ranked = sketch.ranked
    #expect(ranked.count == capacity)
    #expect(ranked.reduce(0) { $0 + $1.refusals } == sketch.total)
    for offender in ranked {
      let count = exact[offender.thing, default: 0]
      #expect(offender.refusals >= count)
      #expect(offender.refusals - offender.overcount <= count)
      #expect(offender.overcount * capacity <= sketch.total)
    }
    let listed = Set(ranked.map(\.thing))
    for (thing, count) in exact where count * capacity > sketch.total {
      #expect(listed.contains(thing))
    }
  }
}

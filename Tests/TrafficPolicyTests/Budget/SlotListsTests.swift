// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import Testing
@testable import TrafficPolicy

@Suite struct SlotListsTests {
  @Test func `a list that was never used is empty`() {
    let lists = SlotLists()
    #expect(lists.count(of: 7) == 0)
    #expect(lists.first(of: 7) == nil)
    #expect(lists.last(of: 7) == nil)
  }

  @Test(arguments: 1...4) func `lists of slots are as arrays of numbers`(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var lists = SlotLists()
    var arrays: [[Int]] = Array(repeating: [], count: 5)
    for _ in 0..<4_000 {
      let slot = Int.random(in: 0..<40, using: &random)
      if let list = arrays.firstIndex(where: { $0.contains(slot) }) {
        lists.remove(slot, from: list)
        arrays[list].removeAll { $0 == slot }
      } else {
        let list = Int.random(in: 0..<5, using: &random)
        lists.append(slot, to: list)
        arrays[list].append(slot)
      }
      for list in arrays.indices {
        #expect(lists.count(of: list) == arrays[list].count)
        #expect(lists.first(of: list) == arrays[list].first)
        #expect(lists.last(of: list) == arrays[list].last)
      }
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
@testable import JobsEmulator
import Testing

@Suite struct PendingQueueTests {
  @Test(arguments: 1...5 as ClosedRange<UInt64>)
  func `a queue is a sorted set of ids`(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var queue = PendingQueue()
    var expected: Set<UInt64> = []
    for _ in 0..<2000 {
      let id = UInt64.random(in: 1...60, using: &random)
      switch Int.random(in: 0..<4, using: &random) {
      case 0:
        if let first = queue.first {
          queue.remove(first)
          expected.remove(first.rawValue)
        }
      case 1:
        queue.remove(ExecutionID(rawValue: id))
        expected.remove(id)
      default:
        guard expected.insert(id).inserted else { continue }
        queue.insert(ExecutionID(rawValue: id))
      }
      #expect(queue.count == expected.count)
      #expect(queue.ids.count <= 2 * queue.count)
      #expect(queue.first?.rawValue == expected.min())
      #expect(queue.prefix(.max).map(\.rawValue) == expected.sorted())
      #expect(queue.prefix(3).map(\.rawValue) == Array(expected.sorted().prefix(3)))
    }
  }

  @Test func `two queues are equal by what they hold`() {
    var one = PendingQueue()
    var other = PendingQueue()
    for id in 1...5 as ClosedRange<UInt64> { one.insert(ExecutionID(rawValue: id)) }
    one.remove(ExecutionID(rawValue: 1))
    for id in 2...5 as ClosedRange<UInt64> { other.insert(ExecutionID(rawValue: id)) }
    #expect(one == other)
    other.remove(ExecutionID(rawValue: 3))
    #expect(one != other)
  }
}

@Suite struct TimerHeapTests {
  @Test(arguments: 1...5 as ClosedRange<UInt64>)
  func `the nearest end is on top, and of equal ends the older execution`(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var heap = TimerHeap()
    var expected: [UInt64: Int64] = [:]
    for _ in 0..<3000 {
      let id = UInt64.random(in: 1...40, using: &random)
      let end = Bool.random(using: &random) ? Int64.random(in: 1...30, using: &random) : nil
      heap.set(ExecutionID(rawValue: id), endSeconds: end)
      expected[id] = end
      let nearest = expected.min { ($0.value, $0.key) < ($1.value, $1.key) }
      #expect(heap.nearest?.id.rawValue == nearest?.key)
      #expect(heap.nearest?.endSeconds == nearest?.value)
      #expect(heap.count == expected.count)
    }
    // Emptied from the top, it comes out sorted.
    var last: Int64 = 0
    while let entry = heap.nearest {
      #expect(entry.endSeconds >= last)
      last = entry.endSeconds
      heap.set(entry.id, endSeconds: nil)
    }
    #expect(heap.count == 0)
  }
}

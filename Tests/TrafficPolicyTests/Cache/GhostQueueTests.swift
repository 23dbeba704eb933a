// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import Testing
@testable import TrafficPolicy

@Suite struct GhostQueueTests {
  private static func fingerprints(_ count: Int, seed: UInt64) -> [UInt32] {
    var random = SplitMix64(seed: seed)
    return (0..<count).map { _ in UInt32(truncatingIfNeeded: random.next()) }
  }

  @Test func `what is remembered is recalled once`() {
    var ghosts = GhostQueue(maxBytes: 1_024)
    ghosts.remember(7)
    let recalled = [8, 7, 7].map { ghosts.recall($0, amongLast: 1) }
    #expect(recalled == [false, true, false])
  }

  @Test func `only the last so many count`() {
    var ghosts = GhostQueue(maxBytes: 1 << 20)
    for fingerprint in 1...10 as ClosedRange<UInt32> { ghosts.remember(fingerprint) }
    let recalled = [5, 6, 10].map { ghosts.recall($0, amongLast: 5) }
    #expect(recalled == [false, true, true])
    // Remembered again, it is young again.
    ghosts.remember(1)
    let again = ghosts.recall(1, amongLast: 1)
    #expect(again)
  }

  @Test(arguments: [64, 4_096, 1 << 16, 1 << 20])
  func `nearly all of what fits half of it is kept, in the bytes it counts`(maxBytes: Int) {
    var ghosts = GhostQueue(maxBytes: maxBytes)
    #expect(ghosts.bytes == 0)
    let all = Self.fingerprints(maxBytes / 8 / 2, seed: 1)
    for fingerprint in all {
      ghosts.remember(fingerprint)
      #expect(ghosts.bytes <= ghosts.fullBytes)
    }
    #expect(ghosts.bytes > 0)
    #expect(ghosts.fullBytes <= maxBytes + maxBytes / 50 + 128)
    let kept = all.count { ghosts.recall($0, amongLast: all.count) }
    #expect(kept >= all.count * 9 / 10)
    let strangers = Self.fingerprints(1_000, seed: 2).count { ghosts.recall($0, amongLast: .max) }
    #expect(strangers == 0)
  }

  @Test func `what does not fit pushes out what is oldest`() {
    var ghosts = GhostQueue(maxBytes: 64)
    for fingerprint in 1...9 as ClosedRange<UInt32> { ghosts.remember(fingerprint) }
    let kept = (1...9 as ClosedRange<UInt32>).filter { ghosts.recall($0, amongLast: 100) }
    #expect(kept == [2, 3, 4, 5, 6, 7, 8, 9])
  }
}

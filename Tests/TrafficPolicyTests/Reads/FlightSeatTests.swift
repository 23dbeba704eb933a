// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import Synchronization
import Testing

@testable import TrafficPolicy

/// A wait that is told its end before, while and after it waits.
@Suite struct FlightSeatTests {
  private static func end(_ version: Int64) -> FlightEnd {
    var execution = JobExecution()
    execution.versionNumber = version
    return FlightEnd(.answer(.execution(execution)), UpstreamTrace(), stale: nil, now: 0)
  }

  private final class Count: Sendable {
    private let value = Mutex(0)
    func increment() { self.value.withLock { $0 += 1 } }
    var total: Int { self.value.withLock { $0 } }
  }

  @Test func `an end that came before the wait is not missed`() async {
    let (seat, leaves) = (FlightSeat(), Count())
    seat.ended(Self.end(1))
    // The first end counts.
    seat.ended(Self.end(2))
    let end = await seat.wait { leaves.increment() }
    #expect(end?.outcome == Self.end(1).outcome)
    #expect(leaves.total == 0)
  }

  @Test func `who is cancelled before it waits leaves at once`() async {
    let (seat, leaves) = (FlightSeat(), Count())
    let end = await withTaskGroup(of: FlightEnd?.self) { group in
      group.cancelAll()
      // A child of a cancelled group is cancelled from the start.
      group.addTask { await seat.wait { leaves.increment() } }
      return await group.next() ?? Self.end(0)
    }
    #expect(end == nil)
    #expect(leaves.total == 1)
    seat.ended(Self.end(1))
  }

  /// Whichever comes first, the wait returns once, and a seat is left only by who got no end.
  @Test func `an end and a cancel at once are one or the other`() async {
    for _ in 0..<500 {
      let (seat, leaves) = (FlightSeat(), Count())
      let waiter = Task { await seat.wait { leaves.increment() } }
      let canceller = Task { waiter.cancel() }
      let ender = Task { seat.ended(Self.end(1)) }
      let end = await waiter.value
      await canceller.value
      await ender.value
      #expect((end == nil) == (leaves.total == 1))
    }
  }
}

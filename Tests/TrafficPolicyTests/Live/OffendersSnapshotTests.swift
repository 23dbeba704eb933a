// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore
import NIOEmbedded
import Testing

@testable import TrafficPolicy

@Suite struct OffendersSnapshotTests {
  private let loop = EmbeddedEventLoop()
  private let clock = SteppedClock()
  private let lines = KeptLines.Lines()

  private var offenders: Offenders {
    let lines = self.lines
    let logger = Logger(label: "test") { _ in KeptLines(lines: lines) }
    return Offenders(
      clock: self.clock.policyClock, log: OffenderLog(logger, on: self.loop))
  }

  private func pass(seconds: Int64) {
    self.clock.advance(by: .seconds(seconds))
    self.loop.advanceTime(by: .seconds(seconds))
  }

  private static func rates(_ snapshot: OffendersSnapshot) -> [String: Double] {
    Dictionary(uniqueKeysWithValues: snapshot.things.map { ($0.thing, $0.refusalsPerSecond) })
  }

  @Test func `rates are of the time since the first refusal`() {
    let offenders = self.offenders
    #expect(offenders.snapshot(listing: 5).milliseconds == 0)
    for _ in 0..<10 { offenders.refused("a") }
    // A first second counts as a whole one.
    #expect(Self.rates(offenders.snapshot(listing: 5)) == ["a": 10])
    self.clock.advance(by: .milliseconds(500))
    #expect(Self.rates(offenders.snapshot(listing: 5)) == ["a": 10])
    self.clock.advance(by: .milliseconds(3_500))
    for _ in 0..<30 { offenders.refused("b") }
    let snapshot = offenders.snapshot(listing: 1)
    #expect(snapshot.things.map(\.thing) == ["b"])
    #expect(snapshot.things.first?.refusalsPerSecond == 7.5)
    #expect(snapshot.refusals == 40 && snapshot.milliseconds == 4_000)
  }

  @Test func `they go on over the line in the log, and end with a quiet minute`() {
    let offenders = self.offenders
    for _ in 0..<40 { offenders.refused("a") }
    self.pass(seconds: 1)
    #expect(self.lines.all.count == 1)
    self.pass(seconds: 3)
    for _ in 0..<40 { offenders.refused("b") }
    let snapshot = offenders.snapshot(listing: 5)
    #expect(snapshot.refusals == 80 && snapshot.milliseconds == 4_000)
    #expect(Self.rates(snapshot) == ["a": 10, "b": 10])
    self.pass(seconds: 57)
    // The next line is written, and with it the first one's time is over.
    #expect(self.lines.all.count == 2)
    self.pass(seconds: 3)
    #expect(offenders.snapshot(listing: 5).refusals == 40)
    #expect(offenders.snapshot(listing: 5).milliseconds == 63_000)
    self.pass(seconds: 120)
    #expect(
      offenders.snapshot(listing: 5)
        == OffendersSnapshot(things: [], refusals: 0, milliseconds: 0))
    offenders.refused("c")
    self.clock.advance(by: .seconds(2))
    #expect(offenders.snapshot(listing: 5).milliseconds == 2_000)
  }

  @Test func `the line tells of the mode that the limit has by then`() {
    let offenders = self.offenders
    offenders.refused("a")
    offenders.changed(thingLimit: .shadow)
    self.pass(seconds: 1)
    #expect(
      self.lines.all == [#"things refused most refused: 1 thing-limit: shadow things: ["a=1"]"#])
  }
}

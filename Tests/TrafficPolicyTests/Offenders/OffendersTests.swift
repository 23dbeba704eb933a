// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore
import NIOEmbedded
import Testing

@testable import TrafficPolicy

@Suite struct OffendersTests {
  private let loop = EmbeddedEventLoop()
  private let lines = KeptLines.Lines()

  private func offenders(mode: LimitMode = .enforce, listed: Int = 2) -> Offenders {
    let lines = self.lines
    let logger = Logger(label: "test") { _ in KeptLines(lines: lines) }
    return Offenders(
      capacity: 8, thingLimit: mode, log: OffenderLog(logger, on: self.loop, listed: listed))
  }

  @Test func `a burst is one line, a second later`() {
    let offenders = self.offenders()
    for _ in 0..<30 { offenders.refused("a") }
    for _ in 0..<20 { offenders.refused("b") }
    offenders.refused("c")
    self.loop.advanceTime(by: .milliseconds(999))
    #expect(self.lines.all == [])
    self.loop.advanceTime(by: .milliseconds(1))
    let line = #"things refused most refused: 51 thing-limit: enforce things: ["a=30", "b=20"]"#
    #expect(self.lines.all == [line])
    self.loop.advanceTime(by: .hours(1))
    #expect(self.lines.all == [line])
  }

  @Test func `under steady refusals there is one line a minute, and none is left out`() {
    let offenders = self.offenders(mode: .shadow, listed: 1)
    for _ in 0..<3_000 {
      offenders.refused("a")
      self.loop.advanceTime(by: .milliseconds(100))
    }
    self.loop.advanceTime(by: .minutes(2))
    func line(_ count: Int) -> String {
      #"things refused most refused: \#(count) thing-limit: shadow things: ["a=\#(count)"]"#
    }
    #expect(self.lines.all == [line(10)] + Array(repeating: line(600), count: 4) + [line(590)])
  }

  @Test func `after a quiet minute the next refusal is told of after a second again`() {
    let offenders = self.offenders()
    offenders.refused("a")
    self.loop.advanceTime(by: .seconds(61))
    offenders.refused("b")
    self.loop.advanceTime(by: .seconds(1))
    #expect(
      self.lines.all == [
        #"things refused most refused: 1 thing-limit: enforce things: ["a=1"]"#,
        #"things refused most refused: 1 thing-limit: enforce things: ["b=1"]"#,
      ])
  }

  @Test func `a page shows the time since the last line and the time before it`() {
    let offenders = self.offenders()
    offenders.refused("a")
    offenders.refused("a")
    offenders.refused("b")
    self.loop.advanceTime(by: .seconds(1))
    offenders.refused("b")
    offenders.refused("b")
    #expect(
      offenders.top(5) == [
        Offender(thing: "b", refusals: 3, overcount: 0),
        Offender(thing: "a", refusals: 2, overcount: 0),
      ])
    #expect(offenders.top(1).map(\.thing) == ["b"])
    #expect(offenders.top(0) == [])
    #expect(offenders.top(-1) == [])
    self.loop.advanceTime(by: .seconds(60))
    #expect(offenders.top(5) == [Offender(thing: "b", refusals: 2, overcount: 0)])
    self.loop.advanceTime(by: .seconds(60))
    #expect(offenders.top(5) == [])
  }

  @Test func `five of the longest names fit into a line`() throws {
    let offenders = self.offenders(listed: 5)
    for thing in 0..<8 { offenders.refused(String(repeating: "x", count: 127) + "\(thing)") }
    self.loop.advanceTime(by: .seconds(1))
    let line = try #require(self.lines.all.first)
    #expect(line.utf8.count < 1_024)
  }

  @Test func `without a log counts go on`() {
    let offenders = Offenders(capacity: 4)
    for _ in 0..<9 { offenders.refused("a") }
    #expect(offenders.top(1) == [Offender(thing: "a", refusals: 9, overcount: 0)])
  }

  @Test func `refusals of many threads are all counted`() async {
    let offenders = Offenders(capacity: 16)
    await withTaskGroup { group in
      for worker in 0..<4 {
        group.addTask {
          for step in 0..<5_000 { offenders.refused("t\((step + worker) % 10)") }
        }
      }
    }
    #expect(offenders.top(20).map(\.refusals) == Array(repeating: 2_000, count: 10))
  }
}

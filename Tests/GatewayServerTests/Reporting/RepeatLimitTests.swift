// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import GatewayServer

@Suite struct RepeatLimitTests {
  private let start = ContinuousClock.now

  private func at(_ milliseconds: Int) -> ContinuousClock.Instant {
    self.start.advanced(by: .milliseconds(milliseconds))
  }

  @Test func `so many of a kind in a second, and the next tells of the rest`() {
    var limit = RepeatLimit<String>(perSecond: 2)
    #expect(limit.lineCame("a", now: self.at(0)) == .write(repeated: 0))
    #expect(limit.lineCame("a", now: self.at(1)) == .write(repeated: 0))
    #expect(limit.lineCame("a", now: self.at(2)) == .hide)
    #expect(limit.lineCame("a", now: self.at(999)) == .hide)
    #expect(limit.lineCame("a", now: self.at(1_000)) == .write(repeated: 2))
    // What is told is told once.
    #expect(limit.lineCame("a", now: self.at(1_001)) == .write(repeated: 0))
    #expect(limit.lineCame("a", now: self.at(1_002)) == .hide)
  }

  @Test func `kinds do not take each other's lines`() {
    var limit = RepeatLimit<String>(perSecond: 1)
    #expect(limit.lineCame("a", now: self.at(0)) == .write(repeated: 0))
    #expect(limit.lineCame("a", now: self.at(0)) == .hide)
    #expect(limit.lineCame("b", now: self.at(0)) == .write(repeated: 0))
    #expect(limit.lineCame("b", now: self.at(1_000)) == .write(repeated: 0))
  }

  @Test func `what a storm hid is told when it is over`() {
    var limit = RepeatLimit<String>(perSecond: 1)
    for _ in 0..<5 { _ = limit.lineCame("a", now: self.at(0)) }
    #expect(limit.takeRepeats(now: self.at(999)).isEmpty)
    let repeats = limit.takeRepeats(now: self.at(1_000))
    #expect(repeats.map(\.kind) == ["a"])
    #expect(repeats.map(\.count) == [4])
    #expect(limit.takeRepeats(now: self.at(5_000)).isEmpty)
    #expect(limit.lineCame("a", now: self.at(1_001)) == .write(repeated: 0))
  }

  @Test func `at the end all is told, and once`() {
    var limit = RepeatLimit<String>(perSecond: 1)
    for kind in ["a", "b", "b", "c", "c", "c"] { _ = limit.lineCame(kind, now: self.at(0)) }
    let counts = limit.takeAllRepeats().reduce(into: [:]) { $0[$1.kind] = $1.count }
    #expect(counts == ["b": 1, "c": 2])
    #expect(limit.takeAllRepeats().isEmpty)
  }

  @Test func `kinds beyond the limit share a place, and none is lost`() {
    var limit = RepeatLimit<Int>(perSecond: 1, kindLimit: 2)
    for kind in 0..<2 {
      #expect(limit.lineCame(kind, now: self.at(0)) == .write(repeated: 0))
      #expect(limit.lineCame(kind, now: self.at(0)) == .hide)
    }
    #expect(limit.lineCame(2, now: self.at(0)) == .write(repeated: 0))
    #expect(limit.lineCame(3, now: self.at(0)) == .hide)
    #expect(limit.lineCame(4, now: self.at(0)) == .hide)
    let counts = limit.takeAllRepeats().reduce(into: [:]) { $0[$1.kind] = $1.count }
    #expect(counts == [0: 1, 1: 1, nil: 2])
  }

  @Test func `a kind that has nothing to tell makes room for another`() {
    var limit = RepeatLimit<Int>(perSecond: 1, kindLimit: 1)
    #expect(limit.lineCame(0, now: self.at(0)) == .write(repeated: 0))
    #expect(limit.lineCame(1, now: self.at(1_000)) == .write(repeated: 0))
    #expect(limit.lineCame(1, now: self.at(1_000)) == .hide)
    // It has the place of its own, and not the one that is shared.
    #expect(limit.takeAllRepeats().map(\.kind) == [1])
  }

  @Test func `whatever comes, written and told add up to what came`() {
    var limit = RepeatLimit<Int>(perSecond: 3, kindLimit: 4)
    var generator = SystemRandomNumberGenerator()
    var (now, written, told) = (0, 0, 0)
    for _ in 0..<10_000 {
      now += Int.random(in: 0...40, using: &generator)
      let kind = Int.random(in: 0..<8, using: &generator)
      if case .write(let repeated) = limit.lineCame(kind, now: self.at(now)) {
        written += 1
        told += repeated
      }
      if now % 7 == 0 { told += limit.takeRepeats(now: self.at(now)).reduce(0) { $0 + $1.count } }
    }
    told += limit.takeAllRepeats().reduce(0) { $0 + $1.count }
    #expect(written + told == 10_000)
    #expect(told > 0)
  }
}

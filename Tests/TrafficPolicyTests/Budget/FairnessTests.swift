// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import JobsAPI
import Testing
import TrafficPolicy

/// Many modest things beside one that is not, in virtual time.
@Suite struct FairnessTests {
  private static let second: Int64 = 1_000_000_000

  private struct Arrival {
    var time: Int64
    /// Nil for the greedy one.
    var thing: Int?
  }

  /// Calls at random times, so many a second and thing on average.
  private static func calls(
    of things: [Int?], perSecond: Double, seconds: Int, _ random: inout SplitMix64
  ) -> [Arrival] {
    things.flatMap { thing in
      (0..<Int(perSecond * Double(seconds))).map { _ in
        Arrival(
          time: Int64.random(in: 0..<Int64(seconds) * self.second, using: &random), thing: thing)
      }
    }
  }

  /// How many calls of each modest thing were let through, and how many of the greedy one.
  private static func run(
    _ arrivals: [Arrival], limit: RateLimit
  ) -> (modest: [Int: Int], greedy: Int) {
    var state = BudgetState<Int>(
      .read, limit: limit, maxWait: self.second, maxWaiting: 10_000, now: 0)
    var modest: [Int: Int] = [:]
    var greedy = 0
    func admit(_ thing: Int) {
      if thing < 0 { greedy += 1 } else { modest[thing, default: 0] += 1 }
    }
    for arrival in arrivals.sorted(by: { $0.time < $1.time }) {
      while let due = state.nextDue, due <= arrival.time {
        while let ended = state.nextEnded(now: due) {
          if case .admitted(let thing) = ended { admit(thing) }
        }
      }
      let thing = arrival.thing ?? -1
      if state.admitAtOnce(now: arrival.time) {
        admit(thing)
      } else {
        _ = state.arrived(
          thing, thing: "\(thing)", class: .describe, startBy: nil, deadline: nil,
          now: arrival.time)
      }
    }
    return (modest, greedy)
  }

  /// Budgets that the modest alone leave half empty, nearly fill, and overfill twice. In a budget
  /// nearly full the modest lose something, since whoever takes turns with one who always waits
  /// waits longer, and some then too long: about one call in a hundred.
  @Test(arguments: [0.25, 0.45, 1.0])
  func `beside a greedy thing a hundred modest ones keep what they had alone`(perSecond: Double) {
    var random = SplitMix64(seed: 7)
    let seconds = 180
    let limit = RateLimit(perSecond: 50, burst: 100)
    let modest = Self.calls(
      of: Array(0..<100), perSecond: perSecond, seconds: seconds, &random)
    let greedy = Self.calls(of: [nil], perSecond: 300, seconds: seconds, &random)

    let alone = Self.run(modest, limit: limit)
    let together = Self.run(modest + greedy, limit: limit)
    let before = alone.modest.values.reduce(0, +)
    let after = together.modest.values.reduce(0, +)
    #expect(alone.greedy == 0)
    #expect(Double(after) >= 0.95 * Double(before), "\(after) of \(before)")
    // Nothing is lost either: the greedy one has the rest.
    #expect(after + together.greedy >= 50 * seconds)
    if perSecond < 0.4 { #expect(together.modest == alone.modest) }
    // And it is not that some have all and others nothing: each keeps most of what it had, or its
    // turn among all, where all ask for more than there is.
    let turn = Double(50 * seconds) / 101
    for thing in 0..<100 {
      let had = Double(alone.modest[thing] ?? 0)
      let has = Double(together.modest[thing] ?? 0)
      #expect(has >= 0.8 * min(had, turn), "\(thing): \(has) of \(had)")
    }
  }

  @Test func `a class that is saturated leaves the others their share`() {
    var state = BudgetState<CallClass>(
      .write, limit: RateLimit(perSecond: 70, burst: 1), maxWait: Self.second,
      maxWaiting: 10_000, now: 0)
    var admitted: [CallClass: Int] = [:]
    let classes: [CallClass] = [.terminalUpdate, .update, .startNext]
    var number = 0
    for millisecond in stride(from: Int64(0), to: 60_000, by: 3) {
      while let due = state.nextDue, due <= millisecond * 1_000_000 {
        while let ended = state.nextEnded(now: due) {
          if case .admitted(let call) = ended { admitted[call, default: 0] += 1 }
        }
      }
      // Each class brings five times what all of them may have.
      for call in classes {
        number += 1
        _ = state.arrived(
          call, thing: "\(number % 500)", class: call, startBy: nil, deadline: nil,
          now: millisecond * 1_000_000)
      }
    }
    let total = classes.reduce(0) { $0 + (admitted[$1] ?? 0) }
    #expect(total >= 70 * 59)
    for (call, share) in zip(classes, [8.0, 4.0, 2.0]) {
      let part = Double(admitted[call] ?? 0) / Double(total)
      #expect(abs(part - share / 14) < 0.01, "\(call): \(part)")
    }
  }
}

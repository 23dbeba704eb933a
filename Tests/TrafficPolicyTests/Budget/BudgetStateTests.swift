// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import JobsAPI
import Testing
import TrafficPolicy

@Suite struct BudgetStateTests {
  private static let second: Int64 = 1_000_000_000
  private static let millisecond: Int64 = 1_000_000

  /// Reads, fifty a second, all tokens but `tokens` taken.
  private static func state(
    tokens: Int = 0, burst: Int = 10, maxWait: Int64 = second, maxWaiting: Int = 10_000
  ) -> BudgetState<Int> {
    var state = BudgetState<Int>(
      .read, limit: RateLimit(perSecond: 50, burst: burst), maxWait: maxWait,
      maxWaiting: maxWaiting, now: 0)
    for _ in 0..<burst - tokens { _ = state.admitAtOnce(now: 0) }
    return state
  }

  private static func arrive(
    _ id: Int, at state: inout BudgetState<Int>, thing: String = "door",
    class call: CallClass = .describe, startBy: Int64? = nil, deadline: Int64? = nil,
    now: Int64 = 0
  ) -> BudgetState<Int>.OnArrived {
    state.arrived(
      id, thing: thing, class: call, startBy: startBy, deadline: deadline, now: now)
  }

  // MARK: Tokens

  @Test func `a burst is admitted at once, and not one more`() {
    var state = Self.state(tokens: 3, burst: 3)
    for _ in 0..<3 { #expect(state.admitAtOnce(now: 0) == true) }
    #expect(state.admitAtOnce(now: 0) == false)
    #expect(state.admitAtOnce(now: 20 * Self.millisecond - 1) == false)
    #expect(state.admitAtOnce(now: 20 * Self.millisecond) == true)
  }

  /// Saturated at random, the admissions of any window stay within burst and rate; and none that
  /// the rate allows is left out.
  @Test(arguments: 1...10) func `no window holds more than the burst and the rate's`(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let perSecond = Int64.random(in: 1...2_000, using: &random)
    let burst = Int.random(in: 1...50, using: &random)
    var state = BudgetState<Int>(
      .write, limit: RateLimit(perSecond: Double(perSecond), burst: burst),
      maxWait: 3_600 * Self.second, maxWaiting: 10_000, now: 0)
    var now: Int64 = 0
    var times: [Int64] = []
    for id in 0..<600 {
      if state.admitAtOnce(now: now) {
        times.append(now)
      } else {
        _ = Self.arrive(id, at: &state, thing: "\(id % 7)", class: .update, now: now)
      }
      now += Int64.random(in: 0...Self.second / perSecond, using: &random)
      while let due = state.nextDue, due <= now {
        while case .admitted? = state.nextEnded(now: due) { times.append(due) }
      }
    }
    let tooMany = times.indices.contains { first in
      (first..<times.count).contains { last in
        let allowed = Int64(burst) * Self.second + perSecond * (times[last] - times[first])
        return Int64(last - first + 1) * Self.second > allowed
      }
    }
    #expect(!tooMany)
    #expect(state.waitingCount > 0)
    #expect(times.count == burst + Int(now * perSecond / Self.second))
  }

  @Test func `a token given back goes to who waits`() {
    var state = Self.state()
    _ = Self.arrive(1, at: &state)
    #expect(state.nextEnded(now: 0) == nil)
    state.gaveBack(now: 0)
    #expect(state.nextEnded(now: 0) == .admitted(1))
    #expect(state.nextEnded(now: 0) == nil)
  }

  @Test func `nobody overtakes who waits`() {
    var state = Self.state()
    _ = Self.arrive(1, at: &state)
    // A token is due, but it is another's.
    #expect(state.admitAtOnce(now: 20 * Self.millisecond) == false)
    #expect(state.nextEnded(now: 20 * Self.millisecond) == .admitted(1))
    #expect(state.admitAtOnce(now: 40 * Self.millisecond) == true)
  }

  @Test func `a throttle makes who waits wait longer`() {
    var state = Self.state()
    _ = Self.arrive(1, at: &state)
    #expect(state.nextDue == 20 * Self.millisecond)
    #expect(state.throttled(now: 0) == .reduced)
    #expect(state.level(now: 0) == 35_000)
    #expect(state.nextDue == 28_571_429)
    #expect(state.nextEnded(now: 28_571_428) == nil)
    #expect(state.nextEnded(now: 28_571_429) == .admitted(1))
  }

  @Test func `times that come in the wrong order bring no tokens twice`() {
    var state = Self.state()
    #expect(state.admitAtOnce(now: 20 * Self.millisecond) == true)
    #expect(state.admitAtOnce(now: 0) == false)
    #expect(state.admitAtOnce(now: 20 * Self.millisecond) == false)
    #expect(state.admitAtOnce(now: 40 * Self.millisecond) == true)
  }

  // MARK: Refusing at once

  @Test func `a call whose turn comes too late is refused at once`() {
    var state = Self.state()
    let deadline = 20 * Self.millisecond
    #expect(
      Self.arrive(1, at: &state, deadline: deadline) == .refuse(retryAfterMilliseconds: 20))
    #expect(Self.arrive(2, at: &state, deadline: deadline + 1).isWait)
    #expect(state.waitingCount == 1)
    // The second call of the same thing has its turn after the first.
    #expect(
      Self.arrive(3, at: &state, deadline: 2 * deadline) == .refuse(retryAfterMilliseconds: 40))
  }

  @Test func `what matters is when it must start, if that is said`() {
    var state = Self.state()
    #expect(
      Self.arrive(1, at: &state, startBy: Self.millisecond, deadline: Self.second)
        == .refuse(retryAfterMilliseconds: 20))
    // And it stays that, when the time to start is the later one.
    #expect(Self.arrive(2, at: &state, startBy: Self.second, deadline: nil).isWait)
    #expect(
      Self.arrive(3, at: &state, startBy: Self.millisecond)
        == .refuse(retryAfterMilliseconds: 40))
  }

  @Test func `a call whose deadline has passed is told so`() {
    var state = Self.state()
    #expect(Self.arrive(1, at: &state, deadline: 0) == .tooLate)
    #expect(Self.arrive(1, at: &state, deadline: -5) == .tooLate)
    #expect(state.waitingCount == 0)
  }

  @Test func `no more wait than have their turn within the longest wait`() {
    var state = Self.state()
    var waiting = 0
    while Self.arrive(waiting, at: &state).isWait { waiting += 1 }
    // Fifty a second: the fiftieth would have its turn after a second, which is too late.
    #expect(waiting == 49)
    #expect(Self.arrive(99, at: &state) == .refuse(retryAfterMilliseconds: 1_000))
    // A single call of another thing has its turn after one of these.
    #expect(
      Self.arrive(100, at: &state, thing: "window", deadline: 41 * Self.millisecond).isWait)
  }

  @Test func `at a lower rate fewer may wait`() {
    var state = Self.state()
    for second in 0..<8 { _ = state.throttled(now: Int64(second) * Self.second) }
    let now = 7 * Self.second
    #expect(state.level(now: now) == 5_000)
    while state.admitAtOnce(now: now) {}
    var waiting = 0
    while Self.arrive(waiting, at: &state, now: now).isWait { waiting += 1 }
    #expect(waiting == 4)
  }

  @Test func `without a longest wait nobody waits`() {
    var state = Self.state(tokens: 1, maxWait: 0)
    #expect(Self.arrive(1, at: &state) == .admit)
    #expect(Self.arrive(2, at: &state) == .refuse(retryAfterMilliseconds: 20))
    #expect(state.nextDue == nil)
  }

  @Test func `of a modest thing a single call waits, however many of a greedy one do`() {
    var state = Self.state(maxWait: 3_600 * Self.second)
    for id in 0..<9_999 { _ = Self.arrive(id, at: &state, thing: "greedy") }
    #expect(state.waitingCount == 9_999)
    let answer = Self.arrive(
      10_000, at: &state, thing: "modest", deadline: 41 * Self.millisecond)
    #expect(answer.isWait)
    #expect(state.nextEnded(now: 20 * Self.millisecond) == .admitted(0))
    #expect(state.nextEnded(now: 40 * Self.millisecond) == .admitted(10_000))
  }

  @Test func `a full queue makes room for a modest thing and refuses the greedy`() {
    var state = Self.state(maxWaiting: 3)
    for id in 0..<3 { _ = Self.arrive(id, at: &state, thing: "greedy") }
    #expect(
      Self.arrive(3, at: &state, thing: "greedy") == .refuse(retryAfterMilliseconds: 80))
    guard case .waitDisplacing(_, 2) = Self.arrive(4, at: &state, thing: "modest") else {
      return #expect(Bool(false), "nobody displaced")
    }
    #expect(state.waitingCount == 3)
  }

  // MARK: Waiting

  @Test func `a wait ends with the deadline or the longest wait, whichever is first`() {
    var state = Self.state()
    _ = Self.arrive(1, at: &state, deadline: 21 * Self.millisecond)
    _ = Self.arrive(2, at: &state)
    // The tokens stay away, for AWS throttles.
    for _ in 0..<2 { _ = state.throttled(now: 0) }
    let early = state.nextDue ?? 0
    #expect(early >= 21 * Self.millisecond && early <= 26 * Self.millisecond)
    #expect(state.nextEnded(now: early - 1) == nil)
    #expect(state.nextEnded(now: early) == .expired(1))
    #expect(state.nextEnded(now: early) == nil)
    // Nobody was there to hand out what came meanwhile.
    #expect(state.nextEnded(now: 2 * Self.second) == .expired(2))
    #expect(state.nextEnded(now: 2 * Self.second) == nil)
    #expect(state.nextDue == nil)
  }

  @Test func `who left is not told anything`() {
    var state = Self.state()
    guard case .wait(let ticket) = Self.arrive(1, at: &state) else {
      return #expect(Bool(false), "not waiting")
    }
    #expect(state.left(ticket) == 1)
    #expect(state.left(ticket) == nil)
    #expect(state.nextEnded(now: Self.second) == nil)
    // And its token is there.
    #expect(state.admitAtOnce(now: Self.second) == true)
  }

  @Test func `who had its turn cannot leave`() {
    var state = Self.state()
    guard case .wait(let ticket) = Self.arrive(1, at: &state) else {
      return #expect(Bool(false), "not waiting")
    }
    #expect(state.nextEnded(now: 20 * Self.millisecond) == .admitted(1))
    #expect(state.left(ticket) == nil)
  }

  @Test func `a terminal update goes before what came earlier and matters less`() {
    var state = BudgetState<Int>(
      .write, limit: RateLimit(perSecond: 50, burst: 1), maxWait: Self.second,
      maxWaiting: 100, now: 0)
    _ = state.admitAtOnce(now: 0)
    for id in 0..<4 { _ = Self.arrive(id, at: &state, thing: "\(id)", class: .startNext) }
    for id in 4..<8 { _ = Self.arrive(id, at: &state, thing: "\(id)", class: .terminalUpdate) }
    var order: [Int] = []
    while let due = state.nextDue {
      if case .admitted(let id) = state.nextEnded(now: due) { order.append(id) }
    }
    #expect(order == [4, 0, 5, 6, 7, 1, 2, 3])
  }
}

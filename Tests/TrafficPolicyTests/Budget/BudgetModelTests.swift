// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import JobsAPI
import Testing
import TrafficPolicy

/// Random histories of a budget beside those of the plain model.
@Suite struct BudgetModelTests {
  private enum Event: CaseIterable {
    case admittedAtOnce, admitted, waits, displaces, refused, tooLate, left, expired, reduced, held
    case changed, turnedOff, turnedOn, changedWhileDown, admittedByChange, expiredByChange
  }

  /// Both of them, what is known of each call, and the time.
  private struct Pair: ~Copyable {
    var random: SplitMix64
    let kind: CallKind
    var state: BudgetState<Int>
    var model: NaiveBudget
    var now: Int64
    var tickets: [Int: BudgetState<Int>.Ticket] = [:]
    var ended: Set<Int> = []
    var nextID = 0
    var tokensOut = 0
    /// What has happened at all.
    var seen: Set<Event> = []

    init(seed: UInt64) {
      self.random = SplitMix64(seed: seed)
      self.kind = Bool.random(using: &self.random) ? .read : .write
      self.now = Int64.random(in: 0...1_000_000_000_000, using: &self.random)
      let perSecond = Int64.random(in: 1...400, using: &self.random)
      let burst = Int.random(in: 1...20, using: &self.random)
      let maxWait = Int64.random(in: 1...3_000, using: &self.random) * 1_000_000
      let maxWaiting = Int.random(in: 1...60, using: &self.random)
      self.state = BudgetState(
        self.kind, limit: RateLimit(perSecond: Double(perSecond), burst: burst),
        maxWait: maxWait, maxWaiting: maxWaiting, now: self.now)
      self.model = NaiveBudget(
        perSecond: perSecond, burst: burst, weights: CallClass.weights(of: self.kind),
        maxWait: maxWait, maxWaiting: maxWaiting, now: self.now)
    }
  }

  @Test(arguments: 1...60) func `a budget does what the model does`(seed: UInt64) {
    _ = Self.history(seed: seed)
  }

  @Test func `the histories hold everything that can happen`() {
    let seen = (1...20).reduce(into: Set<Event>()) {
      $0.formUnion(Self.history(seed: UInt64($1)))
    }
    #expect(seen == Set(Event.allCases))
  }

  private static func history(seed: UInt64) -> Set<Event> {
    var pair = Pair(seed: seed)
    for _ in 0..<1_200 {
      let before = pair.state.waitingCount
      Self.step(&pair)
      #expect(pair.state.waitingCount == pair.model.calls.count)
      // Those who came under another bound are not driven out, but they become no more.
      #expect(pair.state.waitingCount <= max(pair.model.maxWaiting, before))
      #expect(
        pair.state.level(now: pair.now)
          == (pair.model.isLimited ? pair.model.rate(at: pair.now) : nil))
    }
    // In the end everybody is told, and once.
    while let due = pair.state.nextDue {
      pair.now = max(pair.now, due)
      let before = pair.ended.count
      Self.drain(&pair)
      #expect(pair.ended.count > before, "a timer in vain")
    }
    #expect(pair.state.waitingCount == 0)
    #expect(pair.tickets.isEmpty)
    return pair.seen
  }

  private static func step(_ pair: inout Pair) {
    switch Int.random(in: 0..<21, using: &pair.random) {
    case 20: self.change(&pair)
    case 0..<11: self.arrive(&pair)
    case 11, 12: self.leave(&pair)
    case 13: self.throttle(&pair)
    case 14: self.giveBack(&pair)
    case 15: self.waitForTheNext(&pair)
    case 16: self.charge(&pair)
    default:
      pair.now += Int64.random(in: 0...40_000_000, using: &pair.random)
      self.drain(&pair)
    }
  }

  private static func arrive(_ pair: inout Pair) {
    let id = pair.nextID
    pair.nextID += 1
    // Some things are much busier than others.
    let thing =
      "\(min(Int.random(in: 0..<8, using: &pair.random), Int.random(in: 0..<8, using: &pair.random)))"
    let classes = CallClass.allCases.filter { $0.kind == pair.kind }
    let call = classes.randomElement(using: &pair.random) ?? .describe
    let near = pair.now - 5_000_000...pair.now + 2_000_000_000
    let deadline =
      Bool.random(using: &pair.random) ? Int64.random(in: near, using: &pair.random) : nil
    let startBy =
      Bool.random(using: &pair.random) ? Int64.random(in: near, using: &pair.random) : nil

    if pair.model.calls.isEmpty {
      // The short way says the same as the long one.
      pair.model.fill(until: pair.now)
      let admits = pair.model.take()
      #expect(pair.state.admitAtOnce(now: pair.now) == admits)
      if admits {
        pair.tokensOut += 1
        pair.seen.insert(.admittedAtOnce)
        return
      }
    } else {
      #expect(pair.state.admitAtOnce(now: pair.now) == false)
    }
    let expected = pair.model.arrived(
      id, thing: thing, index: call.index, startBy: startBy, deadline: deadline, now: pair.now)
    let answer = pair.state.arrived(
      id, thing: thing, class: call, startBy: startBy, deadline: deadline, now: pair.now)
    switch answer {
    case .admit:
      #expect(expected == .admit)
    case .tooLate:
      #expect(expected == .tooLate)
      pair.seen.insert(.tooLate)
    case .refuse(let milliseconds):
      #expect(expected == .refuse(milliseconds: milliseconds))
      pair.seen.insert(.refused)
    case .wait(let ticket):
      #expect(expected == .wait(displacing: nil))
      pair.tickets[id] = ticket
      pair.seen.insert(.waits)
    case .waitDisplacing(let ticket, let other):
      #expect(expected == .wait(displacing: other))
      pair.tickets[id] = ticket
      self.end(other, &pair)
      pair.seen.insert(.displaces)
    }
  }

  private static func leave(_ pair: inout Pair) {
    guard let (id, ticket) = pair.tickets.min(by: { $0.key < $1.key }) else { return }
    #expect(pair.state.left(ticket) == id)
    #expect(pair.state.left(ticket) == nil)
    pair.model.remove(id)
    self.end(id, &pair)
    pair.seen.insert(.left)
  }

  private static func throttle(_ pair: inout Pair) {
    let lowers = pair.model.throttled(now: pair.now)
    #expect(pair.state.throttled(now: pair.now) == (lowers ? .reduced : .held))
    pair.seen.insert(lowers ? .reduced : .held)
  }

  private static func giveBack(_ pair: inout Pair) {
    guard pair.tokensOut > 0 else { return }
    pair.tokensOut -= 1
    pair.state.gaveBack(now: pair.now)
    pair.model.fill(until: pair.now)
    pair.model.tokens = min(pair.model.capacity, pair.model.tokens + NaiveBudget.token)
    self.drain(&pair)
  }

  /// As the budget does it: whoever has waited enough before goes first.
  private static func change(_ pair: inout Pair) {
    guard Int.random(in: 0..<4, using: &pair.random) == 0 else { return }
    self.drain(&pair)
    let limit =
      Int.random(in: 0..<5, using: &pair.random) == 0
      ? nil
      : (
        perSecond: Int64.random(in: 1...400, using: &pair.random),
        burst: Int.random(in: 1...20, using: &pair.random)
      )
    let waits = [
      pair.model.maxWait, 0, Int64.random(in: 0...3_000, using: &pair.random) * 1_000_000,
    ]
    let maxWait = waits.randomElement(using: &pair.random) ?? 0
    let maxWaiting = Int.random(in: 1...60, using: &pair.random)
    let isDown = pair.model.isLimited && pair.model.rate(at: pair.now) < pair.model.ceiling
    pair.seen.insert(.changed)
    if isDown, limit != nil { pair.seen.insert(.changedWhileDown) }
    if pair.model.isLimited, limit == nil { pair.seen.insert(.turnedOff) }
    if !pair.model.isLimited, limit != nil { pair.seen.insert(.turnedOn) }
    let places = pair.state.waitingCount
    pair.model.changed(limit: limit, maxWait: maxWait, maxWaiting: maxWaiting, now: pair.now)
    pair.state.changed(
      limit: limit.map { RateLimit(perSecond: Double($0.perSecond), burst: $0.burst) },
      maxWait: maxWait, maxWaiting: maxWaiting, now: pair.now)
    // Nobody loses a place; some may have waited enough by now.
    #expect(pair.state.waitingCount == places)
    let (admitted, expired) = self.drain(&pair)
    if admitted > 0 { pair.seen.insert(.admittedByChange) }
    if expired > 0 { pair.seen.insert(.expiredByChange) }
  }

  private static func charge(_ pair: inout Pair) {
    let count = Int.random(in: 0..<4, using: &pair.random)
    pair.state.charge(count, now: pair.now)
    pair.model.charge(count, now: pair.now)
  }

  /// Nothing happens before the time that is told, and then something does.
  private static func waitForTheNext(_ pair: inout Pair) {
    self.drain(&pair)
    guard let due = pair.state.nextDue else { return }
    #expect(due > pair.now)
    pair.now = due - 1
    #expect(pair.state.nextEnded(now: pair.now) == nil)
    pair.now = due
    let before = pair.ended.count
    self.drain(&pair)
    #expect(pair.ended.count > before)
  }

  @discardableResult
  private static func drain(_ pair: inout Pair) -> (admitted: Int, expired: Int) {
    let expected = pair.model.ended(now: pair.now)
    var expired: Set<Int> = []
    var admitted: [Int] = []
    while let ended = pair.state.nextEnded(now: pair.now) {
      switch ended {
      case .expired(let id):
        expired.insert(id)
        pair.seen.insert(.expired)
        self.end(id, &pair)
      case .admitted(let id):
        admitted.append(id)
        pair.seen.insert(.admitted)
        pair.tokensOut += 1
        self.end(id, &pair)
      }
    }
    #expect(expired == expected.expired)
    #expect(admitted == expected.admitted)
    #expect(pair.state.nextEnded(now: pair.now) == nil)
    return (admitted.count, expired.count)
  }

  private static func end(_ id: Int, _ pair: inout Pair) {
    #expect(pair.ended.insert(id).inserted, "ended twice")
    #expect(pair.tickets.removeValue(forKey: id) != nil, "ended and never waited")
  }
}

// SPDX-License-Identifier: Apache-2.0

import Testing
import TrafficPolicy

@Suite struct FairQueueTests {
  private static let second: Int64 = 1_000_000_000

  /// Writes: terminal updates, updates, start-nexts.
  private static func queue(maxWaiting: Int = 100_000) -> FairQueue<String> {
    FairQueue(weights: [8, 4, 2], maxWaiting: maxWaiting, maxWait: second, now: 0)
  }

  private static func enqueue(
    _ waiters: [String], of thing: String, class index: Int = 0,
    in queue: inout FairQueue<String>
  ) {
    for waiter in waiters {
      _ = queue.enqueue(waiter, thing: thing, class: index, expiry: self.second)
    }
  }

  private static func drain(_ queue: inout FairQueue<String>, count: Int = .max) -> [String] {
    var order: [String] = []
    while order.count < count, let next = queue.next() { order.append(next) }
    return order
  }

  @Test func `an empty queue has nobody, and still has nobody when asked again`() {
    var queue = Self.queue()
    #expect(queue.next() == nil)
    #expect(queue.takeExpired(now: .max) == nil)
    #expect(queue.nextExpiry == nil)
    #expect(queue.next() == nil)
    #expect(queue.isEmpty == true)
  }

  @Test func `a thing's calls go in the order in which they came`() {
    var queue = Self.queue()
    Self.enqueue(["1", "2", "3"], of: "door", in: &queue)
    #expect(Self.drain(&queue) == ["1", "2", "3"])
    #expect(queue.thingCount == 0)
  }

  @Test func `things take turns`() {
    var queue = Self.queue()
    Self.enqueue(["a1", "a2", "a3"], of: "a", in: &queue)
    Self.enqueue(["b1"], of: "b", in: &queue)
    Self.enqueue(["c1", "c2"], of: "c", in: &queue)
    #expect(Self.drain(&queue) == ["a1", "b1", "c1", "a2", "c2", "a3"])
  }

  @Test(arguments: 0...2) func `ten thousand calls of one thing delay another's by one turn`(
    index: Int
  ) {
    var queue = Self.queue()
    Self.enqueue((0..<10_000).map { "\($0)" }, of: "greedy", class: index, in: &queue)
    _ = queue.next()
    #expect(queue.turns(for: "modest", class: index) == 2)
    Self.enqueue(["modest"], of: "modest", class: index, in: &queue)
    #expect(Self.drain(&queue, count: 2) == ["1", "modest"])
    #expect(queue.count == 9_998)
  }

  @Test func `classes that compete share by weight`() {
    var queue = Self.queue()
    for index in 0...2 {
      for thing in 0..<50 {
        Self.enqueue(
          Array(repeating: "\(index)", count: 20), of: "\(thing)", class: index, in: &queue)
      }
    }
    let order = Self.drain(&queue, count: 700)
    #expect(order.filter { $0 == "0" }.count == 400)
    #expect(order.filter { $0 == "1" }.count == 200)
    #expect(order.filter { $0 == "2" }.count == 100)
    // Spread evenly: of any seven turns each class has its share, but for one.
    for start in 0..<693 {
      let turns = order[start..<start + 7]
      #expect((3...5).contains(turns.filter { $0 == "0" }.count))
      #expect((1...3).contains(turns.filter { $0 == "1" }.count))
      #expect((1...2).contains(turns.filter { $0 == "2" }.count))
    }
  }

  @Test func `the light class of two has its share, whatever the heavy one brings`() {
    var queue = Self.queue()
    Self.enqueue(["light"], of: "light", class: 2, in: &queue)
    var turns: [Int] = []
    for turn in 0..<1_000 {
      Self.enqueue(["heavy", "heavy"], of: "\(turn)", class: 0, in: &queue)
      guard queue.next() == "light" else { continue }
      turns.append(turn)
      Self.enqueue(["light"], of: "light", class: 2, in: &queue)
    }
    #expect(turns.count == 200)
    #expect(zip(turns, turns.dropFirst()).allSatisfy { $1 - $0 == 5 })
  }

  @Test func `a class that was away has saved up nothing`() {
    var queue = Self.queue()
    Self.enqueue((0..<1_000).map { "a\($0)" }, of: "a", class: 0, in: &queue)
    _ = Self.drain(&queue, count: 500)
    Self.enqueue((0..<1_000).map { "b\($0)" }, of: "b", class: 1, in: &queue)
    let order = Self.drain(&queue, count: 30)
    #expect((9...11).contains(order.filter { $0.hasPrefix("b") }.count))
  }

  // MARK: Leaving

  @Test func `who leaves is gone, once`() {
    var queue = Self.queue()
    guard case .waiting(let first) = queue.enqueue("1", thing: "a", class: 0, expiry: 1),
      case .waiting(let second) = queue.enqueue("2", thing: "a", class: 0, expiry: 2)
    else { return #expect(Bool(false), "not waiting") }
    #expect(queue.remove(first) == "1")
    #expect(queue.remove(first) == nil)
    #expect(queue.count == 1)
    #expect(queue.next() == "2")
    #expect(queue.remove(second) == nil)
    #expect(queue.nextExpiry == nil)
  }

  @Test func `an old ticket is not good for the slot's next guest`() {
    var queue = Self.queue()
    guard case .waiting(let old) = queue.enqueue("1", thing: "a", class: 0, expiry: 1) else {
      return #expect(Bool(false), "not waiting")
    }
    #expect(queue.next() == "1")
    Self.enqueue(["2"], of: "b", in: &queue)
    #expect(queue.remove(old) == nil)
    #expect(queue.next() == "2")
    #expect(queue.remove(old) == nil)
  }

  @Test func `a thing that leaves and comes back stands at the end`() {
    var queue = Self.queue()
    guard case .waiting(let ticket) = queue.enqueue("a1", thing: "a", class: 0, expiry: 1) else {
      return #expect(Bool(false), "not waiting")
    }
    Self.enqueue(["b1"], of: "b", in: &queue)
    _ = queue.remove(ticket)
    Self.enqueue(["a2"], of: "a", in: &queue)
    #expect(Self.drain(&queue) == ["b1", "a2"])
  }

  @Test func `who has waited enough comes out, the earliest first`() {
    var queue = Self.queue()
    for (waiter, expiry) in [("late", 900), ("early", 100), ("middle", 500)] {
      _ = queue.enqueue(
        waiter, thing: waiter, class: 0, expiry: Int64(expiry) * 1_000_000)
    }
    var out: [String] = []
    while let due = queue.nextExpiry {
      #expect(queue.takeExpired(now: due - 1) == nil)
      if let waiter = queue.takeExpired(now: due) { out.append(waiter) }
    }
    #expect(out == ["early", "middle", "late"])
    #expect(queue.takeExpired(now: .max) == nil)
    #expect(queue.isEmpty == true)
  }

  // MARK: Full

  @Test func `a full queue takes the newest call of the longest thing out for a newcomer`() {
    var queue = Self.queue(maxWaiting: 4)
    Self.enqueue(["g1", "g2", "g3"], of: "greedy", in: &queue)
    Self.enqueue(["a1"], of: "a", in: &queue)
    guard case .displacing(_, "g3") = queue.enqueue("b1", thing: "b", class: 2, expiry: 1) else {
      return #expect(Bool(false), "nobody displaced")
    }
    #expect(queue.count == 4)
    #expect(Self.drain(&queue) == ["g1", "b1", "a1", "g2"])
  }

  @Test func `a full queue refuses a call of the longest thing`() {
    var queue = Self.queue(maxWaiting: 4)
    Self.enqueue(["g1", "g2", "g3"], of: "greedy", in: &queue)
    Self.enqueue(["a1"], of: "a", in: &queue)
    #expect(queue.enqueue("g4", thing: "greedy", class: 0, expiry: 1) == .refused)
    #expect(queue.enqueue("g4", thing: "greedy", class: 1, expiry: 1) == .refused)
    #expect(Self.drain(&queue) == ["g1", "a1", "g2", "g3"])
  }

  @Test func `a full queue of equals refuses, for nothing would be gained`() {
    var queue = Self.queue(maxWaiting: 3)
    for thing in ["a", "b", "c"] { Self.enqueue([thing], of: thing, in: &queue) }
    #expect(queue.enqueue("d", thing: "d", class: 0, expiry: 1) == .refused)
    #expect(queue.enqueue("a", thing: "a", class: 0, expiry: 1) == .refused)
    #expect(queue.count == 3)
    #expect(queue.thingCount == 3)
  }

  @Test func `a thing's calls of all classes count as its own`() {
    var queue = Self.queue(maxWaiting: 4)
    Self.enqueue(["s1"], of: "spread", class: 0, in: &queue)
    Self.enqueue(["s2"], of: "spread", class: 1, in: &queue)
    Self.enqueue(["a1", "a2"], of: "a", class: 0, in: &queue)
    // Both have two; the last that came to two gives way.
    guard case .displacing(_, "a2") = queue.enqueue("b1", thing: "b", class: 0, expiry: 1) else {
      return #expect(Bool(false), "another displaced")
    }
    guard case .displacing(_, "s2") = queue.enqueue("c1", thing: "c", class: 0, expiry: 1) else {
      return #expect(Bool(false), "another displaced")
    }
    #expect(queue.enqueue("d1", thing: "d", class: 0, expiry: 1) == .refused)
  }

  @Test func `a queue without room refuses everybody`() {
    var queue = Self.queue(maxWaiting: 0)
    #expect(queue.enqueue("a", thing: "a", class: 0, expiry: 1) == .refused)
    #expect(queue.next() == nil)
  }

  // MARK: Turns

  @Test func `the turns until a newcomer's are foretold`() {
    var queue = Self.queue()
    #expect(queue.turns(for: "a", class: 0) == 1)
    Self.enqueue(["a1", "a2"], of: "a", in: &queue)
    Self.enqueue(["b1"], of: "b", in: &queue)
    // After a1 and b1.
    #expect(queue.turns(for: "c", class: 0) == 3)
    // Not more than all that wait: a1, b1, a2, and itself.
    #expect(queue.turns(for: "a", class: 0) == 4)
    // Alone in its class, whose weight is half: two turns of the other for each of its own.
    #expect(queue.turns(for: "c", class: 1) == 3)
    // And a quarter: all three that wait there.
    #expect(queue.turns(for: "c", class: 2) == 4)
  }
}

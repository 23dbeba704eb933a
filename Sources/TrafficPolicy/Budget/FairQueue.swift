// SPDX-License-Identifier: Apache-2.0

import JobsAPI

/// Calls that wait for a token: fair between things, weighted between classes, first come first
/// served within a thing.
///
/// Whose turn it is: the classes take turns by weight (``ClassTurns``), the things that wait in a
/// class go round robin, and a thing's calls of a class go in the order in which they came. A thing
/// that comes in goes to the end of its class's round, so ten thousand calls of one thing delay
/// another's single call by one turn.
///
/// A full queue makes room at the expense of the thing with the most waiting calls, whose newest
/// call gives way; but only for a call that leaves its own thing with fewer than that thing has:
/// else the newcomer is refused, for nothing would be gained in fairness.
///
/// Every operation takes the same time however many wait: the orders are linked lists over the same
/// slots, and the things stand in lists by how many calls they have. A thing with nothing waiting
/// keeps nothing; the slots of a busy hour are kept for the next, some hundred bytes for each of the
/// calls that waited at a time, and never more than the bound.
package struct FairQueue<Waiter: Sendable>: ~Copyable, Sendable {
  /// A place in the queue. Good for one stay: a slot is used again, a ticket never.
  package struct Ticket: Hashable, Sendable {
    fileprivate let slot: Int32
    fileprivate let generation: UInt64
  }

  package enum OnEnqueue {
    case waiting(Ticket)
    /// The other is out of the queue.
    case displacing(Ticket, Waiter)
    /// Full, and the newcomer's thing has as many calls as any.
    case refused
  }

  private struct Entry {
    var waiter: Waiter?
    var generation: UInt64
    var flow: Int
    var expiry: Int64
  }

  package private(set) var count = 0
  package private(set) var maxWaiting: Int
  private var maxWait: Int64
  private let weights: [Int]

  private var entries: [Entry] = []
  private var freeEntries: [Int32] = []
  private var lastGeneration: UInt64 = 0

  /// The things that have calls waiting, with their numbers.
  private var things: [String: Int] = [:]
  /// By number; empty for a number that is free.
  private var names: [String] = []
  private var freeThings: [Int32] = []

  /// A thing's calls of all classes, in the order of arrival.
  private var arrivals = SlotLists()
  /// A thing's calls of one class, a flow, in the order of arrival.
  private var flows = SlotLists()
  /// The flows that wait in a class, the next in turn first.
  private var rounds = SlotLists()
  /// The things by their number of calls, the last to come to it at the end.
  private var lengths = SlotLists()
  private var longest = 0
  private var turns: ClassTurns
  /// By class.
  private var waiting: [Int]
  private var expiries: ExpiryWheel

  /// - Parameters:
  ///   - weights: the shares of the classes; a class is an index into them.
  ///   - maxWaiting: calls that may wait at a time.
  ///   - maxWait: how far ahead an expiry may lie, in nanoseconds.
  package init(weights: [Int], maxWaiting: Int, maxWait: Int64, now: Int64) {
    self.weights = weights
    self.maxWaiting = maxWaiting
    self.maxWait = maxWait
    self.turns = ClassTurns(weights: weights)
    self.waiting = weights.map { _ in 0 }
    self.expiries = ExpiryWheel(span: maxWait, now: now)
  }

  package var isEmpty: Bool { self.count == 0 }

  /// Things with a call waiting.
  package var thingCount: Int { self.things.count }

  /// The bounds are others from now on. Those who wait keep their places, be they more than may
  /// come in now; but nobody waits on for longer than the new longest wait. Whoever is expired must
  /// have been taken out before.
  ///
  /// If the longest wait is another, this takes the time to sort those who wait.
  package mutating func changed(maxWaiting: Int, maxWait: Int64, now: Int64) {
    self.maxWaiting = maxWaiting
    guard maxWait != self.maxWait else { return }
    self.maxWait = maxWait
    self.expiries = ExpiryWheel(span: maxWait, now: now)
    let latest = now.addingClamped(maxWait)
    // In the order of arrival, in which those leave who have waited enough at the same time.
    let occupied = self.entries.indices.filter { self.entries[$0].generation != 0 }
    for slot in occupied.sorted(by: {
      self.entries[$0].generation < self.entries[$1].generation
    }) {
      let expiry = self.expiries.rounded(max(now, min(self.entries[slot].expiry, latest)))
      self.entries[slot].expiry = expiry
      self.expiries.insert(slot, at: expiry)
    }
  }

  // MARK: In

  /// A call comes to wait. Whoever is expired must have been taken out before.
  ///
  /// - Parameter expiry: when it has waited enough; ahead of now, by the longest wait at most.
  package mutating func enqueue(
    _ waiter: Waiter, thing name: String, class index: Int, expiry: Int64
  ) -> OnEnqueue {
    let known = self.things[name]
    var displaced: Waiter?
    if self.count >= self.maxWaiting {
      let length = known.map { self.arrivals.count(of: $0) } ?? 0
      // The victim's thing has two calls or more and is another, so no number is freed here.
      guard self.longest > length + 1, let victim = self.newestOfTheLongest() else {
        return .refused
      }
      displaced = self.take(victim)
    }
    let thing = known ?? self.number(name)
    let ticket = self.insert(
      waiter, thing: thing, class: index, expiry: self.expiries.rounded(expiry))
    return displaced.map { .displacing(ticket, $0) } ?? .waiting(ticket)
  }

  /// How many tokens until a newcomer has one, itself included, if nobody comes after it.
  ///
  /// Its class serves it no later than after as many rounds as it has calls of its own there, and no
  /// later than after all that wait there now; meanwhile the other classes have the turns that
  /// their weights give them, if they have so many calls. A thing with one call is thus not charged
  /// for the thousands of another.
  package func turns(for name: String, class index: Int) -> Int {
    let flow = self.things[name].map { self.flow($0, index) }
    let own = flow.map { self.flows.count(of: $0) } ?? 0
    let things = self.rounds.count(of: index) + (own == 0 ? 1 : 0)
    let inClass = min((own + 1) * things, self.waiting[index] + 1)
    var turns = inClass
    for other in self.weights.indices where other != index {
      let share = (inClass * self.weights[other] - 1) / self.weights[index] + 1
      turns += min(share, self.waiting[other])
    }
    return turns
  }

  // MARK: Out

  /// Takes out the call whose turn it is.
  package mutating func next() -> Waiter? {
    guard let index = self.turns.next(waiting: self.waiting),
      let flow = self.rounds.first(of: index), let slot = self.flows.first(of: flow)
    else { return nil }
    let waiter = self.take(slot)
    if self.flows.count(of: flow) > 0 {
      self.rounds.remove(flow, from: index)
      self.rounds.append(flow, to: index)
    }
    return waiter
  }

  /// Takes a call out before its turn; nil if it is out already.
  package mutating func remove(_ ticket: Ticket) -> Waiter? {
    let slot = Int(ticket.slot)
    guard slot < self.entries.count, self.entries[slot].generation == ticket.generation else {
      return nil
    }
    return self.take(slot)
  }

  /// Takes out somebody who has waited enough; to be asked until there is none.
  package mutating func takeExpired(now: Int64) -> Waiter? {
    self.expiries.due(now: now).flatMap { self.take($0) }
  }

  /// When somebody will have waited enough: up to a 250th of the longest wait after the expiry that
  /// the call came with, and never before it.
  package var nextExpiry: Int64? { self.expiries.nextDue }
}

// MARK: - Lists

extension FairQueue {
  private func flow(_ thing: Int, _ index: Int) -> Int {
    thing * self.weights.count + index
  }

  private func newestOfTheLongest() -> Int? {
    self.lengths.last(of: self.longest).flatMap { self.arrivals.last(of: $0) }
  }

  /// Gives a thing its number.
  private mutating func number(_ name: String) -> Int {
    let thing: Int
    if let free = self.freeThings.popLast() {
      thing = Int(free)
      self.names[thing] = name
    } else {
      thing = self.names.count
      self.names.append(name)
    }
    self.things[name] = thing
    return thing
  }

  private mutating func insert(
    _ waiter: Waiter, thing: Int, class index: Int, expiry: Int64
  ) -> Ticket {
    let flow = self.flow(thing, index)
    self.lastGeneration += 1
    let entry = Entry(
      waiter: waiter, generation: self.lastGeneration, flow: flow, expiry: expiry)
    let slot: Int
    if let free = self.freeEntries.popLast() {
      slot = Int(free)
      self.entries[slot] = entry
    } else {
      slot = self.entries.count
      self.entries.append(entry)
    }
    if self.flows.count(of: flow) == 0 { self.rounds.append(flow, to: index) }
    self.flows.append(slot, to: flow)
    self.arrivals.append(slot, to: thing)
    self.moveThing(thing, from: self.arrivals.count(of: thing) - 1)
    self.expiries.insert(slot, at: expiry)
    if self.waiting[index] == 0 { self.turns.activated(index) }
    self.waiting[index] += 1
    self.count += 1
    return Ticket(slot: Int32(slot), generation: entry.generation)
  }

  private mutating func take(_ slot: Int) -> Waiter? {
    let entry = self.entries[slot]
    let (thing, index) = entry.flow.quotientAndRemainder(dividingBy: self.weights.count)
    // No ticket has the generation zero.
    self.entries[slot] = Entry(waiter: nil, generation: 0, flow: 0, expiry: 0)
    self.freeEntries.append(Int32(slot))
    self.flows.remove(slot, from: entry.flow)
    if self.flows.count(of: entry.flow) == 0 { self.rounds.remove(entry.flow, from: index) }
    self.arrivals.remove(slot, from: thing)
    self.moveThing(thing, from: self.arrivals.count(of: thing) + 1)
    self.expiries.remove(slot, at: entry.expiry)
    self.waiting[index] -= 1
    self.count -= 1
    return entry.waiter
  }

  /// Puts a thing whose calls have become one more or one fewer into the list of its length.
  private mutating func moveThing(_ thing: Int, from old: Int) {
    let length = self.arrivals.count(of: thing)
    if old > 0 { self.lengths.remove(thing, from: old) }
    if length > 0 {
      self.lengths.append(thing, to: length)
    } else {
      self.things.removeValue(forKey: self.names[thing])
      self.names[thing] = ""
      self.freeThings.append(Int32(thing))
    }
    // Lengths change by one, so when the longest thing shrinks alone, it is still the longest.
    if length > self.longest || self.lengths.count(of: self.longest) == 0 {
      self.longest = length
    }
  }
}

extension FairQueue.OnEnqueue: Equatable where Waiter: Equatable {}

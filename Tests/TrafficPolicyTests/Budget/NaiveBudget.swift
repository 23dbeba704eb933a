// SPDX-License-Identifier: Apache-2.0

/// What a budget should do, in plain lists and by brute force: the model that `BudgetState` is
/// compared with.
struct NaiveBudget {
  struct Call {
    var id: Int
    var thing: String
    var index: Int
    var expiry: Int64
    /// When its thing last came to the number of calls that it has.
    var order: Int
  }

  enum Arrival: Equatable {
    case admit, tooLate
    case wait(displacing: Int?)
    case refuse(milliseconds: Int64)
  }

  enum Ended: Hashable {
    case admitted(Int)
    case expired(Int)
  }

  static let second: Int64 = 1_000_000_000
  /// A token, in thousandths of a call a second times nanoseconds.
  static let token = Int128(1_000_000_000_000)

  var isLimited = true
  var ceiling: Int64
  var capacity: Int128
  let weights: [Int]
  var maxWait: Int64
  var maxWaiting: Int

  var tokens: Int128
  var filledUntil: Int64
  var rateThen: Int64
  var loweredAt: Int64?

  /// In the order of arrival.
  var calls: [Call] = []
  /// By class: the things that wait in it, the next in turn first.
  var rounds: [[String]]
  /// By class: the virtual time of its next turn.
  var starts: [Int]
  var virtualTime = 0
  /// By thing: how many calls, and since which change.
  var changes: [String: Int] = [:]
  var changeCount = 0

  init(
    perSecond: Int64, burst: Int, weights: [Int], maxWait: Int64, maxWaiting: Int, now: Int64
  ) {
    self.ceiling = perSecond * 1_000
    self.capacity = Int128(burst) * Self.token
    self.weights = weights
    self.maxWait = maxWait
    self.maxWaiting = maxWaiting
    self.tokens = self.capacity
    self.filledUntil = now
    self.rateThen = self.ceiling
    self.rounds = weights.map { _ in [] }
    self.starts = weights.map { _ in 0 }
  }

  // MARK: Settings

  /// - Parameter limit: nil for no budget.
  mutating func changed(
    limit: (perSecond: Int64, burst: Int)?, maxWait: Int64, maxWaiting: Int, now: Int64
  ) {
    self.fill(until: now)
    if let (perSecond, burst) = limit {
      let rate = self.rate(at: now)
      let isDown = self.isLimited && rate < self.ceiling && rate < perSecond * 1_000
      self.ceiling = perSecond * 1_000
      self.capacity = Int128(burst) * Self.token
      self.tokens =
        self.isLimited ? max(-self.capacity, min(self.capacity, self.tokens)) : self.capacity
      self.rateThen = isDown ? max(self.ceiling / 10, rate) : self.ceiling
      self.loweredAt =
        isDown ? self.loweredAt.map { $0 + (now - $0) / Self.second * Self.second } : nil
    }
    self.isLimited = limit != nil
    self.maxWaiting = maxWaiting
    guard maxWait != self.maxWait else { return }
    self.maxWait = maxWait
    for position in self.calls.indices {
      let expiry = max(now, min(self.calls[position].expiry, now + maxWait))
      self.calls[position].expiry = self.rounded(expiry)
    }
  }

  /// Up to a whole step.
  func rounded(_ expiry: Int64) -> Int64 {
    let step = self.maxWait / 250 + 1
    return (expiry + step - 1) / step * step
  }

  // MARK: Rate and tokens

  func rate(at time: Int64) -> Int64 {
    guard let loweredAt else { return self.ceiling }
    var rate = self.rateThen
    var rise = loweredAt + Self.second
    while rise <= time, rate < self.ceiling {
      rate = min(self.ceiling, rate + (self.ceiling + 59) / 60)
      rise += Self.second
    }
    return rate
  }

  /// Second by second from the last reduction on.
  mutating func fill(until now: Int64) {
    while self.filledUntil < now {
      var end = now
      if let loweredAt, self.rate(at: self.filledUntil) < self.ceiling {
        end = min(
          now, loweredAt + ((self.filledUntil - loweredAt) / Self.second + 1) * Self.second)
      }
      let gain = Int128(self.rate(at: self.filledUntil)) * Int128(end - self.filledUntil)
      self.tokens = min(self.capacity, self.tokens + gain)
      self.filledUntil = end
    }
  }

  mutating func take() -> Bool {
    guard self.isLimited else { return true }
    guard self.tokens >= Self.token else { return false }
    self.tokens -= Self.token
    return true
  }

  mutating func charge(_ count: Int, now: Int64) {
    self.fill(until: now)
    self.tokens = max(-self.capacity, self.tokens - Int128(count) * Self.token)
  }

  /// True if the rate is lower for it.
  mutating func throttled(now: Int64) -> Bool {
    self.fill(until: now)
    guard self.isLimited else { return false }
    if let loweredAt, now - loweredAt < Self.second { return false }
    let before = self.rate(at: now)
    self.rateThen = max(self.ceiling / 10, before * 7 / 10)
    self.loweredAt = now
    return self.rateThen < before
  }

  // MARK: Calls

  func length(_ thing: String) -> Int { self.calls.filter { $0.thing == thing }.count }

  mutating func arrived(
    _ id: Int, thing: String, index: Int, startBy: Int64?, deadline: Int64?, now: Int64
  ) -> Arrival {
    self.fill(until: now)
    if let deadline, deadline <= now { return .tooLate }
    if self.calls.isEmpty, self.take() { return .admit }
    let wait = self.wait(thing, index, now: now)
    let refusal = Arrival.refuse(milliseconds: max(1, (wait + 999_999) / 1_000_000))
    if now + wait >= min(startBy ?? deadline ?? .max, now + self.maxWait) { return refusal }
    var displaced: Int?
    if self.calls.count >= self.maxWaiting {
      let longest = Set(self.calls.map(\.thing)).max {
        (self.length($0), self.changes[$0] ?? 0) < (self.length($1), self.changes[$1] ?? 0)
      }
      guard let longest, self.length(longest) > self.length(thing) + 1,
        let victim = self.calls.last(where: { $0.thing == longest })
      else { return refusal }
      displaced = victim.id
      self.remove(victim.id)
    }
    self.insert(id, thing, index, expiry: min(deadline ?? .max, now + self.maxWait))
    return .wait(displacing: displaced)
  }

  func wait(_ thing: String, _ index: Int, now: Int64) -> Int64 {
    let inClass = self.calls.filter { $0.index == index }
    let own = inClass.filter { $0.thing == thing }.count + 1
    let things = Set(inClass.map(\.thing)).union([thing]).count
    let served = min(own * things, inClass.count + 1)
    var turns = served
    for other in self.weights.indices where other != index {
      let share = Double(served * self.weights[other]) / Double(self.weights[index])
      turns += min(Int(share.rounded(.up)), self.calls.filter { $0.index == other }.count)
    }
    let missing = Int128(turns) * Self.token - self.tokens
    let rate = Int128(self.rate(at: now))
    return missing <= 0 ? 0 : Int64((missing + rate - 1) / rate)
  }

  mutating func insert(_ id: Int, _ thing: String, _ index: Int, expiry: Int64) {
    if !self.calls.contains(where: { $0.index == index }) {
      self.starts[index] = max(self.starts[index], self.virtualTime)
    }
    if !self.rounds[index].contains(thing) { self.rounds[index].append(thing) }
    self.calls.append(
      Call(
        id: id, thing: thing, index: index, expiry: self.rounded(expiry), order: 0))
    self.changed(thing)
  }

  mutating func changed(_ thing: String) {
    self.changeCount += 1
    self.changes[thing] = self.changeCount
  }

  mutating func remove(_ id: Int) {
    guard let position = self.calls.firstIndex(where: { $0.id == id }) else { return }
    let call = self.calls.remove(at: position)
    self.changed(call.thing)
    if !self.calls.contains(where: { $0.thing == call.thing && $0.index == call.index }) {
      self.rounds[call.index].removeAll { $0 == call.thing }
    }
  }

  // MARK: Ends

  /// Those who have waited enough, in no order, and then those whose turn it is, in order.
  mutating func ended(now: Int64) -> (expired: Set<Int>, admitted: [Int]) {
    self.fill(until: now)
    // Of one step no order is promised, and of several the order of the steps.
    let expired = self.calls.filter { $0.expiry <= now }
      .sorted { ($0.expiry, $0.id) < ($1.expiry, $1.id) }
    for call in expired { self.remove(call.id) }
    var admitted: [Int] = []
    while !self.calls.isEmpty, self.take() {
      let waiting = self.weights.indices.filter { index in
        self.calls.contains { $0.index == index }
      }
      guard
        let index = waiting.min(by: { (self.starts[$0], $0) < (self.starts[$1], $1) }),
        let thing = self.rounds[index].first,
        let call = self.calls.first(where: { $0.thing == thing && $0.index == index })
      else { break }
      self.virtualTime = self.starts[index]
      self.starts[index] += self.weights.reduce(1, *) / self.weights[index]
      self.remove(call.id)
      if let position = self.rounds[index].firstIndex(of: thing) {
        self.rounds[index].append(self.rounds[index].remove(at: position))
      }
      admitted.append(call.id)
    }
    return (Set(expired.map(\.id)), admitted)
  }
}

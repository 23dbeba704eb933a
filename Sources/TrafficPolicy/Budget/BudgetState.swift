// SPDX-License-Identifier: Apache-2.0

package import JobsAPI

/// The budget of one kind of calls: which of them may go to AWS, and when. No clock, no threads.
///
/// Whoever drives it takes out what has ended (``nextEnded(now:)``) until nothing has, whenever a
/// call arrives, a token comes back, or ``nextDue`` comes. What holds then: nobody waits while there
/// is a token, nobody waits longer than the longest wait, and of every call that waits it is said
/// once how it ended.
///
/// As no call waits whose turn would come too late, the calls of one thing that wait are about what
/// the rate brings in the longest wait: 50 of them by default. The bound on all that wait matters
/// when waits are long.
package struct BudgetState<Waiter: Sendable>: ~Copyable, Sendable {
  package typealias Ticket = FairQueue<Waiter>.Ticket

  package enum OnArrived {
    /// A token is taken; the call may go.
    case admit
    case wait(Ticket)
    /// As ``wait(_:)``, and the other's place is gone.
    case waitDisplacing(Ticket, Waiter)
    /// Its turn would come too late, or too many wait.
    case refuse(retryAfterMilliseconds: Int64)
    /// Nobody waits for its answer any more.
    case tooLate

    package var isWait: Bool {
      switch self {
      case .wait, .waitDisplacing: true
      case .admit, .refuse, .tooLate: false
      }
    }
  }

  /// How a wait ended by itself.
  package enum Ended {
    /// A token is taken for it.
    case admitted(Waiter)
    case expired(Waiter)
  }

  /// False while there is no budget: then every call is admitted, and those who waited are.
  package private(set) var isLimited: Bool
  private var rate: AdaptiveRate
  private var bucket: TokenBucket
  private var queue: FairQueue<Waiter>
  private var maxWait: Int64
  /// The latest time that was told. Threads that read the clock one after the other may come here in
  /// the other order.
  private var present: Int64

  /// - Parameters:
  ///   - limit: nil for no budget.
  ///   - maxWait: how long a call may wait, in nanoseconds.
  ///   - maxWaiting: calls that may wait at a time.
  package init(
    _ kind: CallKind, limit: RateLimit?, maxWait: Int64, maxWaiting: Int, now: Int64
  ) {
    self.isLimited = limit != nil
    self.rate = AdaptiveRate(perSecond: limit?.perSecond ?? 0)
    self.bucket = TokenBucket(burst: limit?.burst ?? 0, now: now)
    self.queue = FairQueue(
      weights: CallClass.weights(of: kind), maxWaiting: maxWaiting, maxWait: maxWait, now: now)
    self.maxWait = maxWait
    self.present = now
  }

  /// Calls that wait.
  package var waitingCount: Int { self.queue.count }

  /// Thousandths of a call a second that are let through at present; nil for all.
  package func level(now: Int64) -> Int64? {
    self.isLimited ? self.rate.level(at: max(now, self.present)) : nil
  }

  /// True if the rate is the configured one.
  package func isAtCeiling(now: Int64) -> Bool {
    self.level(now: now).map { $0 == self.rate.ceiling } ?? true
  }

  /// Nil if there is no budget.
  package func snapshot(of kind: CallKind, now: Int64) -> BudgetSnapshot? {
    guard let level = self.level(now: now) else { return nil }
    var bucket = self.bucket
    bucket.fill(at: self.rate, until: max(now, self.present))
    return BudgetSnapshot(
      kind: kind, ceilingPerSecond: Double(self.rate.ceiling) / 1_000,
      levelPerSecond: Double(level) / 1_000, burst: bucket.burst, tokens: bucket.balance,
      waiting: self.queue.count, maxWaiting: self.queue.maxWaiting,
      waitingThings: self.queue.thingCount)
  }

  // MARK: Settings

  /// The settings are others from now on. Those who wait keep their places, what was sent stays
  /// charged, and a rate that AWS has brought down stays down. Where there was no budget before, the
  /// new one is full.
  package mutating func changed(
    limit: RateLimit?, maxWait: Int64, maxWaiting: Int, now: Int64
  ) {
    self.advance(now)
    switch (self.isLimited, limit) {
    case (true, let limit?):
      self.rate.changed(perSecond: limit.perSecond, now: self.present)
      self.bucket.changed(burst: limit.burst)
    case (false, let limit?):
      self.rate = AdaptiveRate(perSecond: limit.perSecond)
      self.bucket = TokenBucket(burst: limit.burst, now: self.present)
    case (_, nil): break
    }
    self.isLimited = limit != nil
    self.maxWait = maxWait
    self.queue.changed(maxWaiting: maxWaiting, maxWait: maxWait, now: self.present)
  }

  // MARK: Calls

  /// Takes a token for a call, unless there is none or others wait: then it is to arrive.
  package mutating func admitAtOnce(now: Int64) -> Bool {
    guard self.queue.isEmpty else { return false }
    self.advance(now)
    return self.take()
  }

  /// A call that was not admitted at once.
  ///
  /// - Parameters:
  ///   - startBy: when it must have begun to be of use; nil if the deadline says it.
  ///   - deadline: when nobody waits for its answer any more; nil for never.
  package mutating func arrived(
    _ waiter: Waiter, thing: String, class call: CallClass, startBy: Int64?, deadline: Int64?,
    now: Int64
  ) -> OnArrived {
    self.advance(now)
    if let deadline, deadline <= self.present { return .tooLate }
    if self.queue.isEmpty, self.take() { return .admit }
    let lastExpiry = self.present.addingClamped(self.maxWait)
    let wait = self.wait(for: thing, class: call)
    let refusal = OnArrived.refuse(retryAfterMilliseconds: Self.milliseconds(wait))
    guard self.present.addingClamped(wait) < min(startBy ?? deadline ?? .max, lastExpiry) else {
      return refusal
    }
    let expiry = min(deadline ?? .max, lastExpiry)
    switch self.queue.enqueue(waiter, thing: thing, class: call.index, expiry: expiry) {
    case .waiting(let ticket): return .wait(ticket)
    case .displacing(let ticket, let other): return .waitDisplacing(ticket, other)
    case .refused: return refusal
    }
  }

  /// A call that waits is given up; nil if its wait has ended already.
  package mutating func left(_ ticket: Ticket) -> Waiter? {
    self.queue.remove(ticket)
  }

  /// A token that was taken is not used after all.
  package mutating func gaveBack(now: Int64) {
    self.advance(now)
    self.bucket.giveBack()
  }

  /// More was sent for a call than the token it took.
  package mutating func charge(_ tokens: Int, now: Int64) {
    self.advance(now)
    self.bucket.charge(tokens)
  }

  /// AWS found a call one too many.
  package mutating func throttled(now: Int64) -> AdaptiveRate.OnThrottled {
    self.advance(now)
    return self.isLimited ? self.rate.throttled(now: self.present) : .held
  }

  /// What a newcomer would have to wait, in milliseconds, as an advice to those who are turned away.
  package func retryAfterMilliseconds(for thing: String, class call: CallClass) -> Int64 {
    Self.milliseconds(self.wait(for: thing, class: call))
  }

  // MARK: Time

  /// Somebody whose wait has ended, to be asked until there is none.
  package mutating func nextEnded(now: Int64) -> Ended? {
    self.advance(now)
    if let waiter = self.queue.takeExpired(now: self.present) { return .expired(waiter) }
    guard !self.queue.isEmpty, self.take() else { return nil }
    return self.queue.next().map { .admitted($0) }
  }

  /// When there will be something to take out, if nothing happens before; nil if nobody waits.
  package var nextDue: Int64? {
    guard let expiry = self.queue.nextExpiry else { return nil }
    return self.isLimited ? min(expiry, self.bucket.nextToken(at: self.rate)) : self.present
  }

  private mutating func take() -> Bool {
    !self.isLimited || self.bucket.take()
  }

  private mutating func advance(_ now: Int64) {
    self.present = max(self.present, now)
    self.bucket.fill(at: self.rate, until: self.present)
  }

  /// Nanoseconds until a newcomer's turn, as things stand.
  private func wait(for thing: String, class call: CallClass) -> Int64 {
    self.bucket.nanoseconds(
      untilTaken: self.queue.turns(for: thing, class: call.index),
      at: self.rate.level(at: self.present))
  }

  /// Rounded up, and never zero: zero would be an invitation to come back at once.
  private static func milliseconds(_ nanoseconds: Int64) -> Int64 {
    max(1, nanoseconds / 1_000_000 + (nanoseconds % 1_000_000 == 0 ? 0 : 1))
  }
}

extension BudgetState.OnArrived: Equatable where Waiter: Equatable {}
extension BudgetState.Ended: Equatable where Waiter: Equatable {}

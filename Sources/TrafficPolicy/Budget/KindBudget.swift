// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import NIOCore
import Synchronization
import Telemetry

/// The budget of one kind of calls, for callers in any event loop.
///
/// It carries out what ``BudgetState`` decides: under the lock it is told what happened and asked
/// who has ended waiting; tasks are resumed and timers set once the lock is released. There is one
/// timer that counts, for the next token or the next expiry; one that was set for later and
/// overtaken fires in vain.
final class KindBudget: Sendable {
  private struct Guarded: ~Copyable {
    var state: BudgetState<WaitingCall>
    var rhythm = ReductionRhythm()
    /// When the timer that counts fires, and which it is.
    var timerDue: Int64?
    var timerNumber: UInt64 = 0
  }

  /// What is left to do when the lock is released.
  private struct Pending {
    var ended: [(call: WaitingCall, outcome: WaitingCall.Outcome)] = []
    var timer: (number: UInt64, delay: Int64)?
  }

  /// An hour. A timer for later than that fires in between and is set anew.
  private static let longestDelay: Int64 = 3_600_000_000_000

  private let kind: CallKind
  private let clock: PolicyClock
  private let metrics: BudgetMetrics.Kind
  private let limited: RateLimitedMetrics
  private let offenders: Offenders
  private let loop: any EventLoop
  private let log: BudgetLog?
  private let guarded: Mutex<Guarded>
  /// False while there is no budget, which is then nobody's lock.
  private let isLimited: Atomic<Bool>

  init(
    _ kind: CallKind, _ settings: AccountBudgetSettings, clock: PolicyClock,
    metrics: BudgetMetrics, offenders: Offenders, loop: any EventLoop,
    log: BudgetLog?
  ) {
    self.kind = kind
    self.clock = clock
    self.metrics = metrics[kind]
    self.limited = metrics.limited
    self.offenders = offenders
    self.loop = loop
    self.log = log
    let state = BudgetState<WaitingCall>(
      kind, limit: settings[kind], maxWait: settings.maxWait.wholeNanoseconds,
      maxWaiting: settings.maxWaiting, now: clock.now)
    self.guarded = Mutex(Guarded(state: state))
    self.isLimited = Atomic(settings[kind] != nil)
  }

  /// Puts other settings in force; whoever has waited enough by them is told so.
  func apply(_ settings: AccountBudgetSettings) {
    let limit = settings[self.kind]
    self.update { state, now in
      state.changed(
        limit: limit, maxWait: settings.maxWait.wholeNanoseconds,
        maxWaiting: settings.maxWaiting, now: now)
      self.isLimited.store(limit != nil, ordering: .relaxed)
    }
  }

  /// Thousandths of a call a second that are let through at present; nil for all.
  var level: Int64? {
    let now = self.clock.now
    return self.guarded.withLock { $0.state.level(now: now) }
  }

  var snapshot: BudgetSnapshot? {
    let now = self.clock.now
    return self.guarded.withLock { $0.state.snapshot(of: self.kind, now: now) }
  }

  /// The usual way: there is a token and nobody waits.
  func admitAtOnce() -> Bool {
    guard self.isLimited.load(ordering: .relaxed) else { return true }
    let now = self.clock.now
    return self.guarded.withLock { $0.state.admitAtOnce(now: now) }
  }

  /// More requests were sent for a call than the one it was admitted for.
  func charge(_ requests: Int) {
    guard self.isLimited.load(ordering: .relaxed) else { return }
    self.update { state, now in state.charge(requests, now: now) }
  }

  /// A call that was admitted was not sent after all.
  func giveBack() {
    self.update { state, now in state.gaveBack(now: now) }
  }

  /// AWS found a call one too many.
  func throttled() {
    let answer = self.update { state, now in state.throttled(now: now) }
    guard answer == .reduced else { return }
    self.metrics.reductions.increment()
    self.tellOfReduction()
  }
}

// MARK: - Telling of reductions

extension KindBudget {
  private func tellOfReduction() {
    guard let log = self.log else { return }
    let now = self.clock.now
    let (answer, level) = self.guarded.withLock { guarded in
      (guarded.rhythm.reduced(), guarded.state.level(now: now))
    }
    guard answer == .writeAndArmTimer, let level else { return }
    log.reduced(self.kind, to: level)
    self.lookAgain(log)
  }

  private func lookAgain(_ log: BudgetLog) {
    self.loop.scheduleTask(in: .milliseconds(ReductionRhythm.minuteMilliseconds)) { [weak self] in
      self?.minutePassed(log)
    }
  }

  private func minutePassed(_ log: BudgetLog) {
    let now = self.clock.now
    let (answer, level) = self.guarded.withLock { guarded in
      let isRestored = guarded.state.isAtCeiling(now: now)
      return (guarded.rhythm.timerFired(isRestored: isRestored), guarded.state.level(now: now))
    }
    switch (answer, level) {
    // Without a budget there is no rate to tell of.
    case (.writeRestored, nil): return
    case (.writeRestored, let level?): return log.restored(self.kind, to: level)
    case (.writeReducedAndArmTimer, let level?): log.reduced(self.kind, to: level)
    case (.writeReducedAndArmTimer, nil), (.armTimer, _): break
    }
    self.lookAgain(log)
  }
}

// MARK: - Waiting

extension KindBudget {
  /// Returns when the call may go, be it at once, with the time that it waited.
  func admit(
    _ callClass: CallClass, for thing: String, in context: CallContext
  ) async throws(JobsFailure) -> StageTimes {
    let arrivedAt = self.clock.now
    do throws(JobsFailure) {
      try await self.wait(callClass, for: thing, arrivedAt: arrivedAt, in: context)
      return StageTimes(.limiter, .nanoseconds(self.clock.now - arrivedAt))
    } catch {
      var failure = error
      failure.trace.stages.add(.nanoseconds(self.clock.now - arrivedAt), to: .limiter)
      throw failure
    }
  }

  private func wait(
    _ callClass: CallClass, for thing: String, arrivedAt: Int64, in context: CallContext
  ) async throws(JobsFailure) {
    let deadline = context.deadline.map { self.clock.nanoseconds(at: $0) }
    let startBy = context.startBy.map { self.clock.nanoseconds(at: $0) }
    let call = WaitingCall(
      thing: thing, callClass: callClass, deadline: deadline, arrivedAt: arrivedAt)
    let arrived = self.update { state, now in
      let answer = state.arrived(
        call, thing: thing, class: callClass, startBy: startBy, deadline: deadline, now: now)
      // Before anybody else can end the wait.
      if answer.isWait { self.metrics.waiting.add(1) }
      return answer
    }
    switch arrived {
    case .admit: return
    case .tooLate: throw JobsFailure(.deadlineExceeded(mayHaveBeenApplied: false))
    case .refuse(let retryAfter): throw self.refusal(of: thing, retryAfter)
    case .wait(let ticket): try await self.outcome(of: call, ticket)
    case .waitDisplacing(let ticket, let other):
      let retryAfter = self.guarded.withLock {
        $0.state.retryAfterMilliseconds(for: other.thing, class: other.callClass)
      }
      self.end(other, .refused(retryAfterMilliseconds: retryAfter))
      try await self.outcome(of: call, ticket)
    }
  }

  private func outcome(
    of call: WaitingCall, _ ticket: BudgetState<WaitingCall>.Ticket
  ) async throws(JobsFailure) {
    let outcome = await withTaskCancellationHandler {
      await call.outcome()
    } onCancel: {
      if let left = self.update({ state, _ in state.left(ticket) }) { self.end(left, .cancelled) }
    }
    switch outcome {
    case .admitted where Task.isCancelled:
      // Its turn came and the caller went at the same time: the next may have the token.
      self.giveBack()
      throw self.abandonment(.cancelled(mayHaveBeenApplied: false))
    case .admitted: return
    case .refused(let retryAfter): throw self.refusal(of: call.thing, retryAfter)
    case .deadlinePassed: throw self.abandonment(.deadlineExceeded(mayHaveBeenApplied: false))
    case .cancelled: throw self.abandonment(.cancelled(mayHaveBeenApplied: false))
    }
  }

  /// The end of a wait that outlasted its caller's patience. A caller's deadline cancels its task as a
  /// rule, so that the two are one thing here.
  private func abandonment(_ cause: JobsFailure.Cause) -> JobsFailure {
    self.limited.refused(self.kind == .read ? .accountReadAbandoned : .accountWriteAbandoned)
    return JobsFailure(cause)
  }

  private func refusal(of thing: String, _ retryAfterMilliseconds: Int64) -> JobsFailure {
    self.limited.refused(self.kind == .read ? .accountRead : .accountWrite)
    self.offenders.refused(thing)
    return JobsFailure(
      .budgetExhausted(self.kind, retryAfterMilliseconds: retryAfterMilliseconds))
  }
}

// MARK: - Deciding under the lock, acting outside of it

extension KindBudget {
  /// The only way to change the state, save for the call that is admitted at once.
  @discardableResult
  private func update<Answer: Sendable>(
    _ change: (inout BudgetState<WaitingCall>, Int64) -> Answer
  ) -> Answer {
    let now = self.clock.now
    let (answer, pending) = self.guarded.withLock { guarded in
      var pending = Pending()
      // Who was there before goes first; and what changed may be somebody's turn.
      Self.collectEnded(&guarded, &pending, now: now)
      let answer = change(&guarded.state, now)
      Self.collectEnded(&guarded, &pending, now: now)
      Self.armTimer(&guarded, &pending, now: now)
      return (answer, pending)
    }
    self.carryOut(pending)
    return answer
  }

  private static func collectEnded(
    _ guarded: inout Guarded, _ pending: inout Pending, now: Int64
  ) {
    while let ended = guarded.state.nextEnded(now: now) {
      switch ended {
      case .admitted(let call): pending.ended.append((call, .admitted))
      case .expired(let call):
        if let deadline = call.deadline, deadline <= now {
          pending.ended.append((call, .deadlinePassed))
        } else {
          let retryAfter = guarded.state.retryAfterMilliseconds(
            for: call.thing, class: call.callClass)
          pending.ended.append((call, .refused(retryAfterMilliseconds: retryAfter)))
        }
      }
    }
  }

  private static func armTimer(
    _ guarded: inout Guarded, _ pending: inout Pending, now: Int64
  ) {
    guard let due = guarded.state.nextDue else { return }
    if let armed = guarded.timerDue, armed <= due { return }
    guarded.timerDue = due
    guarded.timerNumber += 1
    pending.timer = (guarded.timerNumber, min(max(0, due - now), Self.longestDelay))
  }

  private func carryOut(_ pending: Pending) {
    for (call, outcome) in pending.ended { self.end(call, outcome) }
    if let (number, delay) = pending.timer {
      self.loop.scheduleTask(in: .nanoseconds(delay)) { self.timerFired(number) }
    }
  }

  private func timerFired(_ number: UInt64) {
    let counts = self.guarded.withLock { guarded in
      guard guarded.timerNumber == number else { return false }
      guarded.timerDue = nil
      return true
    }
    // Nothing else to tell: the time alone has changed.
    if counts { self.update { _, _ in } }
  }

  private func end(_ call: WaitingCall, _ outcome: WaitingCall.Outcome) {
    self.metrics.waiting.add(-1)
    self.metrics.waits.record(.nanoseconds(max(0, self.clock.now - call.arrivedAt)))
    call.end(outcome)
  }
}

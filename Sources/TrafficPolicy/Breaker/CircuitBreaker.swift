// SPDX-License-Identifier: Apache-2.0

package import JobsAPI
import Synchronization
import Telemetry

/// The one breaker in front of the endpoint, for callers in any event loop.
///
/// While AWS answers, a call costs one look at an atomic word before it and one after it; only
/// failures, and whatever follows them until AWS answers again, take the lock.
package final class CircuitBreaker: Sendable {
  /// What a call that was let through brings back.
  package struct Pass: Sendable {
    fileprivate let era: BreakerState.Era
    fileprivate let since: Int64
  }

  /// What the state was when it last changed: the era, and below it two bits.
  private struct Glance {
    static let isNotClosed: UInt64 = 1
    static let isNotClean: UInt64 = 2

    let word: UInt64

    init(word: UInt64) { self.word = word }

    init(_ state: borrowing BreakerState) {
      self.word =
        state.era << 2 | (state.isClosed ? 0 : Self.isNotClosed)
        | (state.isClean ? 0 : Self.isNotClean)
    }

    var era: BreakerState.Era { self.word >> 2 }
    var isClosed: Bool { self.word & Self.isNotClosed == 0 }
    var isClean: Bool { self.word & (Self.isNotClosed | Self.isNotClean) == 0 }
  }

  private let clock: PolicyClock
  /// Nanoseconds.
  private let patience: Atomic<Int64>
  private let metrics: BreakerMetrics
  private let log: BreakerLog?
  private let state: Mutex<BreakerState>
  /// Written under the lock and read without it. A reader that comes too early for a change is one
  /// that came before it: nothing else is read by it.
  private let glance = Atomic<UInt64>(0)

  package init(
    _ settings: BreakerSettings, clock: PolicyClock, metrics: BreakerMetrics,
    log: BreakerLog? = nil
  ) {
    self.clock = clock
    self.patience = Atomic(settings.patience.wholeNanoseconds)
    self.metrics = metrics
    self.log = log
    self.state = Mutex(BreakerState(settings))
  }

  /// Puts other settings in force.
  package func apply(_ settings: BreakerSettings) {
    self.patience.store(settings.patience.wholeNanoseconds, ordering: .relaxed)
    let now = self.clock.now
    switch self.update({ $0.changed(settings, now: now) }) {
    case .nothing: return
    case .closed:
      self.metrics.closed()
      self.log?.turnedOff()
    }
  }

  package var snapshot: BreakerSnapshot {
    let now = self.clock.now
    return self.state.withLock { $0.snapshot(now: now) }
  }

  /// Lets a call go to AWS, or fails with
  /// ``JobsFailure/Cause/circuitOpen(retryAfterMilliseconds:)``. Whoever is let through is to tell
  /// its end, once.
  package func admit() throws(JobsFailure) -> Pass {
    let now = self.clock.now
    let glance = Glance(word: self.glance.load(ordering: .relaxed))
    if glance.isClosed { return Pass(era: glance.era, since: now) }
    switch self.update({ $0.admit(now: now) }) {
    case .admit(let era):
      return Pass(era: era, since: now)
    case .admitHalfOpening(let era):
      self.metrics.halfOpened()
      self.log?.halfOpened()
      return Pass(era: era, since: now)
    case .refuse(let nanoseconds):
      self.metrics.refused.increment()
      // Rounded up: zero would be an invitation to come back at once.
      let milliseconds = nanoseconds.addingClamped(999_999) / 1_000_000
      throw JobsFailure(.circuitOpen(retryAfterMilliseconds: max(1, milliseconds)))
    }
  }

  package func answered(_ pass: Pass) {
    let glance = Glance(word: self.glance.load(ordering: .relaxed))
    if glance.isClean, glance.era == pass.era { return }
    self.ended(pass, .answered, now: self.clock.now, because: nil)
  }

  package func failed(_ pass: Pass, _ failure: JobsFailure) {
    let now = self.clock.now
    let wasPatient =
      now.subtractingClamped(pass.since) >= self.patience.load(ordering: .relaxed)
    let verdict = failure.cause.verdict(wasPatient: wasPatient)
    self.ended(pass, verdict, now: now, because: failure.cause)
  }

  /// Not inlined, as ``update(_:)`` is not: both are rare, and the frame of each call would have room
  /// for them.
  @inline(never)
  private func ended(
    _ pass: Pass, _ verdict: BreakerState.Verdict, now: Int64, because cause: JobsFailure.Cause?
  ) {
    let jitter = Double.random(in: 0...1)
    switch self.update({ $0.ended(pass.era, verdict, now: now, jitter: jitter) }) {
    case .nothing: return
    case .opened(let pause):
      self.metrics.opened()
      self.log?.opened(forNanoseconds: pause, because: cause)
    case .reopened(let pause):
      self.metrics.opened()
      self.log?.reopened(forNanoseconds: pause, because: cause)
    case .closed:
      self.metrics.closed()
      self.log?.closed()
    }
  }

  @inline(never)
  private func update<Answer: Sendable>(
    _ change: (inout BreakerState) -> Answer
  ) -> Answer {
    self.state.withLock { state in
      let answer = change(&state)
      self.glance.store(Glance(state).word, ordering: .relaxed)
      return answer
    }
  }
}

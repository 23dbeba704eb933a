// SPDX-License-Identifier: Apache-2.0

package import JobsAPI
package import NIOCore

/// What the gateway may send in all: one budget for reads and one for writes, which AWS meters
/// apart for the whole account. One for the process, for callers in any event loop.
///
/// A call takes a token, or waits for one in an order that is fair between things, or is refused
/// when its turn would come too late for it. The rates sink when AWS throttles and recover by
/// themselves.
package final class AccountBudget: Sendable {
  private let reads: KindBudget
  private let writes: KindBudget
  private let metrics: BudgetMetrics

  /// - Parameters:
  ///   - offenders: hear of each thing that is refused.
  ///   - loop: for its timers.
  ///   - log: hears when AWS throttles. Nil: nothing is written.
  package init(
    _ settings: AccountBudgetSettings, clock: PolicyClock, metrics: BudgetMetrics,
    offenders: Offenders, loop: any EventLoop, log: BudgetLog? = nil
  ) {
    func budget(_ kind: CallKind) -> KindBudget {
      KindBudget(
        kind, settings, clock: clock, metrics: metrics, offenders: offenders, loop: loop, log: log)
    }
    self.reads = budget(.read)
    self.writes = budget(.write)
    self.metrics = metrics
    metrics.sampleLevels { [weak self] in self?.levels ?? [] }
  }

  /// Puts other settings in force. Calls that wait keep their places, and what was sent stays
  /// charged.
  package func apply(_ settings: AccountBudgetSettings) {
    self.reads.apply(settings)
    self.writes.apply(settings)
  }

  /// The budgets that there are, reads first.
  package var snapshots: [BudgetSnapshot] {
    [self.reads, self.writes].compactMap(\.snapshot)
  }

  /// Reads a second that are let through at present; nil without a budget.
  package var readsPerSecond: Double? { self.reads.level.map { Double($0) / 1_000 } }

  /// True if the call may go upstream now: there is a token and nobody waits. Else it is to be
  /// admitted with ``admit(_:for:in:)``.
  package func admitAtOnce(_ call: CallClass) -> Bool {
    let kind = call.kind
    guard self[kind].admitAtOnce() else { return false }
    self.metrics.limited.admitted(kind)
    return true
  }

  /// Returns when the call may go upstream, with the time that it waited; at once, without
  /// suspending, while there are tokens.
  ///
  /// Fails with ``JobsFailure/Cause/budgetExhausted(_:retryAfterMilliseconds:)`` when its turn would
  /// come too late or too many wait, with ``JobsFailure/Cause/deadlineExceeded(mayHaveBeenApplied:)``
  /// when its deadline passed, with ``JobsFailure/Cause/cancelled(mayHaveBeenApplied:)`` when the
  /// waiting task is cancelled. Then nothing is to be sent.
  package func admit(
    _ call: CallClass, for thing: String, in context: CallContext
  ) async throws(JobsFailure) -> StageTimes {
    let kind = call.kind
    let waited = try await self[kind].admit(call, for: thing, in: context)
    self.metrics.limited.admitted(kind)
    return waited
  }

  /// A call that was sent was answered. AWS meters each request, so what was sent more than once is
  /// charged afterwards, and keeps later calls waiting.
  package func answered(_ kind: CallKind, _ trace: UpstreamTrace) {
    if trace.attempts > 1 { self[kind].charge(trace.attempts - 1) }
  }

  /// A call that was admitted ended in this failure. Charged as an answer is. Rare, and so kept out of
  /// the frames of calls.
  @inline(never)
  package func failed(_ kind: CallKind, _ failure: JobsFailure) {
    self.answered(kind, failure.trace)
    if failure.trace.attempts == 0, failure.cause.isForWantOfMeans {
      // Nothing was sent, and nobody shall queue for a budget that nobody uses.
      self[kind].giveBack()
      return
    }
    guard case .refused(let refusal) = failure.cause,
      refusal.kind == .throttled || refusal.httpStatus == 429
    else { return }
    self[kind].throttled()
  }

  /// Thousandths of a call a second that are let through at present, for each kind that has a
  /// budget.
  private var levels: [(kind: CallKind, level: Int64)] {
    CallKind.allCases.compactMap { kind in self[kind].level.map { (kind, $0) } }
  }

  private subscript(kind: CallKind) -> KindBudget {
    switch kind {
    case .read: self.reads
    case .write: self.writes
    }
  }
}

extension AccountBudgetSettings {
  /// Nil: without a budget.
  subscript(kind: CallKind) -> RateLimit? {
    switch kind {
    case .read: self.reads
    case .write: self.writes
    }
  }
}

extension JobsFailure.Cause {
  /// This gateway could not call AWS, or would not, whichever call it was.
  fileprivate var isForWantOfMeans: Bool {
    switch self {
    case .circuitOpen, .credentialsUnavailable: true
    default: false
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

package import JobsAPI
package import NIOCore
import Telemetry

/// Makes calls again that failed and may do better the next time, and finds out what became of an
/// update whose answer was lost.
///
/// There is one for each event loop, over the backend of that loop, and all share ``Retries``. What
/// stands behind is asked for each attempt anew: each spends the account's budget.
package struct RetryingJobs<Next: JobsBackend>: JobsBackend {
  private let next: Next
  private let retries: Retries
  private let loop: any EventLoop
  private let numbers: RetryNumbers

  /// - Parameters:
  ///   - loop: for the waits between attempts; where `next` is to be called.
  ///   - random: seeds ids and waits.
  package init(
    _ next: Next, retries: Retries, on loop: any EventLoop,
    random: some RandomNumberGenerator = SystemRandomNumberGenerator()
  ) {
    var random = random
    self.next = next
    self.retries = retries
    self.loop = loop
    self.numbers = RetryNumbers(seededBy: &random)
  }

  package func describe(
    _ call: DescribeJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<JobExecution?> {
    try await self.repeating(.describe, in: context) { context throws(JobsFailure) in
      try await self.next.describe(call, in: context)
    }
  }

  package func getPending(
    _ call: GetPendingJobExecutions, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<PendingJobExecutions> {
    try await self.repeating(.getPending, in: context) { context throws(JobsFailure) in
      try await self.next.getPending(call, in: context)
    }
  }

  /// A second one answers with the job that the first one started.
  package func startNext(
    _ call: StartNextPendingJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<JobExecution?> {
    try await self.repeating(.startNext, in: context) { context throws(JobsFailure) in
      try await self.next.startNext(call, in: context)
    }
  }

  package func update(
    _ call: UpdateJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<UpdatedJobExecution> {
    var count = self.beganCall()
    var resolution = UpdateResolution(call)
    var before: JobsFailure?
    while true {
      let failure: JobsFailure
      do {
        var reply = try await self.next.update(call, in: context.with(count.next))
        if resolution.hasDoubted { self.retries.metrics.resolved(.repeated) }
        self.answered(&reply.trace, &count)
        return reply
      } catch {
        count.attemptEnded(error.trace)
        failure = error
      }
      let end = await self.settle(call, &resolution, after: failure.cause, &count, in: context)
      if let end { return try end.mapError { $0.following(before) }.get() }
      before = failure
    }
  }
}

// MARK: - Repeating

extension RetryingJobs {
  private enum OnAsk {
    case granted
    case denied
    case cancelled
  }

  private func beganCall() -> AttemptCount {
    AttemptCount(
      maximum: self.retries.maxAttempts, invocation: self.numbers.invocation())
  }

  /// - Parameter trace: of the attempt that was answered; then of the whole call.
  private func answered(_ trace: inout UpstreamTrace, _ count: inout AttemptCount) {
    self.retries.quota.succeeded(repeatCost: count.repeatCost)
    count.attemptEnded(trace)
    trace = count.trace
  }

  /// For what does no harm when it is carried out twice.
  private func repeating<Value>(
    _ operation: JobsOperation, in context: CallContext,
    _ send: (CallContext) async throws(JobsFailure) -> JobsReply<Value>
  ) async throws(JobsFailure) -> JobsReply<Value> {
    var count = self.beganCall()
    var doubt: JobsFailure?
    var before: JobsFailure?
    while true {
      let failure: JobsFailure
      do {
        var reply = try await send(context.with(count.next))
        self.answered(&reply.trace, &count)
        return reply
      } catch {
        count.attemptEnded(error.trace)
        failure = error
      }
      if operation.isWrite, failure.cause.writeOutcome == .uncertain { doubt = failure }
      let answer: OnAsk =
        if let reason = RetryReason(failure.cause) {
          await self.ask(operation, reason, after: failure.cause, &count, in: context)
        } else {
          .denied
        }
      switch answer {
      case .granted: before = failure
      case .denied: throw self.end(in: failure.cause, doubt, count).following(before)
      case .cancelled: throw self.end(in: .cancelled(mayHaveBeenApplied: false), doubt, count)
      }
    }
  }

  @inline(never)
  private func end(
    in cause: JobsFailure.Cause, _ doubt: JobsFailure?, _ count: AttemptCount
  ) -> JobsFailure {
    JobsFailure(cause.following(doubt?.cause), trace: count.trace)
  }

  /// Asks all limits for one more attempt, and waits until it is due.
  private func ask(
    _ operation: JobsOperation, _ reason: RetryReason, after cause: JobsFailure.Cause,
    _ count: inout AttemptCount, in context: CallContext
  ) async -> OnAsk {
    let decision = self.retries.rules.attemptFailed(
      reason, attempts: count.ended, askedMilliseconds: cause.askedMilliseconds,
      now: self.retries.clock.now,
      deadline: context.lastMoment.map { self.retries.clock.nanoseconds(at: $0) },
      random: self.numbers.fraction())
    let delay: Int64
    switch decision {
    case .attemptsUsedUp:
      self.retries.metrics.withheld(.attempts)
      return .denied
    case .deadlineNear:
      self.retries.metrics.withheld(.deadline)
      return .denied
    case .repeatAfter(let nanoseconds): delay = nanoseconds
    }
    guard self.retries.quota.take(reason.cost) else {
      self.retries.metrics.withheld(.quota)
      return .denied
    }
    let pausedAt = self.retries.clock.now
    let span = context.span?.child("pause before a repeat")
    await self.pause(nanoseconds: delay)
    span?.end()
    count.paused(for: .nanoseconds(self.retries.clock.now - pausedAt))
    guard !Task.isCancelled else {
      self.retries.quota.giveBack(reason.cost)
      return .cancelled
    }
    count.repeatCost = reason.cost
    self.retries.metrics.repeated(operation, reason)
    return .granted
  }

  /// Ends early if the task is cancelled.
  private func pause(nanoseconds: Int64) async {
    guard nanoseconds > 0 else { return }
    let timer = self.loop.scheduleTask(in: .nanoseconds(nanoseconds)) {}
    await withTaskCancellationHandler {
      // It fails when it is cancelled, which the caller asks the task about.
      _ = try? await timer.futureResult.get()
    } onCancel: {
      timer.cancel()
    }
  }
}

// MARK: - Updates

extension RetryingJobs {
  private typealias UpdateEnd = Result<JobsReply<UpdatedJobExecution>, JobsFailure>

  /// Carries out what the resolution answers, up to the end of the call; nil if the update is to be
  /// sent once more.
  private func settle(
    _ call: UpdateJobExecution, _ resolution: inout UpdateResolution,
    after cause: JobsFailure.Cause, _ count: inout AttemptCount, in context: CallContext
  ) async -> UpdateEnd? {
    var event = resolution.attemptFailed(cause)
    if event == .send {
      let reason = RetryReason(cause) ?? .unavailable
      switch await self.ask(.update, reason, after: cause, &count, in: context) {
      case .granted: return nil
      case .denied: event = resolution.repeatDenied(cause)
      case .cancelled:
        event = resolution.attemptFailed(.cancelled(mayHaveBeenApplied: false))
      }
    }
    var document: String?
    if event == .look {
      event = await self.look(
        for: call, &resolution, after: cause, &count, &document, in: context)
    }
    let end = self.end(event, of: call, document, count)
    if resolution.hasDoubted, let end { self.retries.metrics.resolved(Self.result(of: end)) }
    return end
  }

  private static func result(of end: UpdateEnd) -> RetryMetrics.Resolution {
    switch end {
    case .success: .replayed
    case .failure(let failure): failure.cause.writeOutcome == .uncertain ? .unknown : .refused
    }
  }

  /// Asks AWS itself: no stored answer is between here and there.
  private func look(
    for call: UpdateJobExecution, _ resolution: inout UpdateResolution,
    after cause: JobsFailure.Cause, _ count: inout AttemptCount, _ document: inout String?,
    in context: CallContext
  ) async -> UpdateResolution.OnEvent {
    switch await self.ask(.describe, .unknownOutcome, after: cause, &count, in: context) {
    case .granted: break
    case .denied: return resolution.lookDenied()
    case .cancelled: return resolution.lookFailed(.cancelled(mayHaveBeenApplied: false))
    }
    var describe = DescribeJobExecution(thingName: call.thingName, jobID: call.jobID)
    describe.executionNumber = call.executionNumber
    describe.includeJobDocument = call.includeJobDocument ?? false
    do {
      let reply = try await self.next.describe(describe, in: context)
      self.retries.quota.succeeded(repeatCost: count.repeatCost)
      count.attemptEnded(reply.trace)
      document = reply.value?.jobDocument
      return resolution.looked(reply.value)
    } catch {
      count.attemptEnded(error.trace)
      return resolution.lookFailed(error.cause)
    }
  }

  private func end(
    _ event: UpdateResolution.OnEvent, of call: UpdateJobExecution, _ document: String?,
    _ count: AttemptCount
  ) -> UpdateEnd? {
    switch event {
    case .send, .look: return nil
    case .fail(let cause): return .failure(JobsFailure(cause, trace: count.trace))
    case .succeed(let state):
      var trace = count.trace
      trace.isReplayed = true
      // The document is there only if it was looked for: what AWS refuses comes without.
      let answer = UpdatedJobExecution(
        executionState: call.includeJobExecutionState == true ? state : nil,
        jobDocument: call.includeJobDocument == true ? document : nil)
      return .success(JobsReply(answer, trace: trace))
    }
  }
}

extension CallContext {
  fileprivate func with(_ attempt: CallAttempt) -> CallContext {
    var context = self
    context.attempt = attempt
    return context
  }

  /// What several wait for has no deadline of its own; it is not repeated beyond that of the caller
  /// who began it.
  fileprivate var lastMoment: ContinuousClock.Instant? {
    guard let deadline else { return self.startBy }
    return self.startBy.map { min($0, deadline) } ?? deadline
  }
}

extension JobsFailure {
  /// How a call ends whose repeat found no room in the budget: as the attempt before did. Callers of
  /// what no budget had room for are told that nothing was sent.
  fileprivate func following(_ before: JobsFailure?) -> JobsFailure {
    guard case .budgetExhausted = self.cause, let before else { return self }
    return JobsFailure(before.cause, trace: self.trace)
  }
}

extension JobsFailure.Cause {
  fileprivate var askedMilliseconds: Int64? {
    guard case .refused(let refusal) = self else { return nil }
    return refusal.retryAfterMilliseconds
  }

  /// How a call ends whose earlier attempt is in doubt: with that, where the last attempt tells
  /// nothing of it.
  fileprivate func following(_ doubt: JobsFailure.Cause?) -> JobsFailure.Cause {
    guard let doubt, self.writeOutcome == .notReceived else { return self }
    return self.isCallersEnd ? self.inDoubt : doubt
  }
}

// SPDX-License-Identifier: Apache-2.0

package import AWSSigning
package import JobsAPI
package import NIOCore
package import Transport

/// AWS as a backend: each call is signed, sent over the pool of one event loop, and read.
///
/// There is one for each event loop, and its calls are made in that loop: nothing on the way of a
/// call is shared between threads, save for what is known of AWS's clock. One attempt is made, and
/// another where the first met a connection that its peer had left, or a signature was refused that
/// can be mended; see ``CallProgress``.
///
/// Whose credentials it signs with and who observes is not in its type: were it, this room could
/// compile it for none in particular, and each step of a call would look up its own types.
package struct SignedJobs: JobsBackend {
  private let upstream: NIOLoopBoundBox<LoopUpstream>
  private let loop: any EventLoop
  private let attemptTimeout: Duration
  private let credentials: any CredentialProvider
  private let observer: any UpstreamObserver
  private let clock: WallClock
  private let offset: ClockOffset
  /// How full this loop's pool is.
  package let gauges: PoolGauges

  /// - Parameters:
  ///   - connector: reaches the endpoint of `configuration`.
  ///   - clock: gives the time that is signed, with `offset` on top.
  /// - Throws: if libcrypto lacks what signing needs.
  package init(
    on loop: any EventLoop, _ configuration: UpstreamConfiguration, connector: OutboundConnector,
    credentials: any CredentialProvider, observer: any UpstreamObserver, clock: WallClock = .system,
    offset: ClockOffset = ClockOffset(), poolMetrics: PoolMetrics = PoolMetrics()
  ) throws(SigningError) {
    let gauges = PoolGauges()
    let pool = LoopPool(
      loop: loop, connector: connector, limits: configuration.pool,
      maxBodyBytes: configuration.maxBodyBytes,
      firstByteTimeout: configuration.firstByteTimeout, gauges: gauges, metrics: poolMetrics)
    self.upstream = NIOLoopBoundBox.makeBoxSendingValue(
      try LoopUpstream(configuration, pool: pool), eventLoop: loop)
    self.loop = loop
    self.attemptTimeout = configuration.attemptTimeout
    self.credentials = credentials
    self.observer = observer
    self.clock = clock
    self.offset = offset
    self.gauges = gauges
  }

  package func describe(
    _ call: DescribeJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<JobExecution?> {
    try await self.perform(call, in: context)
  }

  package func getPending(
    _ call: GetPendingJobExecutions, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<PendingJobExecutions> {
    try await self.perform(call, in: context)
  }

  package func startNext(
    _ call: StartNextPendingJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<JobExecution?> {
    try await self.perform(call, in: context)
  }

  package func update(
    _ call: UpdateJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<UpdatedJobExecution> {
    try await self.perform(call, in: context)
  }

  /// Makes the pool's warm connections, off any call's way, and keeps them from now on.
  package func warm() {
    let upstream = self.upstream
    self.loop.execute { upstream.value.pool.warm() }
  }

  /// What this loop's pool holds. Not to be asked once the loops are shut down.
  func snapshot(ofLoop number: Int) async -> PoolSnapshot? {
    let upstream = self.upstream
    return try? await self.loop.submit { upstream.value.pool.snapshot(ofLoop: number) }.get()
  }

  /// Lets what runs finish, refuses what is new, and returns when every connection is closed.
  package func drain() async {
    let upstream = self.upstream
    // The promise of a drain is never failed.
    try? await self.loop.flatSubmit { upstream.value.pool.drain() }.get()
  }
}

// MARK: - A call

extension SignedJobs {
  /// A request as it is sent, and what it was signed with.
  private struct Signed {
    var bytes: ByteBuffer
    var atSeconds: Int64
    var credential: Credential
  }

  /// A request, and how it is told of.
  private struct Attempt {
    var operation: JobsOperation
    var number: CallAttempt
    var startedAt: ContinuousClock.Instant
    /// Nil unless the call is traced. What was not handed over is no request, and never told of.
    var span: RequestSpan?
  }

  /// How long an attempt may take, and whose limit that is.
  private struct TimeLimit {
    var duration: Duration
    var isCallers: Bool
  }

  private func perform<Call: UpstreamCall>(
    _ call: Call, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<Call.Answer> {
    // Traps outside of the loop. Whoever builds the layers sees to it that calls come in here.
    let upstream = self.upstream.value
    let request = call.restRequest
    let first = context.attempt ?? upstream.makeOnlyAttempt()
    var progress = CallProgress(Call.operation, isFirstAttempt: first.number == 1)
    while true {
      var attempt = Attempt(
        operation: Call.operation, number: first.after(requests: progress.attempts),
        startedAt: .now)
      attempt.span = RequestSpan(
        Call.operation, request, resends: attempt.number.number - 1, to: upstream.server,
        startedAt: attempt.startedAt, in: context)
      _ = try self.timeLimit(progress, in: context)
      let signed = try await self.sign(request, with: upstream, attempt, progress, in: context)
      progress.stages.add(attempt.startedAt.duration(to: .now), to: .sign)
      // There may have been a wait for a credential.
      let limit = try self.timeLimit(progress, in: context)
      attempt.span?.handedOver(progress.stages)
      let response: UpstreamResponse
      do throws(ExchangeFailure) {
        response = try await upstream.pool.exchange(
          signed.bytes, fresh: progress.needsFreshConnection,
          deadline: .now() + TimeAmount(limit.duration), stages: &progress.stages)
      } catch {
        self.observe(attempt, nil, errorName: error.label, progress)
        switch progress.failed(error, withinCallersDeadline: limit.isCallers) {
        case .repeatOnFreshConnection: continue
        case .fail(let cause): throw JobsFailure(cause, trace: progress.trace)
        }
      }
      progress.answered()
      do throws(JobsFailure) {
        return try self.read(response, of: call, attempt, progress)
      } catch {
        if await self.mend(error.cause, response.head.date, signed, &progress) { continue }
        throw JobsFailure(progress.cause(ofRefusal: error.cause), trace: error.trace)
      }
    }
  }

  /// What is left of the call's time for an attempt; fails if nothing is, or nobody waits.
  private func timeLimit(
    _ progress: CallProgress, in context: CallContext
  ) throws(JobsFailure) -> TimeLimit {
    if Task.isCancelled {
      throw JobsFailure(
        .cancelled(mayHaveBeenApplied: progress.mayHaveBeenApplied), trace: progress.trace)
    }
    guard let deadline = context.deadline else {
      return TimeLimit(duration: self.attemptTimeout, isCallers: false)
    }
    let rest = ContinuousClock.now.duration(to: deadline)
    guard rest > .zero else {
      throw JobsFailure(
        .deadlineExceeded(mayHaveBeenApplied: progress.mayHaveBeenApplied), trace: progress.trace)
    }
    return TimeLimit(
      duration: min(rest, self.attemptTimeout), isCallers: rest < self.attemptTimeout)
  }

  /// Each attempt is signed anew, with the credential and the time of its own moment.
  private func sign(
    _ request: RESTRequest, with upstream: LoopUpstream, _ attempt: Attempt,
    _ progress: CallProgress, in context: CallContext
  ) async throws(JobsFailure) -> Signed {
    let cause: JobsFailure.Cause
    do throws(CredentialError) {
      let credential = try await self.credentials.credential()
      let nowSeconds = self.clock.epochSeconds
      guard !credential.isExpired(atSeconds: nowSeconds) else {
        throw .unavailable("the credential has expired")
      }
      let time = SigningTime(epochSeconds: nowSeconds).adding(seconds: self.offset.seconds)
      let written = SignedRequestWriter.Attempt(
        call: attempt.number, time: time, credential: credential)
      do throws(SigningError) {
        return Signed(
          bytes: try upstream.write(
            request, written, in: attempt.span?.context(from: context) ?? context),
          atSeconds: time.epochSeconds, credential: credential)
      } catch {
        cause = error.cause
      }
    } catch {
      // A wait that was given up, or was too long, says nothing of the sources.
      _ = try self.timeLimit(progress, in: context)
      cause = .credentialsUnavailable(error.description)
    }
    throw JobsFailure(progress.unlessApplied(cause), trace: progress.trace)
  }

  private func read<Call: UpstreamCall>(
    _ response: UpstreamResponse, of call: Call, _ attempt: Attempt, _ progress: CallProgress
  ) throws(JobsFailure) -> JobsReply<Call.Answer> {
    var trace = progress.trace
    trace.awsRequestID = response.head.requestID
    do throws(JobsFailure) {
      let answer = try call.readReply(response.head, body: response.body.span)
      self.observe(attempt, response.head, errorName: nil, progress)
      return JobsReply(answer, trace: trace)
    } catch {
      self.observe(attempt, response.head, errorName: error.cause.label, progress)
      throw JobsFailure(error.cause, trace: trace)
    }
  }

  /// True if a signature was refused and the next one is another.
  private func mend(
    _ cause: JobsFailure.Cause, _ date: String?, _ signed: Signed, _ progress: inout CallProgress
  ) async -> Bool {
    guard case .refused(let refusal) = cause else { return false }
    if refusal.kind == .credentialsExpired {
      // A second one that is refused is the next call's to reject, so that a call waits for one fetch.
      guard progress.mended(.credential) else { return false }
      self.credentials.rejected(signed.credential)
      // To send the same again would bring the same answer.
      guard let credential = try? await self.credentials.credential() else { return false }
      return credential != signed.credential
    }
    switch self.offset.refused(
      refusal, date: date, signedAt: signed.atSeconds, now: self.clock.epochSeconds)
    {
    case .unblamed: return false
    case .known: return progress.mended(.clock)
    case .corrected(let seconds):
      self.observer.clockCorrected(bySeconds: seconds)
      return progress.mended(.clock)
    }
  }

  private func observe(
    _ attempt: Attempt, _ head: RESTResponseHead?, errorName: String?, _ progress: CallProgress
  ) {
    let endedAt = ContinuousClock.now
    self.observer.attemptEnded(
      operation: attempt.operation, httpStatus: head?.status, errorName: errorName,
      duration: attempt.startedAt.duration(to: endedAt))
    attempt.span?.ended(head, errorName: errorName, stages: progress.stages, at: endedAt)
  }
}

extension CallAttempt {
  /// What was sent in between and is sent once more is one attempt more.
  fileprivate func after(requests: Int) -> CallAttempt {
    CallAttempt(
      number: self.number + requests, maximum: self.maximum + requests,
      invocation: self.invocation)
  }
}

extension JobsFailure.Cause {
  /// A label for metrics. AWS may send any name; those that mean nothing here share one label, so
  /// that their number stays bounded.
  fileprivate var label: String {
    switch self {
    case .refused(let refusal) where !refusal.isNamed: AttemptError.unnamed.rawValue
    case .refused(let refusal) where refusal.kind == .unknown: AttemptError.unknown.rawValue
    case .refused(let refusal): refusal.name
    default: AttemptError.malformedResponse.rawValue
    }
  }
}

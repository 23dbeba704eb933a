// SPDX-License-Identifier: Apache-2.0

package import JobsAPI
package import NIOCore
import Telemetry
import Transport

/// Answers reads from what is stored, lets callers who ask the same at once share one call, and
/// forgets what a write has changed before that write is acknowledged. See ``ReadState`` for what
/// that promises and why.
///
/// There is one for each event loop, over the backend of that loop, and all share a ``ReadCache``.
/// A flight runs in the loop of whoever leads it, in a task of its own; those who wait may be in any
/// loop. A waiter leaves when its own task is cancelled, which the server does at the call's
/// deadline; a flight has no deadline but those of the layers behind. How many may wait is for the
/// server to bound, which it does by the streams that its connections may open.
package struct CachedJobs<Next: JobsBackend>: JobsBackend {
  let next: Next
  let cache: ReadCache
  private let executor: LoopTaskExecutor

  /// - Parameter loop: where `next` is to be called.
  package init(_ next: Next, cache: ReadCache, on loop: any EventLoop) {
    self.next = next
    self.cache = cache
    self.executor = LoopTaskExecutor(loop)
  }

  package func describe(
    _ call: DescribeJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<JobExecution?> {
    let wish = ReadWish(call, control: context.cacheControl)
    return try await self.read(.describe(call), wish, in: context).execution()
  }

  package func getPending(
    _ call: GetPendingJobExecutions, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<PendingJobExecutions> {
    let wish = ReadWish(call, control: context.cacheControl)
    return try await self.read(.getPending(call), wish, in: context).pending()
  }

  package func startNext(
    _ call: StartNextPendingJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<JobExecution?> {
    if let reply = try await self.nothingPending(for: call, in: context) { return reply }
    let thing = call.thingName
    let shard = self.cache.shard(of: thing)
    let ticket = shard.beganStartNext(of: thing)
    do throws(JobsFailure) {
      let reply = try await self.next.startNext(call, in: context)
      shard.startNextEnded(
        reply.value == nil ? .nothingPending : .changed, of: thing, ticket: ticket,
        at: self.cache.moment)
      return reply
    } catch {
      shard.startNextEnded(
        error.cause.isSurelyNotSent ? .notSent : .changed, of: thing, ticket: ticket,
        at: self.cache.moment)
      throw error
    }
  }

  package func update(
    _ call: UpdateJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<UpdatedJobExecution> {
    let shard = self.cache.shard(of: call.thingName)
    do throws(JobsFailure) {
      let reply = try await self.next.update(call, in: context)
      shard.wrote(to: call.thingName)
      return reply
    } catch {
      if !error.cause.isSurelyNotSent { shard.wrote(to: call.thingName) }
      throw error
    }
  }
}

// MARK: - Reads

extension CachedJobs {
  /// What a read comes to before anything is waited for.
  private enum Beginning {
    case reply(ReadReply)
    case failure(JobsFailure)
    case wait(SeatTaken)
  }

  /// The place of a caller who waits for a flight, as who, and since when.
  private struct SeatTaken {
    let seat: FlightSeat
    let flight: FlightTable.Number
    let outcome: CacheResult.Outcome
    let since: Int64
    var span: CallSpan?
  }

  /// What comes before the wait and after it is not inlined: what it needs in between would have room
  /// in the frame of each call that waits.
  private func read(
    _ call: ReadCall, _ wish: ReadWish, in context: CallContext
  ) async throws(JobsFailure) -> ReadReply {
    let shard = self.cache.shard(of: wish.key.thing)
    switch self.begin(call, wish, shard, in: context) {
    case .reply(let reply): return reply
    case .failure(let failure): throw failure
    case .wait(let place):
      let end = await place.seat.wait(orLeave: { shard.left(place.seat, of: place.flight) })
      return try self.reply(to: wish, at: end, place)
    }
  }

  @inline(never)
  private func begin(
    _ call: ReadCall, _ wish: ReadWish, _ shard: ReadShard, in context: CallContext
  ) -> Beginning {
    let now = self.cache.now
    switch shard.asked(wish, now: now, trace: context.span?.context) {
    case .serve(let read, let outcome):
      return .reply(self.serve(read, as: outcome, to: wish, at: now))
    case .serveAndRefresh(let read, let flight, let withDocument):
      self.refresh(call, withDocument: withDocument, as: flight, shard, in: context)
      return .reply(self.serve(read, as: .stale, to: wish, at: now))
    case .join(let flight, let seat, let leader):
      let span = context.span?.child("wait for another's call")
      if let leader { span?.link(to: leader) }
      return .wait(
        SeatTaken(seat: seat, flight: flight, outcome: .coalesced, since: now, span: span))
    case .lead(let flight, let withDocument, let seat):
      self.launch(call, withDocument: withDocument, as: flight, shard, in: context)
      return .wait(
        SeatTaken(
          seat: seat, flight: flight, outcome: wish.bypasses ? .bypass : .miss, since: now))
    case .notCached:
      return .failure(self.notCached())
    }
  }

  private func serve(
    _ read: StoredRead, as outcome: CacheResult.Outcome, to wish: ReadWish, at now: Int64
  ) -> ReadReply {
    self.cache.metrics.answered(outcome)
    return ReadReply(read, as: outcome, to: wish, at: now)
  }

  func notCached() -> JobsFailure {
    self.cache.metrics.refusedAsNotCached()
    return JobsFailure(.notCached, trace: UpstreamTrace(cache: CacheResult(.miss)))
  }

  /// - Parameter end: of the flight; nil if the caller left before.
  @inline(never)
  private func reply(
    to wish: ReadWish, at end: FlightEnd?, _ place: SeatTaken
  ) throws(JobsFailure) -> ReadReply {
    place.span?.end()
    guard let end else {
      self.cache.metrics.answered(place.outcome)
      throw JobsFailure(
        .cancelled(mayHaveBeenApplied: false),
        trace: UpstreamTrace(cache: CacheResult(place.outcome)))
    }
    if let stale = end.stale, wish.takes(stale: stale) {
      return self.serve(stale, as: .stale, to: wish, at: end.now)
    }
    self.cache.metrics.answered(place.outcome)
    var trace = end.trace
    trace.cache = CacheResult(place.outcome)
    // The stages are those of the caller whose call it was.
    if place.outcome == .coalesced {
      trace.stages = StageTimes(.coalesced, .nanoseconds(end.now - place.since))
    }
    switch end.outcome {
    case .answer(let answer): return ReadReply(answer, to: wish, trace)
    case .failure(let cause): throw JobsFailure(cause, trace: trace)
    }
  }
}

// MARK: - Flights

extension CachedJobs {
  /// Begins a flight that a caller waits for; in its loop it is on its way when this returns.
  private func launch(
    _ call: ReadCall, withDocument: Bool, as flight: FlightTable.Number, _ shard: ReadShard,
    in context: CallContext
  ) {
    let call = call.asking(forDocument: withDocument)
    let context = context.shared
    let task =
      if self.executor.loop.inEventLoop {
        Task.immediate(executorPreference: self.executor) {
          await self.fly(call, as: flight, shard, in: context)
        }
      } else {
        Task(executorPreference: self.executor) {
          await self.fly(call, as: flight, shard, in: context)
        }
      }
    shard.launched(task, as: flight)
  }

  /// Begins a flight that nobody waits for; ``ReadCache/stop()`` ends it before its time. It begins
  /// a little later, so that it holds up no answer that is at hand.
  func refresh(
    _ call: ReadCall, withDocument: Bool, as flight: FlightTable.Number, _ shard: ReadShard,
    in context: CallContext
  ) {
    let call = call.asking(forDocument: withDocument)
    var context = context.unhurried
    let span = context.span?.child("refresh of a stored answer")
    context.span = span
    let task = Task(executorPreference: self.executor) { [context] in
      await self.fly(call, as: flight, shard, in: context)
      span?.end()
    }
    shard.launched(task, as: flight)
  }

  private func fly(
    _ call: ReadCall, as flight: FlightTable.Number, _ shard: ReadShard, in context: CallContext
  ) async {
    let (outcome, trace) = await call.send(to: self.next, in: context)
    shard.flightEnded(flight, call, outcome, trace, at: self.cache.moment)
  }
}

extension CallContext {
  /// For a call that many wait for: nothing of one caller's patience is in it, but for the wait in
  /// queues, where the one who leads says by when it must have begun.
  fileprivate var shared: CallContext {
    var shared = self
    shared.deadline = nil
    shared.startBy = self.startBy ?? self.deadline
    shared.cacheControl = .unspecified
    return shared
  }

  /// For a call that nobody waits for. The caller it began with has its answer: how long that one
  /// would have waited is no measure for it.
  fileprivate var unhurried: CallContext {
    var unhurried = self.shared
    unhurried.startBy = nil
    return unhurried
  }
}

// MARK: - Start-next without waste

extension CachedJobs {
  /// The answer to a start-next if it is freshly known that nothing is pending; else nil. A caller
  /// that says `no-cache` has its write. `only-if-cached` is not for writes.
  private func nothingPending(
    for call: StartNextPendingJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<JobExecution?>? {
    let wish = ReadWish(nextOf: call.thingName, control: context.cacheControl)
    guard !wish.bypasses else { return nil }
    switch self.cache.startNextCheck {
    case .off: return nil
    case .stored: return self.knownNothingPending(for: wish)
    case .read: return try await self.readNothingPending(of: call.thingName, in: context)
    }
  }

  /// - Parameter wish: for the thing's `$next`.
  func knownNothingPending(for wish: ReadWish) -> JobsReply<JobExecution?>? {
    let now = self.cache.now
    let shard = self.cache.shard(of: wish.key.thing)
    guard let read = shard.knownNothingPending(wish, now: now) else { return nil }
    return JobsReply(nil, trace: self.serve(read, as: .hit, to: wish, at: now).trace)
  }

  private func readNothingPending(
    of thing: String, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<JobExecution?>? {
    var call = DescribeJobExecution(thingName: thing, jobID: "$next")
    call.includeJobDocument = false
    var context = context
    context.cacheControl.onlyIfCached = false
    do throws(JobsFailure) {
      let reply = try await self.describe(call, in: context)
      guard reply.value == nil, reply.trace.cache?.outcome != .stale else { return nil }
      return reply
    } catch {
      // A read that failed tells nothing, so the write goes on; unless there is no caller left.
      if case .cancelled = error.cause { throw error }
      return nil
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

package import JobsAPI

// What needs no waiting: answers that are stored, and calls that the layers behind refuse before
// anything is sent. For these no flight is begun; for all else a call is as if it had not been asked
// about here.

extension CachedJobs {
  package func outcomeAtHand(
    of call: DescribeJobExecution, in context: CallContext
  ) -> Result<StoredDescribe, JobsFailure>? {
    let wish = ReadWish(call, control: context.cacheControl)
    let now = self.cache.now
    let found = self.look(for: .describe(call), wish, at: now, in: context) {
      self.next.outcomeAtHand(of: call, in: context)
    }
    switch found {
    case .stored(let read, let outcome): return read.described(as: outcome, to: wish, at: now)
    case .failure(let failure): return .failure(failure)
    case nil: return nil
    }
  }

  package func outcomeAtHand(
    of call: GetPendingJobExecutions, in context: CallContext
  ) -> Result<JobsReply<PendingJobExecutions>, JobsFailure>? {
    let wish = ReadWish(call, control: context.cacheControl)
    let now = self.cache.now
    let found = self.look(for: .getPending(call), wish, at: now, in: context) {
      self.next.outcomeAtHand(of: call, in: context)
    }
    switch found {
    case .stored(let read, let outcome):
      return Result { () throws(JobsFailure) in
        try ReadReply(read, as: outcome, to: wish, at: now).pending()
      }
    case .failure(let failure): return .failure(failure)
    case nil: return nil
    }
  }

  package func outcomeAtHand(
    of call: StartNextPendingJobExecution, in context: CallContext
  ) -> Result<JobsReply<JobExecution?>, JobsFailure>? {
    let wish = ReadWish(nextOf: call.thingName, control: context.cacheControl)
    switch wish.bypasses ? .off : self.cache.startNextCheck {
    case .off: break
    case .stored: if let reply = self.knownNothingPending(for: wish) { return .success(reply) }
    // The read that goes first may have to wait.
    case .read: return nil
    }
    guard case .failure(let failure)? = self.next.outcomeAtHand(of: call, in: context) else {
      return nil
    }
    return .failure(failure)
  }

  package func outcomeAtHand(
    of call: UpdateJobExecution, in context: CallContext
  ) -> Result<JobsReply<UpdatedJobExecution>, JobsFailure>? {
    guard case .failure(let failure)? = self.next.outcomeAtHand(of: call, in: context) else {
      return nil
    }
    return .failure(failure)
  }
}

// MARK: - Reads

private enum ReadAtHand {
  case stored(StoredRead, CacheResult.Outcome)
  case failure(JobsFailure)
}

extension CachedJobs {
  /// What is at hand for a read; nil if it has to wait.
  ///
  /// - Parameter behind: what the layers behind have at hand for the call. Only asked if they would
  ///   be called; an answer of theirs is for a flight to fetch, which stores it.
  private func look<Answer>(
    for call: ReadCall, _ wish: ReadWish, at now: Int64, in context: CallContext,
    behind: () -> Result<Answer, JobsFailure>?
  ) -> ReadAtHand? {
    let shard = self.cache.shard(of: wish.key.thing)
    switch shard.lookedUp(wish, now: now) {
    case .atHand(.serve(let read, let outcome)):
      self.cache.metrics.answered(outcome)
      return .stored(read, outcome)
    case .atHand(.serveAndRefresh(let read, let flight, let withDocument)):
      self.refresh(call, withDocument: withDocument, as: flight, shard, in: context)
      self.cache.metrics.answered(.stale)
      return .stored(read, .stale)
    case .atHand(.notCached):
      return .failure(self.notCached())
    // Who only looks is never let into a flight.
    case .underWay, .atHand(.join), .atHand(.lead):
      return nil
    case .unknown:
      guard case .failure(let refusal)? = behind() else { return nil }
      return self.refused(refusal, wish, shard, at: now)
    }
  }

  /// As for one who leads a flight that fails at once.
  private func refused(
    _ refusal: JobsFailure, _ wish: ReadWish, _ shard: ReadShard, at now: Int64
  ) -> ReadAtHand {
    if wish.takesStale, let read = shard.standIn(for: refusal.cause, wish.key, at: now),
      wish.takes(stale: read)
    {
      self.cache.metrics.answered(.stale)
      return .stored(read, .stale)
    }
    let outcome: CacheResult.Outcome = wish.bypasses ? .bypass : .miss
    self.cache.metrics.answered(outcome)
    var refusal = refusal
    refusal.trace.cache = CacheResult(outcome)
    return .failure(refusal)
  }
}

// SPDX-License-Identifier: Apache-2.0

import JobsAPI

/// What became of an upstream read. A refusal is a failure here, stored or not.
enum ReadOutcome: Equatable, Sendable {
  case answer(StoredRead.Answer)
  indirect case failure(JobsFailure.Cause)
}

/// One of the two reads, as a flight sends it.
enum ReadCall: Sendable {
  case describe(DescribeJobExecution)
  case getPending(GetPendingJobExecutions)

  var key: ReadKey {
    switch self {
    case .describe(let call): ReadKey(call)
    case .getPending(let call): ReadKey(call)
    }
  }

  /// The pending lists have none to be left out.
  var wantsDocument: Bool {
    switch self {
    case .describe(let call): call.wantsDocument
    case .getPending: true
    }
  }

  /// Sends it, and puts what came of it into the words of the store.
  func send(
    to backend: some JobsBackend, in context: CallContext
  ) async -> (outcome: ReadOutcome, trace: UpstreamTrace) {
    do throws(JobsFailure) {
      switch self {
      case .describe(let call):
        let reply = try await backend.describe(call, in: context)
        return (.answer(.execution(reply.value)), reply.trace)
      case .getPending(let call):
        let reply = try await backend.getPending(call, in: context)
        return (.answer(.pending(reply.value)), reply.trace)
      }
    } catch {
      return (.failure(error.cause), error.trace)
    }
  }

  /// The same call with another wish for the document.
  func asking(forDocument withDocument: Bool) -> ReadCall {
    guard case .describe(var call) = self, call.wantsDocument != withDocument else { return self }
    call.includeJobDocument = withDocument
    return .describe(call)
  }
}

/// An answer on its way to one caller.
struct ReadReply: Sendable {
  var answer: StoredRead.Answer
  var trace: UpstreamTrace

  /// What is stored, as it is given to one caller.
  init(_ read: StoredRead, as outcome: CacheResult.Outcome, to wish: ReadWish, at now: Int64) {
    self.answer = read.answer(at: now, withDocument: wish.withDocument)
    self.trace = read.trace(as: outcome, at: now)
  }

  /// What a flight has brought, without the document for a caller that does not want it.
  init(_ answer: StoredRead.Answer, to wish: ReadWish, _ trace: UpstreamTrace) {
    self.answer = answer
    self.trace = trace
    if !wish.withDocument, case .execution(.some(var execution)) = answer {
      execution.jobDocument = nil
      self.answer = .execution(execution)
    }
  }

  consuming func execution() throws(JobsFailure) -> JobsReply<JobExecution?> {
    switch self.answer {
    case .execution(let execution): return JobsReply(execution, trace: self.trace)
    case .refusal(let refusal): throw JobsFailure(.refused(refusal), trace: self.trace)
    case .pending: throw self.mismatch
    }
  }

  consuming func pending() throws(JobsFailure) -> JobsReply<PendingJobExecutions> {
    switch self.answer {
    case .pending(let lists): return JobsReply(lists, trace: self.trace)
    case .refusal(let refusal): throw JobsFailure(.refused(refusal), trace: self.trace)
    case .execution: throw self.mismatch
    }
  }

  /// Never seen: a key is of one kind of read, and so are the flights and entries under it.
  private var mismatch: JobsFailure {
    JobsFailure(.malformedResponse("an answer to another question"), trace: self.trace)
  }
}

extension StoredRead {
  /// The answer to a describe, as it is given to one caller who need not wait.
  func described(
    as outcome: CacheResult.Outcome, to wish: ReadWish, at now: Int64
  ) -> Result<StoredDescribe, JobsFailure> {
    let place = self.encoding(withDocument: wish.withDocument)
    if let encoded = place?.bytes {
      return .success(StoredDescribe(.encoded(encoded), trace: self.trace(as: outcome, at: now)))
    }
    do throws(JobsFailure) {
      let reply = try ReadReply(self, as: outcome, to: wish, at: now).execution()
      return .success(StoredDescribe(.execution(reply.value, keptIn: place), trace: reply.trace))
    } catch {
      return .failure(error)
    }
  }

  fileprivate func trace(as outcome: CacheResult.Outcome, at now: Int64) -> UpstreamTrace {
    UpstreamTrace(cache: CacheResult(outcome, ageSeconds: self.ageSeconds(at: now)))
  }
}

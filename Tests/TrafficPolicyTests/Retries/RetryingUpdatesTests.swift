// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import NIOCore
import Testing

@testable import TrafficPolicy

/// What one update is sent as, and what its caller is told.
struct UpdateCase: Sendable, CustomTestStringConvertible {
  enum End: Equatable, Sendable {
    case applied
    case replayed
    case failed(JobsFailure.Cause)
  }

  var name: String
  var update: UpdateJobExecution
  var turns: [TurnJobs.Turn]
  var operations: [JobsOperation]
  var end: End

  init(
    _ name: String, _ update: UpdateJobExecution, _ turns: [TurnJobs.Turn],
    sent operations: [JobsOperation], _ end: End
  ) {
    self.name = name
    self.update = update
    self.turns = turns
    self.operations = operations
    self.end = end
  }

  var testDescription: String { self.name }

  private static let versioned = Ends.update(.inProgress, expecting: 3)
  private static let end = Ends.update(.succeeded)
  private static let own = Ends.state(.inProgress, 4)
  private static let foreign = Ends.state(.failed, 4)

  private static func sees(_ state: JobExecutionState) -> TurnJobs.Turn {
    .execution(Ends.execution(state))
  }

  static let all: [UpdateCase] = [
    .init("answered", Self.versioned, [.answer], sent: [.update], .applied),
    .init(
      "never received, and then applied", Ends.update(.inProgress),
      [.fail(Ends.refusedConnection), .fail(Ends.throttled), .answer],
      sent: [.update, .update, .update], .applied),
    .init(
      "lost on the way there", Self.versioned, [.fail(Ends.reset), .answer],
      sent: [.update, .update], .applied),
    .init(
      "lost on the way back", Self.versioned,
      [.fail(Ends.reset), .fail(Ends.mismatch(Self.own))], sent: [.update, .update], .replayed),
    .init(
      "lost on the way back, twice", Self.versioned,
      [.fail(Ends.timeout), .fail(Ends.badGateway), .fail(Ends.mismatch(Self.own))],
      sent: [.update, .update, .update], .replayed),
    .init(
      "somebody else's", Self.versioned,
      [.fail(Ends.reset), .fail(Ends.mismatch(Self.foreign))], sent: [.update, .update],
      .failed(Ends.mismatch(Self.foreign))),
    .init(
      "a mismatch without a state, and its own is seen", Self.versioned,
      [.fail(Ends.reset), .fail(Ends.mismatch()), Self.sees(Self.own)],
      sent: [.update, .update, .describe], .replayed),
    .init(
      "a mismatch without a state, and another's is seen", Self.versioned,
      [.fail(Ends.reset), .fail(Ends.mismatch()), Self.sees(Self.foreign)],
      sent: [.update, .update, .describe], .failed(Ends.mismatch(Self.foreign))),
    .init(
      "a mismatch without a state, and an end is seen", Self.versioned,
      [.fail(Ends.reset), .fail(Ends.mismatch()), .fail(Ends.terminal)],
      sent: [.update, .update, .describe], .failed(Ends.reset)),
    .init(
      "in doubt, then out of reach, and its own is seen", Self.versioned,
      [
        .fail(Ends.timeout), .fail(Ends.refusedConnection), .fail(Ends.refusedConnection),
        Self.sees(Self.own),
      ], sent: [.update, .update, .update, .describe], .replayed),
    .init(
      "in doubt, then out of reach", Self.versioned,
      [
        .fail(Ends.timeout), .fail(Ends.refusedConnection), .fail(Ends.refusedConnection),
        .fail(Ends.refusedConnection),
      ], sent: [.update, .update, .update, .describe], .failed(Ends.timeout)),
    .init(
      "in doubt, then left alone, and another's is seen", Self.end,
      [
        .fail(Ends.reset), .fail(.circuitOpen(retryAfterMilliseconds: 1)),
        Self.sees(Self.foreign),
      ], sent: [.update, .update, .describe], .failed(.overtaken(Self.foreign))),
    .init(
      "its own end", Self.end,
      [.fail(Ends.internalFailure), .fail(Ends.transition(Ends.state(.succeeded, 9)))],
      sent: [.update, .update], .replayed),
    .init(
      "another end", Self.end,
      [.fail(Ends.internalFailure), .fail(Ends.transition(Ends.state(.canceled, 9)))],
      sent: [.update, .update], .failed(Ends.transition(Ends.state(.canceled, 9)))),
    .init(
      "an end that AWS does not show", Self.end,
      [.fail(Ends.reset), .fail(Ends.transition()), .fail(Ends.terminal)],
      sent: [.update, .update, .describe], .failed(Ends.reset)),
    .init(
      "progress without a version", Ends.update(.inProgress), [.fail(Ends.reset), .answer],
      sent: [.update], .failed(Ends.reset)),
    .init(
      "progress without a version, in doubt at the second attempt", Ends.update(.inProgress),
      [.fail(Ends.unavailable), .fail(Ends.timeout), .answer], sent: [.update, .update],
      .failed(Ends.timeout)),
    .init(
      "a failure is looked for, not repeated", Ends.update(.failed),
      [.fail(Ends.reset), Self.sees(Ends.state(.failed, 2))], sent: [.update, .describe],
      .replayed),
    .init(
      "a failure that may have brought a new execution", Ends.update(.failed),
      [.fail(Ends.reset), Self.sees(Ends.state(.queued, 1))], sent: [.update, .describe],
      .failed(Ends.reset)),
    .init(
      "garbage is no answer", Self.end,
      [.fail(.malformedResponse("garbage")), .fail(Ends.transition(Ends.state(.succeeded, 9)))],
      sent: [.update, .update], .replayed),
    .init(
      "in doubt, and then gone, perhaps deleted since", Self.end,
      [.fail(Ends.reset), .fail(Ends.notFound)],
      sent: [.update, .update], .failed(Ends.reset)),
    .init(
      "in doubt, then the deadline", Self.end,
      [.fail(Ends.reset), .fail(.deadlineExceeded(mayHaveBeenApplied: false))],
      sent: [.update, .update], .failed(.deadlineExceeded(mayHaveBeenApplied: true))),
  ]
}

@Suite struct RetryingUpdatesTests {
  private typealias Stage = RetryStage<TurnJobs>

  private static func end(
    _ outcome: Result<JobsReply<UpdatedJobExecution>, JobsFailure>
  ) -> UpdateCase.End {
    switch outcome {
    case .success(let reply): reply.trace.isReplayed ? .replayed : .applied
    case .failure(let failure): .failed(failure.cause)
    }
  }

  @Test(arguments: UpdateCase.all)
  func `an update ends as what was seen of it`(updateCase: UpdateCase) async throws {
    let backend = TurnJobs(updateCase.turns)
    let stage = Stage(over: backend)
    let outcome = try #require(await stage.update(updateCase.update))
    #expect(Self.end(outcome) == updateCase.end)
    #expect(backend.operations == updateCase.operations)
    let sent = updateCase.turns.prefix(updateCase.operations.count).count { turn in
      if case .fail(.unreachable) = turn { return false }
      if case .fail(.circuitOpen) = turn { return false }
      return true
    }
    switch outcome {
    case .success(let reply): #expect(reply.trace.attempts == sent)
    case .failure(let failure): #expect(failure.trace.attempts == sent)
    }
  }

  @Test(arguments: [nil, false, true] as [Bool?])
  func `an update that was found to be applied answers what it was asked for`(
    asked: Bool?
  ) async throws {
    let own = Ends.state(.inProgress, 4, [("by", "a")])
    var update = Ends.update(.inProgress, expecting: 3, [("by", "a")])
    update.includeJobExecutionState = asked
    update.includeJobDocument = asked
    var execution = Ends.execution(own)
    execution.jobDocument = "{}"
    let stage = Stage(
      over: TurnJobs([.fail(Ends.reset), .fail(Ends.mismatch()), .execution(execution)]))
    let reply = try #require(await stage.update(update)).get()
    #expect(
      reply.value
        == UpdatedJobExecution(
          executionState: asked == true ? own : nil, jobDocument: asked == true ? "{}" : nil))
    #expect(
      reply.trace.awsRequestID == "aws-3" && reply.trace.attempts == 3 && reply.trace.isReplayed)
    #expect(
      stage.sample(#"retries_total{operation="DescribeJobExecution",reason="unknown_outcome"}"#)
        == "1")
  }

  @Test(arguments: [
    (Ends.update(.inProgress, expecting: 3), 1), (Ends.update(.succeeded), 1),
    (Ends.update(.failed), 1), (Ends.update(.inProgress), 1),
  ])
  func `near the deadline an update in doubt stays so`(
    update: UpdateJobExecution, sent: Int
  ) async throws {
    let backend = TurnJobs([.fail(Ends.timeout), .answer])
    let stage = Stage(over: backend)
    let outcome = try #require(await stage.update(update, deadlineMilliseconds: 99))
    #expect(Self.end(outcome) == .failed(Ends.timeout))
    #expect(backend.seen.count == sent)
  }

  @Test(
    arguments: [
      { $0.maxAttempts = 1 }, { $0.quota = 0 },
    ] as [@Sendable (inout RetrySettings) -> Void])
  func `without retries an update in doubt stays so`(
    change: @Sendable (inout RetrySettings) -> Void
  ) async throws {
    let backend = TurnJobs([.fail(Ends.reset), .answer])
    let stage = Stage(over: backend, change)
    let outcome = try #require(await stage.update(Ends.update(.succeeded)))
    #expect(Self.end(outcome) == .failed(Ends.reset))
    #expect(backend.operations == [.update])
  }

  @Test func `an update that is cancelled between attempts may have been applied`() async {
    let stage = Stage(over: TurnJobs([.fail(Ends.reset), .answer])) {
      $0.baseDelay = .seconds(20)
    }
    let context = stage.context()
    let call = stage.call { jobs throws(JobsFailure) in
      try await jobs.update(Ends.update(.succeeded), in: context)
    }
    #expect(call.outcome == nil)
    call.cancel()
    await stage.advance(.nanoseconds(0))
    #expect(call.outcome.map(Self.end) == .failed(.cancelled(mayHaveBeenApplied: true)))
  }

  @Test func `what became of updates is counted`() async {
    let own = Ends.state(.succeeded, 9)
    let backend = TurnJobs([
      .answer, .fail(Ends.reset), .answer, .fail(Ends.reset), .fail(Ends.transition(own)),
      .fail(Ends.reset), .fail(Ends.transition(Ends.state(.canceled, 9))),
      .fail(Ends.reset), .fail(Ends.transition()), .fail(Ends.terminal),
    ])
    let stage = Stage(over: backend)
    for _ in 0..<5 { _ = await stage.update(Ends.update(.succeeded)) }
    #expect(backend.turnsLeft == 0)
    for result in ["repeated", "replayed", "refused", "unknown"] {
      #expect(stage.sample("updates_resolved_total{result=\"\(result)\"}") == "1")
    }
  }
}

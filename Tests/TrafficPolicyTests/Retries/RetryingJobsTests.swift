// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import JobsAPI
import NIOCore
import Testing

@testable import TrafficPolicy

@Suite struct RetryingJobsTests {
  private typealias Stage = RetryStage<TurnJobs>

  private static func describe(
    _ stage: Stage, deadlineMilliseconds: Int64? = nil
  ) -> StagedCall<JobExecution?> {
    let context = stage.context(deadlineMilliseconds: deadlineMilliseconds)
    return stage.call { jobs throws(JobsFailure) in
      try await jobs.describe(.init(thingName: "door", jobID: "job"), in: context)
    }
  }

  private static func startNext(_ stage: Stage) -> StagedCall<JobExecution?> {
    let context = stage.context()
    return stage.call { jobs throws(JobsFailure) in
      try await jobs.startNext(.init(thingName: "door"), in: context)
    }
  }

  private static func finish<Value>(
    _ call: StagedCall<Value>, _ stage: Stage
  ) async -> Result<JobsReply<Value>, JobsFailure>? {
    for _ in 0..<4 where call.outcome == nil { await stage.advance(.seconds(30)) }
    return call.outcome?.timeless()
  }

  @Test func `a read is repeated until it is answered`() async throws {
    let backend = TurnJobs([.fail(Ends.unavailable), .fail(Ends.reset), .answer])
    let stage = Stage(over: backend)
    let outcome = await Self.finish(Self.describe(stage), stage)
    #expect(try outcome?.get().trace == UpstreamTrace(awsRequestID: "aws-3", attempts: 3))
    #expect(backend.seen.map(\.number) == [1, 2, 3])
    #expect(backend.seen.map(\.maximum) == [3, 3, 3])
    #expect(Set(backend.seen.map { $0.invocation?.text }).count == 1)
    #expect(
      stage.sample(#"retries_total{operation="DescribeJobExecution",reason="unavailable"}"#)
        == "1")
    #expect(
      stage.sample(#"retries_total{operation="DescribeJobExecution",reason="connection"}"#)
        == "1")
  }

  @Test func `each of the reads is, and a start`() async throws {
    for operation in [JobsOperation.describe, .getPending, .startNext] {
      let backend = TurnJobs([.fail(Ends.timeout), .answer])
      let stage = Stage(over: backend)
      let context = stage.context()
      let attempts: Int? =
        switch operation {
        case .getPending:
          try await stage.outcome { jobs throws(JobsFailure) in
            try await jobs.getPending(.init(thingName: "door"), in: context)
          }?.get().trace.attempts
        case .startNext:
          try await Self.finish(Self.startNext(stage), stage)?.get().trace.attempts
        default: try await Self.finish(Self.describe(stage), stage)?.get().trace.attempts
        }
      #expect(attempts == 2)
      #expect(backend.operations == [operation, operation])
    }
  }

  @Test func `after the last attempt its failure stands`() async {
    let backend = TurnJobs([
      .fail(Ends.reset), .fail(Ends.refusedConnection), .fail(Ends.unavailable), .answer,
    ])
    let stage = Stage(over: backend)
    let outcome = await Self.finish(Self.describe(stage), stage)
    #expect(
      outcome
        == .failure(
          JobsFailure(
            Ends.unavailable, trace: UpstreamTrace(awsRequestID: "aws-3", attempts: 2))))
    #expect(backend.turnsLeft == 1)
    #expect(stage.sample(#"retries_withheld_total{reason="attempts"}"#) == "1")
  }

  @Test func `what would end the same way is not repeated`() {
    let backend = TurnJobs([.fail(Ends.notFound), .answer])
    let stage = Stage(over: backend)
    #expect(
      Self.describe(stage).outcome
        == .failure(
          JobsFailure(Ends.notFound, trace: UpstreamTrace(awsRequestID: "aws-1", attempts: 1))))
    #expect(backend.turnsLeft == 1)
    #expect(stage.sample("retry_quota") == "500")
  }

  @Test func `a throttled call waits as long as it is asked to`() async {
    let throttled = Ends.refused(
      .throttled, "ThrottlingException", 429, retryAfterMilliseconds: 3_000)
    let backend = TurnJobs([.fail(throttled), .answer])
    let stage = Stage(over: backend)
    let call = Self.describe(stage)
    await stage.advance(.milliseconds(2_999))
    #expect(call.outcome == nil)
    #expect(backend.seen.count == 1)
    await stage.advance(.milliseconds(1))
    #expect(call.outcome != nil)
  }

  @Test func `nothing is repeated that the caller would not live to see`() {
    let backend = TurnJobs([.fail(Ends.reset), .answer])
    let stage = Stage(over: backend)
    let call = Self.describe(stage, deadlineMilliseconds: 99)
    #expect(
      call.outcome
        == .failure(
          JobsFailure(Ends.reset, trace: UpstreamTrace(awsRequestID: "aws-1", attempts: 1))))
    #expect(stage.sample(#"retries_withheld_total{reason="deadline"}"#) == "1")
    #expect(stage.sample("retry_quota") == "500")
  }

  @Test func `a call that is cancelled waits no longer`() async {
    let backend = TurnJobs([.fail(Ends.throttled), .answer])
    let stage = Stage(over: backend)
    let call = Self.describe(stage)
    #expect(call.outcome == nil)
    #expect(stage.sample("retry_quota") == "495")
    call.cancel()
    await stage.advance(.nanoseconds(0))
    #expect(
      call.outcome
        == .failure(
          JobsFailure(
            .cancelled(mayHaveBeenApplied: false),
            trace: UpstreamTrace(awsRequestID: "aws-1", attempts: 1))))
    #expect(backend.seen.count == 1)
    #expect(stage.sample("retry_quota") == "500")
  }

  @Test func `calls share a quota, and successes fill it`() async {
    let turns = [TurnJobs.Turn](repeating: .fail(Ends.timeout), count: 4)
    let backend = TurnJobs(turns + [TurnJobs.Turn](repeating: .answer, count: 10))
    let stage = Stage(over: backend) { $0.quota = 20 }
    _ = await Self.finish(Self.describe(stage), stage)
    #expect(stage.sample("retry_quota") == "0")
    // The next one finds it empty.
    #expect(Self.describe(stage).outcome != nil)
    #expect(backend.seen.count == 4)
    #expect(stage.sample(#"retries_withheld_total{reason="quota"}"#) == "1")
    for _ in 0..<10 { _ = Self.describe(stage) }
    #expect(stage.sample("retry_quota") == "10")
  }

  @Test func `a start that may have been carried out stays so in what is told`() async {
    let backend = TurnJobs([.fail(Ends.timeout), .fail(Ends.throttled), .fail(Ends.throttled)])
    let stage = Stage(over: backend)
    let outcome = await Self.finish(Self.startNext(stage), stage)
    #expect(
      outcome
        == .failure(
          JobsFailure(Ends.timeout, trace: UpstreamTrace(awsRequestID: "aws-3", attempts: 3))))
  }

  @Test func `a start that is cancelled between attempts may have been carried out`() async {
    let stage = Stage(over: TurnJobs([.fail(Ends.reset), .answer])) {
      $0.baseDelay = .seconds(20)
    }
    let call = Self.startNext(stage)
    call.cancel()
    await stage.advance(.nanoseconds(0))
    #expect(
      call.outcome
        == .failure(
          JobsFailure(
            .cancelled(mayHaveBeenApplied: true),
            trace: UpstreamTrace(awsRequestID: "aws-1", attempts: 1))))
  }

  @Test func `an answer to a start stands whatever was before`() async {
    let stage = Stage(over: TurnJobs([.fail(Ends.reset), .fail(Ends.notFound)]))
    let outcome = await Self.finish(Self.startNext(stage), stage)
    #expect(
      outcome
        == .failure(
          JobsFailure(Ends.notFound, trace: UpstreamTrace(awsRequestID: "aws-2", attempts: 2))))
  }

  @Test func `each attempt spends the account's budget`() async throws {
    let accounts = BudgetStage()
    let backend = TurnJobs([.fail(Ends.unavailable), .fail(Ends.unavailable), .answer])
    let stage = RetryStage(over: BudgetedJobs(backend, budget: accounts.budget))
    let context = stage.context()
    let call = stage.call { jobs throws(JobsFailure) in
      try await jobs.describe(.init(thingName: "door", jobID: "job"), in: context)
    }
    await stage.advance(.seconds(1))
    await stage.advance(.seconds(1))
    // The burst of two is gone; the third attempt waits for its token.
    #expect(backend.seen.count == 2)
    await accounts.advance(milliseconds: 20)
    stage.executor.run()
    #expect(try call.outcome?.get().trace.attempts == 3)
    #expect(accounts.sample(#"admitted_total{kind="read"}"#) == "3")
  }

  @Test func `a call that was sent does not end as one that no budget had room for`() async {
    func stage() -> Stage {
      let noRoom = JobsFailure.Cause.budgetExhausted(.write, retryAfterMilliseconds: 9)
      return Stage(over: TurnJobs([.fail(Ends.unavailable), .fail(noRoom)]))
    }
    let end = JobsFailure(
      Ends.unavailable, trace: UpstreamTrace(awsRequestID: "aws-1", attempts: 1))
    let (reads, starts, updates) = (stage(), stage(), stage())
    #expect(await Self.finish(Self.describe(reads), reads) == .failure(end))
    #expect(await Self.finish(Self.startNext(starts), starts) == .failure(end))
    #expect(await updates.update(Ends.update(.inProgress)) == .failure(end))
  }
}

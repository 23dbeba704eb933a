// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import Testing
import TrafficPolicy

@Suite struct BudgetedJobsTests {
  private static func call(
    _ operation: JobsOperation, on jobs: BudgetedJobs<ScriptedJobs>,
    status: JobExecutionStatus = .inProgress, thing: String = "door"
  ) async throws(JobsFailure) {
    let context = CallContext(requestID: "r")
    switch operation {
    case .describe:
      _ = try await jobs.describe(.init(thingName: thing, jobID: "j"), in: context)
    case .getPending: _ = try await jobs.getPending(.init(thingName: thing), in: context)
    case .startNext: _ = try await jobs.startNext(.init(thingName: thing), in: context)
    case .update:
      _ = try await jobs.update(.init(thingName: thing, jobID: "j", status: status), in: context)
    }
  }

  private static func caller(
    _ stage: BudgetStage, _ jobs: BudgetedJobs<ScriptedJobs>, _ operation: JobsOperation,
    status: JobExecutionStatus = .inProgress, thing: String = "door"
  ) -> BudgetCaller {
    let caller = BudgetCaller(stage.executor) { () async throws(JobsFailure) in
      try await Self.call(operation, on: jobs, status: status, thing: thing)
    }
    stage.executor.run()
    return caller
  }

  @Test(arguments: JobsOperation.allCases)
  func `a call goes on when there is a token, and not before`(operation: JobsOperation) async {
    let stage = BudgetStage()
    let backend = ScriptedJobs()
    let jobs = BudgetedJobs(backend, budget: stage.budget)
    let callers = (0..<3).map { _ in Self.caller(stage, jobs, operation) }
    #expect(callers.map(\.outcome) == [.admitted, .admitted, nil])
    #expect(backend.calls == [operation, operation])
    await stage.advance(milliseconds: 20)
    #expect(callers[2].outcome == .admitted)
    #expect(backend.calls == [operation, operation, operation])
    let kind = operation.kind.rawValue
    #expect(stage.sample("admitted_total{kind=\"\(kind)\"}") == "3")
  }

  @Test func `a call that is refused goes nowhere`() {
    let stage = BudgetStage { $0.maxWait = .zero }
    let backend = ScriptedJobs()
    let jobs = BudgetedJobs(backend, budget: stage.budget)
    let callers = (0..<3).map { _ in Self.caller(stage, jobs, .startNext) }
    #expect(
      callers[2].outcome == .failed(.budgetExhausted(.write, retryAfterMilliseconds: 20)))
    #expect(backend.calls.count == 2)
  }

  @Test(arguments: JobsOperation.allCases)
  func `a throttle lowers the rate of its kind`(operation: JobsOperation) {
    let stage = BudgetStage()
    let refusal = AWSRefusal(
      name: "ThrottlingException", httpStatus: 400, message: "", kind: .throttled)
    let jobs = BudgetedJobs(ScriptedJobs(failure: .refused(refusal)), budget: stage.budget)
    #expect(Self.caller(stage, jobs, operation).outcome == .failed(.refused(refusal)))
    for kind in CallKind.allCases {
      let level = kind == operation.kind ? "35" : "50"
      #expect(stage.sample("budget_level{kind=\"\(kind.rawValue)\"}") == level)
    }
  }

  @Test func `a bare 429 is a throttle, whatever its name`() {
    let stage = BudgetStage()
    let refusal = AWSRefusal(name: "Odd", httpStatus: 429, message: "", kind: .unknown)
    let jobs = BudgetedJobs(ScriptedJobs(failure: .refused(refusal)), budget: stage.budget)
    _ = Self.caller(stage, jobs, .describe)
    #expect(stage.sample(#"budget_reductions_total{kind="read"}"#) == "1")
  }

  @Test(
    arguments: [
      .unreachable("refused"), .interrupted("reset"), .overloaded("pool"), .draining,
      .thingLimited(.read, retryAfterMilliseconds: 7), .cancelled(mayHaveBeenApplied: false),
      .refused(
        AWSRefusal(
          name: "ServiceUnavailable", httpStatus: 503, message: "", kind: .serviceUnavailable)),
    ] as [JobsFailure.Cause])
  func `other failures pass and leave the rate alone`(cause: JobsFailure.Cause) {
    let stage = BudgetStage()
    let jobs = BudgetedJobs(ScriptedJobs(failure: cause), budget: stage.budget)
    #expect(Self.caller(stage, jobs, .describe).outcome == .failed(cause))
    #expect(stage.sample(#"budget_level{kind="read"}"#) == "50")
  }

  @Test(
    arguments: JobsOperation.allCases,
    [nil, .interrupted("reset"), .cancelled(mayHaveBeenApplied: false)] as [JobsFailure.Cause?])
  func `what is sent twice for a call costs two tokens`(
    operation: JobsOperation, failure: JobsFailure.Cause?
  ) async {
    let stage = BudgetStage()
    let twice = BudgetedJobs(ScriptedJobs(failure: failure, attempts: 2), budget: stage.budget)
    let once = BudgetedJobs(ScriptedJobs(attempts: 1), budget: stage.budget)
    _ = Self.caller(stage, twice, operation)
    // The burst is two, and one call is gone with it.
    let second = Self.caller(stage, twice, operation)
    #expect(second.outcome == nil)
    await stage.advance(milliseconds: 20)
    #expect(second.outcome == failure.map { .failed($0) } ?? .admitted)
    // That one left a debt: its own second attempt, and then the token.
    let third = Self.caller(stage, once, operation)
    await stage.advance(milliseconds: 39)
    #expect(third.outcome == nil)
    await stage.advance(milliseconds: 1)
    #expect(third.outcome == .admitted)
    let kind = operation.kind.rawValue
    #expect(stage.sample("admitted_total{kind=\"\(kind)\"}") == "3")
    // And the other kind's budget is as it was.
    let other: CallClass = operation.kind == .read ? .update : .describe
    #expect((0..<2).map { _ in stage.caller(other).outcome } == [.admitted, .admitted])
  }

  @Test(
    arguments: JobsOperation.allCases,
    [.circuitOpen(retryAfterMilliseconds: 7), .credentialsUnavailable("none")]
      as [JobsFailure.Cause])
  func `what never gets to AWS costs no token`(
    operation: JobsOperation, cause: JobsFailure.Cause
  ) {
    let stage = BudgetStage()
    let backend = ScriptedJobs(failure: cause, attempts: 0)
    let jobs = BudgetedJobs(backend, budget: stage.budget)
    // The burst is two.
    for _ in 0..<5 {
      #expect(Self.caller(stage, jobs, operation).outcome == .failed(cause))
    }
    #expect(backend.calls.count == 5)
  }

  @Test func `a call that was sent before its credential went costs its token`() {
    let stage = BudgetStage()
    let jobs = BudgetedJobs(
      ScriptedJobs(failure: .credentialsUnavailable("gone"), attempts: 1), budget: stage.budget)
    let callers = (0..<3).map { _ in Self.caller(stage, jobs, .update) }
    #expect(callers.map { $0.outcome == nil } == [false, false, true])
  }

  @Test func `an update that ends an execution goes before one that does not`() async {
    let stage = BudgetStage()
    let jobs = BudgetedJobs(ScriptedJobs(), budget: stage.budget)
    stage.exhaust(.update)
    let start = Self.caller(stage, jobs, .startNext, thing: "a")
    let progress = Self.caller(stage, jobs, .update, thing: "b")
    let end = Self.caller(stage, jobs, .update, status: .succeeded, thing: "c")
    await stage.advance(milliseconds: 20)
    #expect([start, progress, end].map(\.outcome) == [nil, nil, .admitted])
    await stage.advance(milliseconds: 20)
    #expect([start, progress, end].map(\.outcome) == [nil, .admitted, .admitted])
  }

  @Test func `the class of a call follows from what it is`() {
    func update(_ status: JobExecutionStatus) -> CallClass {
      CallClass(UpdateJobExecution(thingName: "t", jobID: "j", status: status))
    }
    for status in [.succeeded, .failed, .rejected, .canceled] as [JobExecutionStatus] {
      #expect(update(status) == .terminalUpdate)
    }
    for status in [.queued, .inProgress, .unrecognized("NEW")] as [JobExecutionStatus] {
      #expect(update(status) == .update)
    }
    #expect(CallClass.weights(of: .write) == [8, 4, 2])
    #expect(CallClass.weights(of: .read) == [4, 2, 1])
    for call in CallClass.allCases {
      #expect(CallClass.weights(of: call.kind)[call.index] == call.weight)
    }
  }
}

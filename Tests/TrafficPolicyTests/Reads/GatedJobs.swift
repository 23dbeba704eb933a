// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import NIOCore
import Synchronization

/// A backend that answers when the test says so: each call waits at a gate of its own, and the test
/// opens the gates by the order in which the calls came.
final class GatedJobs: JobsBackend {
  enum Call: Equatable, Sendable {
    case describe(DescribeJobExecution)
    case getPending(GetPendingJobExecutions)
    case startNext(StartNextPendingJobExecution)
    case update(UpdateJobExecution)
  }

  enum Answer: Sendable {
    case execution(JobExecution?)
    case pending(PendingJobExecutions)
    case updated(UpdatedJobExecution)
    case failure(JobsFailure.Cause)
    /// The call's task was cancelled.
    case cancelled
  }

  private typealias Waiter = CheckedContinuation<Answer, Never>

  private struct Gate {
    var call: Call
    var context: CallContext
    var isInLoop: Bool
    var waiter: Waiter?
    /// Opened, or cancelled, before or after the call came to wait.
    var answer: Answer?
  }

  private struct State {
    var gates: [Gate] = []
    var observers: [(count: Int, CheckedContinuation<Void, Never>)] = []
    /// How many calls ``openNext(_:)`` has answered.
    var opened = 0
    /// At hand for every call.
    var refusal: JobsFailure.Cause?
  }

  static let trace = UpstreamTrace(awsRequestID: "aws-1", attempts: 2)

  private let loop: any EventLoop
  private let state = Mutex(State())

  init(on loop: any EventLoop) {
    self.loop = loop
  }

  // MARK: What the test asks and says

  var calls: [Call] { self.state.withLock { $0.gates.map(\.call) } }

  var contexts: [CallContext] { self.state.withLock { $0.gates.map(\.context) } }

  var allInLoop: Bool { self.state.withLock { $0.gates.allSatisfy(\.isInLoop) } }

  /// The calls whose task was cancelled before they were answered.
  var cancelled: [Int] {
    self.state.withLock { state in
      state.gates.indices.filter {
        if case .cancelled = state.gates[$0].answer { true } else { false }
      }
    }
  }

  /// Returns when so many calls have come.
  func untilCalls(_ count: Int) async {
    await withCheckedContinuation { observer in
      let isThere = self.state.withLock { state in
        if state.gates.count >= count { return true }
        state.observers.append((count, observer))
        return false
      }
      if isThere { observer.resume() }
    }
  }

  /// Opens one gate. A gate opens once.
  func open(_ index: Int, _ answer: Answer) {
    let waiter = self.state.withLock { state -> Waiter? in
      guard state.gates[index].answer == nil else { return nil }
      state.gates[index].answer = answer
      defer { state.gates[index].waiter = nil }
      return state.gates[index].waiter
    }
    waiter?.resume(returning: answer)
  }

  /// Answers the first call that this has not answered yet, as soon as it comes.
  func openNext(_ answer: Answer) async {
    let index = self.state.withLock { state in
      state.opened += 1
      return state.opened - 1
    }
    await self.untilCalls(index + 1)
    self.open(index, answer)
  }

  /// Has this failure at hand from now on.
  func refuse(_ cause: JobsFailure.Cause) {
    self.state.withLock { $0.refusal = cause }
  }

  // MARK: The four operations

  func describe(
    _ call: DescribeJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<JobExecution?> {
    guard case .execution(let execution) = try await self.pass(.describe(call), context) else {
      throw JobsFailure(.malformedResponse("not what was asked"))
    }
    return JobsReply(execution, trace: Self.trace)
  }

  func getPending(
    _ call: GetPendingJobExecutions, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<PendingJobExecutions> {
    guard case .pending(let lists) = try await self.pass(.getPending(call), context) else {
      throw JobsFailure(.malformedResponse("not what was asked"))
    }
    return JobsReply(lists, trace: Self.trace)
  }

  func startNext(
    _ call: StartNextPendingJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<JobExecution?> {
    guard case .execution(let execution) = try await self.pass(.startNext(call), context) else {
      throw JobsFailure(.malformedResponse("not what was asked"))
    }
    return JobsReply(execution, trace: Self.trace)
  }

  func update(
    _ call: UpdateJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<UpdatedJobExecution> {
    guard case .updated(let updated) = try await self.pass(.update(call), context) else {
      throw JobsFailure(.malformedResponse("not what was asked"))
    }
    return JobsReply(updated, trace: Self.trace)
  }

  func outcomeAtHand(
    of call: DescribeJobExecution, in context: CallContext
  ) -> Result<StoredDescribe, JobsFailure>? { self.refusal() }

  func outcomeAtHand(
    of call: GetPendingJobExecutions, in context: CallContext
  ) -> Result<JobsReply<PendingJobExecutions>, JobsFailure>? { self.refusal() }

  func outcomeAtHand(
    of call: StartNextPendingJobExecution, in context: CallContext
  ) -> Result<JobsReply<JobExecution?>, JobsFailure>? { self.refusal() }

  func outcomeAtHand(
    of call: UpdateJobExecution, in context: CallContext
  ) -> Result<JobsReply<UpdatedJobExecution>, JobsFailure>? { self.refusal() }

  private func refusal<Answer>() -> Result<Answer, JobsFailure>? {
    self.state.withLock { $0.refusal }.map { .failure(JobsFailure($0)) }
  }

  // MARK: Gates

  private func pass(_ call: Call, _ context: CallContext) async throws(JobsFailure) -> Answer {
    let isInLoop = self.loop.inEventLoop
    let (index, observers) = self.state.withLock { state in
      state.gates.append(Gate(call: call, context: context, isInLoop: isInLoop))
      let count = state.gates.count
      let observers = state.observers.filter { $0.count <= count }
      state.observers.removeAll { $0.count <= count }
      return (count - 1, observers.map(\.1))
    }
    for observer in observers { observer.resume() }
    let answer = await withTaskCancellationHandler {
      await withCheckedContinuation { waiter in self.wait(waiter, at: index) }
    } onCancel: {
      self.open(index, .cancelled)
    }
    switch answer {
    case .failure(let cause): throw JobsFailure(cause, trace: Self.trace)
    case .cancelled: throw JobsFailure(.cancelled(mayHaveBeenApplied: true), trace: Self.trace)
    case .execution, .pending, .updated: return answer
    }
  }

  private func wait(_ waiter: Waiter, at index: Int) {
    let answer = self.state.withLock { state -> Answer? in
      if state.gates[index].answer == nil { state.gates[index].waiter = waiter }
      return state.gates[index].answer
    }
    if let answer { waiter.resume(returning: answer) }
  }
}

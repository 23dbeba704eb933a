// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import NIOCore
import Synchronization

@testable import GatewayServer

/// Writes down what it is asked, and answers as the test has said it should.
final class ScriptedBackend: JobsBackend, Sendable {
  enum Script: Sendable {
    /// Answers at once.
    case answer(UpstreamTrace = UpstreamTrace())
    /// Has the outcome of every describe at hand.
    case atHand(Result<UpstreamTrace, JobsFailure>)
    case fail(JobsFailure)
    /// Suspends until ``release()``, or until the call is cancelled.
    case wait
    /// Suspends until ``release()``, whatever becomes of the call.
    case waitStubbornly
  }

  struct Asked: Sendable {
    var call: JobsCall
    var context: CallContext
    /// Whether a task was made for it.
    var wasInTask: Bool
  }

  private typealias Waiter = CheckedContinuation<Bool, Never>
  private typealias Observer = CheckedContinuation<Void, Never>

  private struct State {
    var script: Script
    var document: String?
    var asked: [Asked] = []
    var waiters: [Int: Waiter] = [:]
    /// Calls whose task was cancelled, by their position in `asked`.
    var cancelled: Set<Int> = []
    var wasInLoop: [Bool] = []
    /// Waits for the first call.
    var observer: Observer?
  }

  static let execution: JobExecution = {
    var execution = JobExecution()
    execution.jobID = "j1"
    execution.status = .queued
    execution.versionNumber = 1
    return execution
  }()

  /// Where the server keeps the encoding of an answer at hand.
  let encodingAtHand = EncodedAnswer(ofDescribed: ScriptedBackend.execution)
  private let loop: any EventLoop
  private let state: Mutex<State>

  init(on loop: any EventLoop, _ script: Script = .answer()) {
    self.loop = loop
    self.state = Mutex(State(script: script))
  }

  // MARK: What the test says and asks

  func follow(_ script: Script) { self.state.withLock { $0.script = script } }

  /// What is described from now on has a document.
  func give(document: String) { self.state.withLock { $0.document = document } }

  var asked: [Asked] { self.state.withLock { $0.asked } }

  var calls: [JobsCall] { self.asked.map(\.call) }

  var waiting: Int { self.state.withLock { $0.waiters.count } }

  var cancelled: Int { self.state.withLock { $0.cancelled.count } }

  /// Whether it ran in the loop it was made for: at the start of a call, and if the call had to wait
  /// also right after that and at its end.
  var wasInLoop: [Bool] { self.state.withLock { $0.wasInLoop } }

  /// Returns as soon as a call waits for ``release()``.
  func untilWaiting() async {
    await withCheckedContinuation { observer in
      let isWaiting = self.state.withLock { state in
        if !state.waiters.isEmpty { return true }
        state.observer = observer
        return false
      }
      if isWaiting { observer.resume() }
    }
  }

  /// Lets everyone who waits go on to an answer.
  func release() {
    let waiters = self.state.withLock { state in
      defer { state.waiters = [:] }
      return state.waiters.values
    }
    for waiter in waiters { waiter.resume(returning: true) }
  }

  // MARK: The four operations

  func outcomeAtHand(
    of call: DescribeJobExecution, in context: CallContext
  ) -> Result<StoredDescribe, JobsFailure>? {
    guard case .atHand(let outcome) = self.state.withLock({ $0.script }) else { return nil }
    _ = self.note(.describe(call), context)
    return outcome.map {
      let encoded = self.encodingAtHand.bytes.map(StoredDescribe.Answer.encoded)
      return StoredDescribe(
        encoded ?? .execution(Self.execution, keptIn: self.encodingAtHand), trace: $0)
    }
  }

  func describe(
    _ call: DescribeJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<JobExecution?> {
    var execution = Self.execution
    execution.jobDocument = self.state.withLock { $0.document }
    return try await self.play(.describe(call), context, execution)
  }

  func getPending(
    _ call: GetPendingJobExecutions, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<PendingJobExecutions> {
    try await self.play(.getPending(call), context, PendingJobExecutions())
  }

  func startNext(
    _ call: StartNextPendingJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<JobExecution?> {
    try await self.play(.startNext(call), context, Self.execution)
  }

  func update(
    _ call: UpdateJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<UpdatedJobExecution> {
    try await self.play(.update(call), context, UpdatedJobExecution())
  }

  private func play<Value: Sendable>(
    _ call: JobsCall, _ context: CallContext, _ value: Value
  ) async throws(JobsFailure) -> JobsReply<Value> {
    let (position, script) = self.note(call, context)
    switch script {
    case .atHand: break
    case .answer(let trace): return JobsReply(value, trace: trace)
    case .fail(let failure): throw failure
    case .wait:
      let isReleased = await withTaskCancellationHandler {
        await self.wait(position)
      } onCancel: {
        self.cancel(position)?.resume(returning: false)
      }
      guard isReleased else { throw JobsFailure(.cancelled(mayHaveBeenApplied: true)) }
    case .waitStubbornly:
      _ = await self.wait(position)
    }
    self.noteLoop()
    return JobsReply(value)
  }

  /// Writes down a call and says which one it is and what is to become of it.
  private func note(_ call: JobsCall, _ context: CallContext) -> (position: Int, Script) {
    self.noteLoop()
    let isInTask = unsafe withUnsafeCurrentTask { task in unsafe task != nil }
    return self.state.withLock { state in
      state.asked.append(Asked(call: call, context: context, wasInTask: isInTask))
      return (state.asked.count - 1, state.script)
    }
  }

  private func noteLoop() {
    let isInLoop = self.loop.inEventLoop
    self.state.withLock { $0.wasInLoop.append(isInLoop) }
  }

  private func wait(_ position: Int) async -> Bool {
    let isReleased = await withCheckedContinuation { (waiter: Waiter) in
      let (isLate, observer) = self.state.withLock { state in
        if state.cancelled.contains(position) { return (true, nil as Observer?) }
        state.waiters[position] = waiter
        defer { state.observer = nil }
        return (false, state.observer)
      }
      if isLate { waiter.resume(returning: false) }
      observer?.resume()
    }
    self.noteLoop()
    return isReleased
  }

  private func cancel(_ position: Int) -> Waiter? {
    self.state.withLock { state in
      state.cancelled.insert(position)
      return state.waiters.removeValue(forKey: position)
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import NIOCore
import Synchronization

/// A backend at the end of the layers that does as it is told: answers, or fails in the same way
/// each time.
final class ScriptedJobs: JobsBackend {
  private let failure: JobsFailure?
  private let trace: UpstreamTrace
  /// If set, where the calls must come.
  private let loop: (any EventLoop)?
  private let log = Mutex<(calls: [JobsOperation], strays: Int)>(([], 0))

  /// - Parameter attempts: what each call says that was sent for it.
  init(failure: JobsFailure.Cause? = nil, attempts: Int = 1, in loop: (any EventLoop)? = nil) {
    let trace = UpstreamTrace(attempts: attempts)
    self.failure = failure.map { JobsFailure($0, trace: trace) }
    self.trace = trace
    self.loop = loop
  }

  /// What was called, in order.
  var calls: [JobsOperation] { self.log.withLock { $0.calls } }

  /// Calls that came outside of the loop.
  var strays: Int { self.log.withLock { $0.strays } }

  private func answer(_ operation: JobsOperation) throws(JobsFailure) {
    let strays = self.loop?.inEventLoop == false
    self.log.withLock { log in
      log.calls.append(operation)
      if strays { log.strays += 1 }
    }
    if let failure { throw failure }
  }

  func describe(
    _ call: DescribeJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<JobExecution?> {
    try self.answer(.describe)
    return JobsReply(nil, trace: self.trace)
  }

  func getPending(
    _ call: GetPendingJobExecutions, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<PendingJobExecutions> {
    try self.answer(.getPending)
    return JobsReply(PendingJobExecutions(), trace: self.trace)
  }

  func startNext(
    _ call: StartNextPendingJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<JobExecution?> {
    try self.answer(.startNext)
    return JobsReply(nil, trace: self.trace)
  }

  func update(
    _ call: UpdateJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<UpdatedJobExecution> {
    try self.answer(.update)
    return JobsReply(UpdatedJobExecution(), trace: self.trace)
  }
}

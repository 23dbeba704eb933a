// SPDX-License-Identifier: Apache-2.0

package import JobsAPI
import Synchronization

/// AWS IoT Jobs in this process: both planes in front of one ``JobsState``.
///
/// Each call reads the clock and is one step of the state, so calls of any number of threads are
/// atomic and none waits for anything but that lock. Nothing outlives the process.
package final class JobsEmulator: JobsBackend, JobsControlPlane {
  private let state: Mutex<JobsState>
  private let clock: EmulatorClock

  package init(_ state: JobsState = JobsState(), clock: EmulatorClock = .system) {
    self.state = Mutex(state)
    self.clock = clock
  }

  /// Time is read inside the lock, so that the order of steps is the order of their times.
  private func step<Value: Sendable>(
    _ body: (inout JobsState, _ now: Int64) throws(JobsFailure) -> Value
  ) throws(JobsFailure) -> Value {
    try self.state.withLock { (state) throws(JobsFailure) -> Value in
      try body(&state, self.clock.nowSeconds())
    }
  }

  /// Creates all that a seed holds, or nothing.
  package func apply(_ seed: EmulatorSeed) throws(EmulatorSeedError) {
    try self.state.withLock { (state) throws(EmulatorSeedError) in
      try state.apply(seed, now: self.clock.nowSeconds())
    }
  }
}

/// The data plane.
extension JobsEmulator {
  package func describe(
    _ call: DescribeJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<JobExecution?> {
    JobsReply(
      try self.step { (state, now) throws(JobsFailure) in try state.describe(call, now: now) })
  }

  package func getPending(
    _ call: GetPendingJobExecutions, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<PendingJobExecutions> {
    JobsReply(
      try self.step { (state, now) throws(JobsFailure) in try state.getPending(call, now: now) })
  }

  package func startNext(
    _ call: StartNextPendingJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<JobExecution?> {
    JobsReply(
      try self.step { (state, now) throws(JobsFailure) in try state.startNext(call, now: now) })
  }

  package func update(
    _ call: UpdateJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<UpdatedJobExecution> {
    JobsReply(
      try self.step { (state, now) throws(JobsFailure) in try state.update(call, now: now) })
  }
}

/// The control plane.
extension JobsEmulator {
  package func createJob(_ call: CreateJob) async throws(JobsFailure) -> JobReference {
    try self.step { (state, now) throws(JobsFailure) in try state.createJob(call, now: now) }
  }

  package func describeJob(_ call: DescribeJob) async throws(JobsFailure) -> Job {
    try self.step { (state, now) throws(JobsFailure) in try state.describeJob(call, now: now) }
  }

  package func jobDocument(_ call: GetJobDocument) async throws(JobsFailure) -> String {
    try self.step { (state, now) throws(JobsFailure) in try state.jobDocument(call, now: now) }
  }

  package func cancelJob(_ call: CancelJob) async throws(JobsFailure) -> JobReference {
    try self.step { (state, now) throws(JobsFailure) in try state.cancelJob(call, now: now) }
  }

  package func deleteJob(_ call: DeleteJob) async throws(JobsFailure) {
    try self.step { (state, now) throws(JobsFailure) in try state.deleteJob(call, now: now) }
  }

  package func listJobs(_ call: ListJobs) async throws(JobsFailure) -> ListPage<JobSummary> {
    try self.step { (state, now) throws(JobsFailure) in try state.listJobs(call, now: now) }
  }

  package func listExecutions(
    _ call: ListJobExecutionsForThing
  ) async throws(JobsFailure) -> ListPage<JobExecutionOfThing> {
    try self.step { (state, now) throws(JobsFailure) in try state.listExecutions(call, now: now) }
  }

  package func listExecutions(
    _ call: ListJobExecutionsForJob
  ) async throws(JobsFailure) -> ListPage<JobExecutionOfJob> {
    try self.step { (state, now) throws(JobsFailure) in try state.listExecutions(call, now: now) }
  }

  package func describeExecution(
    _ call: DescribeManagedJobExecution
  ) async throws(JobsFailure) -> ManagedJobExecution {
    try self.step { (state, now) throws(JobsFailure) in
      try state.describeExecution(call, now: now)
    }
  }

  package func cancelExecution(_ call: CancelJobExecution) async throws(JobsFailure) {
    try self.step { (state, now) throws(JobsFailure) in try state.cancelExecution(call, now: now) }
  }

  package func deleteExecution(_ call: DeleteJobExecution) async throws(JobsFailure) {
    try self.step { (state, now) throws(JobsFailure) in try state.deleteExecution(call, now: now) }
  }
}

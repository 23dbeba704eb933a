// SPDX-License-Identifier: Apache-2.0

package import JobsAPI

/// The policies of one loop, in front of a backend.
///
/// Both ends are types that are not generic, so that this room knows all that is between them and
/// compiles each layer for the one behind it. Left to the program's room, which knows the backend's
/// type but not the layers' code, each step of a call would look up its own types.
package struct PolicyLayers: JobsBackend {
  /// From the outside in. The type spells the order.
  typealias Layers = CachedJobs<LimitedJobs<RetryingJobs<BudgetedJobs<BreakerJobs<UpstreamJobs>>>>>

  private let layers: Layers

  init(_ layers: Layers) {
    self.layers = layers
  }

  package func describe(
    _ call: DescribeJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<JobExecution?> {
    try await self.layers.describe(call, in: context)
  }

  package func getPending(
    _ call: GetPendingJobExecutions, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<PendingJobExecutions> {
    try await self.layers.getPending(call, in: context)
  }

  package func startNext(
    _ call: StartNextPendingJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<JobExecution?> {
    try await self.layers.startNext(call, in: context)
  }

  package func update(
    _ call: UpdateJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<UpdatedJobExecution> {
    try await self.layers.update(call, in: context)
  }

  package func outcomeAtHand(
    of call: DescribeJobExecution, in context: CallContext
  ) -> Result<StoredDescribe, JobsFailure>? {
    self.layers.outcomeAtHand(of: call, in: context)
  }

  package func outcomeAtHand(
    of call: GetPendingJobExecutions, in context: CallContext
  ) -> Result<JobsReply<PendingJobExecutions>, JobsFailure>? {
    self.layers.outcomeAtHand(of: call, in: context)
  }

  package func outcomeAtHand(
    of call: StartNextPendingJobExecution, in context: CallContext
  ) -> Result<JobsReply<JobExecution?>, JobsFailure>? {
    self.layers.outcomeAtHand(of: call, in: context)
  }

  package func outcomeAtHand(
    of call: UpdateJobExecution, in context: CallContext
  ) -> Result<JobsReply<UpdatedJobExecution>, JobsFailure>? {
    self.layers.outcomeAtHand(of: call, in: context)
  }
}

/// What the policies stand in front of, whatever type it is of.
struct UpstreamJobs: JobsBackend {
  private let backend: any JobsBackend

  init(_ backend: any JobsBackend) {
    self.backend = backend
  }

  func describe(
    _ call: DescribeJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<JobExecution?> {
    try await self.backend.describe(call, in: context)
  }

  func getPending(
    _ call: GetPendingJobExecutions, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<PendingJobExecutions> {
    try await self.backend.getPending(call, in: context)
  }

  func startNext(
    _ call: StartNextPendingJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<JobExecution?> {
    try await self.backend.startNext(call, in: context)
  }

  func update(
    _ call: UpdateJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<UpdatedJobExecution> {
    try await self.backend.update(call, in: context)
  }
}

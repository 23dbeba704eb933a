// SPDX-License-Identifier: Apache-2.0

package import JobsAPI

/// Refuses a thing's call before it costs anything upstream.
///
/// A refused call fails at once with ``JobsFailure/Cause/thingLimited(_:retryAfterMilliseconds:)``.
package struct LimitedJobs<Next: JobsBackend>: JobsBackend {
  private let next: Next
  private let limiter: ThingLimiter

  package init(_ next: Next, limiter: ThingLimiter) {
    self.next = next
    self.limiter = limiter
  }

  package func describe(
    _ call: DescribeJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<JobExecution?> {
    try self.spend(.read, for: call.thingName)
    return try await self.next.describe(call, in: context)
  }

  package func getPending(
    _ call: GetPendingJobExecutions, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<PendingJobExecutions> {
    try self.spend(.read, for: call.thingName)
    return try await self.next.getPending(call, in: context)
  }

  package func startNext(
    _ call: StartNextPendingJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<JobExecution?> {
    try self.spend(.write, for: call.thingName)
    return try await self.next.startNext(call, in: context)
  }

  package func update(
    _ call: UpdateJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<UpdatedJobExecution> {
    try self.spend(.write, for: call.thingName)
    return try await self.next.update(call, in: context)
  }

  private func spend(_ kind: CallKind, for thing: String) throws(JobsFailure) {
    switch self.limiter.spend(kind, for: thing) {
    case .admit: return
    case .refuse(let milliseconds):
      throw JobsFailure(.thingLimited(kind, retryAfterMilliseconds: milliseconds))
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

package import JobsAPI

/// Refuses a thing's call before it costs anything upstream.
///
/// A refused call fails at once with ``JobsFailure/Cause/thingLimited(_:retryAfterMilliseconds:)``,
/// which is at hand before it is made.
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

  package func outcomeAtHand(
    of call: DescribeJobExecution, in context: CallContext
  ) -> Result<StoredDescribe, JobsFailure>? {
    self.refusal(of: .read, for: call.thingName).map { .failure($0) }
  }

  package func outcomeAtHand(
    of call: GetPendingJobExecutions, in context: CallContext
  ) -> Result<JobsReply<PendingJobExecutions>, JobsFailure>? {
    self.refusal(of: .read, for: call.thingName).map { .failure($0) }
  }

  package func outcomeAtHand(
    of call: StartNextPendingJobExecution, in context: CallContext
  ) -> Result<JobsReply<JobExecution?>, JobsFailure>? {
    self.refusal(of: .write, for: call.thingName).map { .failure($0) }
  }

  package func outcomeAtHand(
    of call: UpdateJobExecution, in context: CallContext
  ) -> Result<JobsReply<UpdatedJobExecution>, JobsFailure>? {
    self.refusal(of: .write, for: call.thingName).map { .failure($0) }
  }

  private func spend(_ kind: CallKind, for thing: String) throws(JobsFailure) {
    if let failure = self.failure(kind, self.limiter.spend(kind, for: thing)) { throw failure }
  }

  private func refusal(of kind: CallKind, for thing: String) -> JobsFailure? {
    self.failure(kind, self.limiter.ask(kind, for: thing))
  }

  private func failure(_ kind: CallKind, _ answer: OnSpend) -> JobsFailure? {
    switch answer {
    case .admit: nil
    case .refuse(let milliseconds):
      JobsFailure(.thingLimited(kind, retryAfterMilliseconds: milliseconds))
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

package import JobsAPI

/// Lets watchers see at once what is written through this gateway. Everything else passes.
package struct WatchedJobs<Next: JobsBackend>: JobsBackend {
  private let next: Next
  private let watches: JobWatches

  package init(_ next: Next, watches: JobWatches) {
    self.next = next
    self.watches = watches
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
    let mark = self.watches.writeBegan(on: call.thingName)
    do throws(JobsFailure) {
      let reply = try await self.next.startNext(call, in: context)
      self.watches.writeEnded(
        on: call.thingName, since: mark, WriteEffect(startedNext: reply.value))
      return reply
    } catch {
      self.watches.writeEnded(on: call.thingName, since: mark, WriteEffect(failed: error.cause))
      throw error
    }
  }

  package func update(
    _ call: UpdateJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<UpdatedJobExecution> {
    let mark = self.watches.writeBegan(on: call.thingName)
    do throws(JobsFailure) {
      let reply = try await self.next.update(call, in: context)
      self.watches.writeEnded(
        on: call.thingName, since: mark, WriteEffect(call, left: reply.value.executionState))
      return reply
    } catch {
      self.watches.writeEnded(
        on: call.thingName, since: mark, WriteEffect(call, failed: error.cause))
      throw error
    }
  }

  package func outcomeAtHand(
    of call: DescribeJobExecution, in context: CallContext
  ) -> Result<StoredDescribe, JobsFailure>? {
    self.next.outcomeAtHand(of: call, in: context)
  }

  package func outcomeAtHand(
    of call: GetPendingJobExecutions, in context: CallContext
  ) -> Result<JobsReply<PendingJobExecutions>, JobsFailure>? {
    self.next.outcomeAtHand(of: call, in: context)
  }

  package func outcomeAtHand(
    of call: StartNextPendingJobExecution, in context: CallContext
  ) -> Result<JobsReply<JobExecution?>, JobsFailure>? {
    self.next.outcomeAtHand(of: call, in: context)
  }

  package func outcomeAtHand(
    of call: UpdateJobExecution, in context: CallContext
  ) -> Result<JobsReply<UpdatedJobExecution>, JobsFailure>? {
    self.next.outcomeAtHand(of: call, in: context)
  }
}

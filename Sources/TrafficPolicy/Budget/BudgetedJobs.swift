// SPDX-License-Identifier: Apache-2.0

package import JobsAPI

/// Lets calls go upstream when the account's budget has a token for them, and tells the budget when
/// AWS found one too many, and when a call took more than one request.
package struct BudgetedJobs<Next: JobsBackend>: JobsBackend {
  private let next: Next
  private let budget: AccountBudget

  package init(_ next: Next, budget: AccountBudget) {
    self.next = next
    self.budget = budget
  }

  package func describe(
    _ call: DescribeJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<JobExecution?> {
    if !self.budget.admitAtOnce(.describe) {
      try await self.budget.admit(.describe, for: call.thingName, in: context)
    }
    do {
      let reply = try await self.next.describe(call, in: context)
      self.budget.answered(.read, reply.trace)
      return reply
    } catch {
      self.budget.failed(.read, error)
      throw error
    }
  }

  package func getPending(
    _ call: GetPendingJobExecutions, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<PendingJobExecutions> {
    if !self.budget.admitAtOnce(.pending) {
      try await self.budget.admit(.pending, for: call.thingName, in: context)
    }
    do {
      let reply = try await self.next.getPending(call, in: context)
      self.budget.answered(.read, reply.trace)
      return reply
    } catch {
      self.budget.failed(.read, error)
      throw error
    }
  }

  package func startNext(
    _ call: StartNextPendingJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<JobExecution?> {
    if !self.budget.admitAtOnce(.startNext) {
      try await self.budget.admit(.startNext, for: call.thingName, in: context)
    }
    do {
      let reply = try await self.next.startNext(call, in: context)
      self.budget.answered(.write, reply.trace)
      return reply
    } catch {
      self.budget.failed(.write, error)
      throw error
    }
  }

  package func update(
    _ call: UpdateJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<UpdatedJobExecution> {
    let callClass = CallClass(call)
    if !self.budget.admitAtOnce(callClass) {
      try await self.budget.admit(callClass, for: call.thingName, in: context)
    }
    do {
      let reply = try await self.next.update(call, in: context)
      self.budget.answered(.write, reply.trace)
      return reply
    } catch {
      self.budget.failed(.write, error)
      throw error
    }
  }
}

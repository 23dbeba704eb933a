// SPDX-License-Identifier: Apache-2.0

package import JobsAPI
import Telemetry

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
    try await self.budgeted(context.isPoll ? .poll : .describe, for: call.thingName, in: context) {
      () throws(JobsFailure) in try await self.next.describe(call, in: context)
    }
  }

  package func getPending(
    _ call: GetPendingJobExecutions, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<PendingJobExecutions> {
    try await self.budgeted(context.isPoll ? .poll : .pending, for: call.thingName, in: context) {
      () throws(JobsFailure) in try await self.next.getPending(call, in: context)
    }
  }

  package func startNext(
    _ call: StartNextPendingJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<JobExecution?> {
    try await self.budgeted(.startNext, for: call.thingName, in: context) {
      () throws(JobsFailure) in try await self.next.startNext(call, in: context)
    }
  }

  package func update(
    _ call: UpdateJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<UpdatedJobExecution> {
    try await self.budgeted(CallClass(call), for: call.thingName, in: context) {
      () throws(JobsFailure) in try await self.next.update(call, in: context)
    }
  }

  /// - Parameter send: hands the call on, once there is a token for it.
  private func budgeted<Value>(
    _ callClass: CallClass, for thing: String, in context: CallContext,
    _ send: () async throws(JobsFailure) -> JobsReply<Value>
  ) async throws(JobsFailure) -> JobsReply<Value> {
    var waited: StageTimes?
    if !self.budget.admitAtOnce(callClass) {
      let span = context.span?.child("wait for the account's budget")
      defer { span?.end() }
      waited = try await self.budget.admit(callClass, for: thing, in: context)
    }
    do throws(JobsFailure) {
      var reply = try await send()
      self.budget.answered(callClass.kind, reply.trace)
      if let waited { reply.trace.stages = waited.followed(by: reply.trace.stages) }
      return reply
    } catch {
      self.budget.failed(callClass.kind, error)
      throw waited.map(error.after) ?? error
    }
  }
}

extension JobsFailure {
  /// The same, of a call that had spent these times before.
  @inline(never)
  fileprivate func after(_ waited: StageTimes) -> JobsFailure {
    var trace = self.trace
    trace.stages = waited.followed(by: trace.stages)
    return JobsFailure(self.cause, trace: trace)
  }
}

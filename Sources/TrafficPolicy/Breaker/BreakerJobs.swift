// SPDX-License-Identifier: Apache-2.0

package import JobsAPI

/// Lets calls go to AWS unless it has just failed too often, and tells the breaker how they end.
package struct BreakerJobs<Next: JobsBackend>: JobsBackend {
  private let next: Next
  private let breaker: CircuitBreaker

  package init(_ next: Next, breaker: CircuitBreaker) {
    self.next = next
    self.breaker = breaker
  }

  package func describe(
    _ call: DescribeJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<JobExecution?> {
    let pass = try self.breaker.admit()
    do {
      let reply = try await self.next.describe(call, in: context)
      self.breaker.answered(pass)
      return reply
    } catch {
      self.breaker.failed(pass, error)
      throw error
    }
  }

  package func getPending(
    _ call: GetPendingJobExecutions, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<PendingJobExecutions> {
    let pass = try self.breaker.admit()
    do {
      let reply = try await self.next.getPending(call, in: context)
      self.breaker.answered(pass)
      return reply
    } catch {
      self.breaker.failed(pass, error)
      throw error
    }
  }

  package func startNext(
    _ call: StartNextPendingJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<JobExecution?> {
    let pass = try self.breaker.admit()
    do {
      let reply = try await self.next.startNext(call, in: context)
      self.breaker.answered(pass)
      return reply
    } catch {
      self.breaker.failed(pass, error)
      throw error
    }
  }

  package func update(
    _ call: UpdateJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<UpdatedJobExecution> {
    let pass = try self.breaker.admit()
    do {
      let reply = try await self.next.update(call, in: context)
      self.breaker.answered(pass)
      return reply
    } catch {
      self.breaker.failed(pass, error)
      throw error
    }
  }
}

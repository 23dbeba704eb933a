// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import NIOPosix
import Testing

@testable import Upstream

@Suite(.timeLimit(.minutes(1))) struct LateJobsTests {
  /// Answers each call with nothing, in its own words.
  private struct Prompt: JobsBackend {
    func describe(
      _ call: DescribeJobExecution, in context: CallContext
    ) async throws(JobsFailure) -> JobsReply<JobExecution?> { JobsReply(nil) }

    func getPending(
      _ call: GetPendingJobExecutions, in context: CallContext
    ) async throws(JobsFailure) -> JobsReply<PendingJobExecutions> {
      JobsReply(PendingJobExecutions())
    }

    func startNext(
      _ call: StartNextPendingJobExecution, in context: CallContext
    ) async throws(JobsFailure) -> JobsReply<JobExecution?> { JobsReply(nil) }

    func update(
      _ call: UpdateJobExecution, in context: CallContext
    ) async throws(JobsFailure) -> JobsReply<UpdatedJobExecution> {
      JobsReply(UpdatedJobExecution())
    }
  }

  private let loop = MultiThreadedEventLoopGroup.singleton.next()

  /// The causes of the four calls' failures; nil where one is answered.
  private func causes(_ jobs: LateJobs) async -> [JobsFailure.Cause?] {
    let describe = DescribeJobExecution(thingName: "t", jobID: "j")
    let update = UpdateJobExecution(thingName: "t", jobID: "j", status: .succeeded)
    let context = CallContext(requestID: "r")
    return await [
      self.cause { _ = try await jobs.describe(describe, in: context) },
      self.cause {
        _ = try await jobs.getPending(GetPendingJobExecutions(thingName: "t"), in: context)
      },
      self.cause {
        _ = try await jobs.startNext(StartNextPendingJobExecution(thingName: "t"), in: context)
      },
      self.cause { _ = try await jobs.update(update, in: context) },
    ]
  }

  private func cause(
    _ call: @escaping @Sendable () async throws -> Void
  ) async -> JobsFailure.Cause? {
    do {
      try await LoopCaller(loop: self.loop).run(call)
      return nil
    } catch {
      return (error as? JobsFailure)?.cause
    }
  }

  @Test func `calls fail with the reason until the backend is there`() async {
    let jobs = LateJobs(on: self.loop, reason: "a")
    #expect(await self.causes(jobs) == Array(repeating: .endpointUnknown("a"), count: 4))
    await jobs.explain("b")
    #expect(await self.causes(jobs) == Array(repeating: .endpointUnknown("b"), count: 4))
    await jobs.set(Prompt())
    #expect(await self.causes(jobs) == [nil, nil, nil, nil])
    await jobs.explain("too late")
    #expect(await self.causes(jobs) == [nil, nil, nil, nil])
  }
}

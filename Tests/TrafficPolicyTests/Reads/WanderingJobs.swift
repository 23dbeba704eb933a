// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import JobsAPI
import JobsEmulator
import Synchronization

/// The emulator at the end of a long road: a call takes its time to get there, and its answer to
/// come back, so that calls and answers overtake each other.
final class WanderingJobs: JobsBackend {
  private let emulator: JobsEmulator
  /// The seed of the next walk.
  private let seed: Atomic<UInt64>
  private let reads = Atomic(0)
  private let writes = Atomic(0)

  init(_ emulator: JobsEmulator, seed: UInt64) {
    self.emulator = emulator
    self.seed = Atomic(seed &<< 32)
  }

  /// The calls that have come here.
  var arrived: (reads: Int, writes: Int) {
    (self.reads.load(ordering: .relaxed), self.writes.load(ordering: .relaxed))
  }

  private func wander() async {
    var random = SplitMix64(seed: self.seed.wrappingAdd(1, ordering: .relaxed).newValue)
    for _ in 0..<Int.random(in: 0..<12, using: &random) { await Task.yield() }
  }

  /// A call that is cancelled on the way there, or back, ends there.
  private func travel<Answer: Sendable>(
    isWrite: Bool, _ call: () async throws(JobsFailure) -> JobsReply<Answer>
  ) async throws(JobsFailure) -> JobsReply<Answer> {
    if isWrite {
      self.writes.wrappingAdd(1, ordering: .relaxed)
    } else {
      self.reads.wrappingAdd(1, ordering: .relaxed)
    }
    await self.wander()
    if Task.isCancelled { throw JobsFailure(.cancelled(mayHaveBeenApplied: false)) }
    let reply = try await call()
    await self.wander()
    if Task.isCancelled { throw JobsFailure(.cancelled(mayHaveBeenApplied: isWrite)) }
    return reply
  }

  func describe(
    _ call: DescribeJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<JobExecution?> {
    try await self.travel(isWrite: false) { () throws(JobsFailure) in
      try await self.emulator.describe(call, in: context)
    }
  }

  func getPending(
    _ call: GetPendingJobExecutions, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<PendingJobExecutions> {
    try await self.travel(isWrite: false) { () throws(JobsFailure) in
      try await self.emulator.getPending(call, in: context)
    }
  }

  func startNext(
    _ call: StartNextPendingJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<JobExecution?> {
    try await self.travel(isWrite: true) { () throws(JobsFailure) in
      try await self.emulator.startNext(call, in: context)
    }
  }

  func update(
    _ call: UpdateJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<UpdatedJobExecution> {
    try await self.travel(isWrite: true) { () throws(JobsFailure) in
      try await self.emulator.update(call, in: context)
    }
  }
}

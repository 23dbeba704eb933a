// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import JobsEmulator
import Synchronization

/// The emulator at the end of a long road: a call takes its time to get there, and its answer to
/// come back, so that calls and answers overtake each other.
final class WanderingJobs: JobsBackend {
  private let emulator: JobsEmulator
  private let random: Mutex<SeededRandom>
  private let counts = Mutex((reads: 0, writes: 0))

  init(_ emulator: JobsEmulator, seed: UInt64) {
    self.emulator = emulator
    self.random = Mutex(SeededRandom(seed: seed))
  }

  /// The calls that have come here.
  var arrived: (reads: Int, writes: Int) { self.counts.withLock { $0 } }

  private func wander() async {
    let steps = self.random.withLock { Int.random(in: 0..<12, using: &$0) }
    for _ in 0..<steps { await Task.yield() }
  }

  /// A call that is cancelled on the way there, or back, ends there.
  private func travel<Answer: Sendable>(
    isWrite: Bool, _ call: () async throws(JobsFailure) -> JobsReply<Answer>
  ) async throws(JobsFailure) -> JobsReply<Answer> {
    self.counts.withLock {
      if isWrite { $0.writes += 1 } else { $0.reads += 1 }
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

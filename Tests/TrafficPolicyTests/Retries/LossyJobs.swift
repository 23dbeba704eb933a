// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import JobsAPI
import JobsEmulator
import Synchronization

/// AWS behind a line that loses requests and answers, delivers some of them much later, and shares
/// the execution with somebody else. It counts how often the update under test was applied.
final class LossyJobs: JobsBackend {
  /// One execution, its service, and what is under way to it.
  struct World {
    var service: JobsState
    var random: SplitMix64
    /// Whether somebody else writes in the meantime.
    var isShared = true
    /// Updates that their sender has given up, and that arrive all the same.
    private(set) var late: [UpdateJobExecution] = []
    private(set) var timesApplied = 0
    private var others = 0

    init(_ service: JobsState, seed: UInt64) {
      self.service = service
      self.random = SplitMix64(seed: seed)
    }

    static let now: Int64 = 1_700_000_000

    private mutating func roll(_ sides: Int) -> Int {
      Int.random(in: 0..<sides, using: &self.random)
    }

    private mutating func apply(
      _ call: UpdateJobExecution
    ) throws(JobsFailure) -> UpdatedJobExecution {
      let reply = try self.service.update(call, now: Self.now)
      self.timesApplied += 1
      return reply
    }

    /// What is late comes in, and somebody else does something.
    mutating func pass(all: Bool = false) {
      while !self.late.isEmpty, all || self.roll(2) == 0 {
        _ = try? self.apply(self.late.removeFirst())
      }
      guard self.isShared, self.roll(3) == 0 else { return }
      for _ in 0...self.roll(4) { self.somebodyElseWrites() }
    }

    private mutating func somebodyElseWrites() {
      self.others += 1
      // Never a failure: the service would queue the job anew, which only the update may bring about.
      let status: JobExecutionStatus =
        switch self.roll(8) {
        case 0: .succeeded
        case 1: .rejected
        default: .inProgress
        }
      var call = UpdateJobExecution(thingName: "door", jobID: "job", status: status)
      call.statusDetails = StatusDetails([("by", "other \(self.others)")])
      call.executionNumber = self.roll(2) == 0 ? 1 : nil
      switch self.roll(16) {
      case 0: self.cancel()
      case 1: self.delete()
      case 2...4: _ = try? self.service.startNext(.init(thingName: "door"), now: Self.now)
      default: _ = try? self.service.update(call, now: Self.now)
      }
    }

    private mutating func cancel() {
      var call = CancelJobExecution(thingName: "door", jobID: "job")
      call.force = true
      _ = try? self.service.cancelExecution(call, now: Self.now)
    }

    /// Of an execution that has ended: nobody takes away what is worked on.
    private mutating func delete() {
      let call = DeleteJobExecution(thingName: "door", jobID: "job", executionNumber: 1)
      _ = try? self.service.deleteExecution(call, now: Self.now)
    }

    mutating func update(
      _ call: UpdateJobExecution
    ) throws(JobsFailure) -> UpdatedJobExecution {
      self.pass()
      switch self.roll(8) {
      case 0: throw JobsFailure(self.roll(2) == 0 ? Ends.refusedConnection : Ends.throttled)
      case 1: throw JobsFailure(Ends.reset)
      case 2:
        self.late.append(call)
        throw JobsFailure(Ends.timeout)
      case 3, 4:
        _ = try? self.apply(call)
        throw JobsFailure(self.roll(2) == 0 ? Ends.reset : .malformedResponse("garbage"))
      default: break
      }
      do {
        return try self.apply(call)
      } catch {
        guard case .refused(var refusal) = error.cause, self.roll(4) == 0 else { throw error }
        refusal.executionState = nil
        throw JobsFailure(.refused(refusal))
      }
    }

    mutating func describe(_ call: DescribeJobExecution) throws(JobsFailure) -> JobExecution? {
      self.pass()
      guard self.roll(6) > 0 else { throw JobsFailure(Ends.refusedConnection) }
      return try self.service.describe(call, now: Self.now)
    }
  }

  let world: Mutex<World>

  init(_ world: World) {
    self.world = Mutex(world)
  }

  func describe(
    _ call: DescribeJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<JobExecution?> {
    JobsReply(try self.world.withLock { (world) throws(JobsFailure) in try world.describe(call) })
  }

  func getPending(
    _ call: GetPendingJobExecutions, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<PendingJobExecutions> {
    throw JobsFailure(.draining)
  }

  func startNext(
    _ call: StartNextPendingJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<JobExecution?> {
    throw JobsFailure(.draining)
  }

  func update(
    _ call: UpdateJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<UpdatedJobExecution> {
    JobsReply(try self.world.withLock { (world) throws(JobsFailure) in try world.update(call) })
  }
}

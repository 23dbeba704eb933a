// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import JobsAPI
import JobsEmulator
import Synchronization
import Testing
@testable import TrafficPolicy

/// Updates over a line that loses them, against a service that counts: none is ever applied twice,
/// and what callers are told is what has happened.
@Suite struct UpdateWalkTests {
  private enum Told: Hashable {
    case applied
    case replayed
    case refused
    case notReceived
    case unknown

    init(_ outcome: Result<JobsReply<UpdatedJobExecution>, JobsFailure>) {
      switch outcome {
      case .success(let reply): self = reply.trace.isReplayed ? .replayed : .applied
      case .failure(let failure):
        switch failure.cause.writeOutcome {
        case .refused: self = .refused
        case .notReceived: self = .notReceived
        case .uncertain: self = .unknown
        }
      }
    }

    /// How often the update may have been applied.
    var times: ClosedRange<Int> {
      switch self {
      case .applied, .replayed: 1...1
      case .refused, .notReceived: 0...0
      case .unknown: 0...1
      }
    }
  }

  private static func rules(_ random: inout SplitMix64) -> EmulatorRules {
    var rules = EmulatorRules()
    rules.statusDetails = Bool.random(using: &random) ? .merge : .replace
    rules.describeRefusesTerminal = Bool.random(using: &random)
    rules.serviceMovesBumpVersion = Bool.random(using: &random)
    rules.versionMismatch =
      Bool.random(using: &random) ? .versionMismatchException : .invalidStateTransitionException
    return rules
  }

  /// An execution with a history of some steps, which has not ended.
  private static func service(
    _ random: inout SplitMix64, steps: Int
  ) throws -> JobsState {
    var service = JobsState(rules: Self.rules(&random))
    var job = CreateJob(
      jobID: "job", targets: ["arn:aws:iot:us-east-1:123456789012:thing/door"], document: "{}")
    if Bool.random(using: &random) {
      job.retryCriteria = [RetryCriterion(failureType: .failed, numberOfRetries: 5)]
    }
    _ = try service.createJob(job, now: LossyJobs.World.now)
    for step in 0..<steps {
      var update = Ends.update(.inProgress)
      update.statusDetails = StatusDetails([("step", "\(step)")])
      _ = try service.update(update, now: LossyJobs.World.now)
    }
    return service
  }

  private static func update(_ random: inout SplitMix64, version: Int64) -> UpdateJobExecution {
    let states: [JobExecutionStatus] = [
      .inProgress, .inProgress, .succeeded, .failed, .rejected, .canceled,
    ]
    var update = Ends.update(states.randomElement(using: &random) ?? .inProgress)
    if Int.random(in: 0..<3, using: &random) > 0 {
      update.expectedVersion = version + ([0, 0, 0, 1, -1].randomElement(using: &random) ?? 0)
    }
    if Int.random(in: 0..<3, using: &random) == 0 { update.executionNumber = 1 }
    update.includeJobExecutionState = Bool.random(using: &random)
    return update
  }

  @Test(arguments: 1...8 as ClosedRange<UInt64>)
  func `no update is applied twice, and none is told of wrongly`(seed: UInt64) async throws {
    var random = SplitMix64(seed: seed)
    let backend = LossyJobs(.init(JobsState(), seed: seed))
    let stage = RetryStage(over: backend, seed: seed) { $0.quota = 1_000_000 }
    var told: [Told: Int] = [:]
    for round in 0..<500 {
      let steps = Int.random(in: 0..<5, using: &random)
      let service = try Self.service(&random, steps: steps)
      var update = Self.update(&random, version: Int64(steps + 1))
      // Two who write the same cannot be told apart, so each signs what it writes, or is alone.
      let isShared = Int.random(in: 0..<4, using: &random) > 0
      if isShared { update.statusDetails = StatusDetails([("by", "\(round)")]) }
      let worldSeed = random.next()
      backend.world.withLock {
        $0 = LossyJobs.World(service, seed: worldSeed)
        $0.isShared = isShared
      }
      let outcome = try #require(await stage.update(update))
      backend.world.withLock { $0.pass(all: true) }
      let times = backend.world.withLock { $0.timesApplied }
      let word = Told(outcome)
      told[word, default: 0] += 1
      #expect(word.times.contains(times), "round \(round): \(update), \(outcome), \(times)")
    }
    // All of it has come up.
    for word in [Told.applied, .replayed, .refused, .unknown] {
      #expect(told[word, default: 0] > 10, "\(word)")
    }
  }
}

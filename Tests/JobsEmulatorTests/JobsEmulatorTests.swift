// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import JobsEmulator
import Testing

/// The emulator as the rest of the program meets it: through its protocols, from many tasks.
@Suite struct JobsEmulatorTests {
  private let context = CallContext(requestID: "r")

  private func seeded(jobs: Int, clock: ManualClock) throws -> JobsEmulator {
    let emulator = JobsEmulator(clock: .manual(clock))
    try emulator.apply(
      EmulatorSeed(
        jobs: (0..<jobs).map {
          CreateJob(jobID: "j\($0)", targets: [Service.arn("t")], document: "{}")
        }))
    return emulator
  }

  @Test func `both planes see the same jobs at the clock's time`() async throws {
    let clock = ManualClock(nowSeconds: 1000)
    let emulator = try self.seeded(jobs: 1, clock: clock)
    clock.advance(bySeconds: 5)
    let started = try await emulator.startNext(
      StartNextPendingJobExecution(thingName: "t"), in: self.context)
    #expect(started.value?.startedAtSeconds == 1005)
    #expect(started.trace == UpstreamTrace())
    clock.advance(bySeconds: 5)
    try await emulator.cancelExecution(
      CancelJobExecution(thingName: "t", jobID: "j0", force: true))
    let managed = try await emulator.describeExecution(
      DescribeManagedJobExecution(thingName: "t", jobID: "j0"))
    #expect(managed.lastUpdatedAtSeconds == 1010)
    #expect(try await emulator.describeJob(DescribeJob(jobID: "j0")).status == .completed)
    let next = try await emulator.describe(
      DescribeJobExecution(thingName: "t", jobID: "$next"), in: self.context)
    #expect(next.value == nil)
    let pending = try await emulator.getPending(
      GetPendingJobExecutions(thingName: "t"), in: self.context)
    #expect(pending.value == PendingJobExecutions())
  }

  @Test func `of many tasks that expect one version, one wins`() async throws {
    let emulator = try self.seeded(jobs: 1, clock: ManualClock(nowSeconds: 0))
    let context = self.context
    let wins = await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<64 {
        group.addTask {
          var call = UpdateJobExecution(thingName: "t", jobID: "j0", status: .inProgress)
          call.expectedVersion = 1
          return (try? await emulator.update(call, in: context)) != nil
        }
      }
      return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
    }
    #expect(wins == 1)
    let shown = try await emulator.describe(
      DescribeJobExecution(thingName: "t", jobID: "j0"), in: context)
    #expect(shown.value?.versionNumber == 2)
  }

  @Test func `many workers finish each job once`() async throws {
    let emulator = try self.seeded(jobs: 200, clock: ManualClock(nowSeconds: 0))
    let context = self.context
    let finished = await withTaskGroup(of: Int.self) { group in
      for _ in 0..<8 {
        group.addTask {
          var finished = 0
          while let next = try? await emulator.startNext(
            StartNextPendingJobExecution(thingName: "t"), in: context
          ).value, let jobID = next.jobID {
            let call = UpdateJobExecution(thingName: "t", jobID: jobID, status: .succeeded)
            if (try? await emulator.update(call, in: context)) != nil { finished += 1 }
          }
          return finished
        }
      }
      return await group.reduce(0, +)
    }
    #expect(finished == 200)
    let completed = try await emulator.listJobs(ListJobs(page: PageRequest(maxResults: 250)))
    #expect(completed.rows.allSatisfy { $0.status == .completed })
    #expect(completed.rows.count == 200)
  }

  @Test func `the system's clock tells this century's time`() {
    #expect(EmulatorClock.system.nowSeconds() > 1_700_000_000)
  }
}

// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import NIOCore
import Telemetry
import Testing

@testable import TrafficPolicy

@Suite struct RetryChangeTests {
  private static func settings(_ change: (inout RetrySettings) -> Void) -> RetrySettings {
    var settings = RetrySettings()
    change(&settings)
    return settings
  }

  private static func describe(_ stage: RetryStage<TurnJobs>) -> StagedCall<JobExecution?> {
    let context = stage.context()
    return stage.call { jobs throws(JobsFailure) in
      try await jobs.describe(.init(thingName: "door", jobID: "job"), in: context)
    }
  }

  @Test func `a call under way is repeated by the new rules`() async throws {
    let backend = TurnJobs([.fail(Ends.unavailable), .fail(Ends.unavailable), .answer])
    let stage = RetryStage(over: backend)
    let call = Self.describe(stage)
    stage.retries.apply(Self.settings { $0.maxAttempts = 2 })
    await stage.advance(.seconds(30))
    // The second attempt is the last.
    #expect(call.outcome?.failure?.trace.attempts == 2)
    #expect(stage.sample(#"retries_withheld_total{reason="attempts"}"#) == "1")
    #expect(backend.seen.map(\.maximum) == [3, 3])
  }

  @Test func `a call that begins is told the new number of attempts`() async {
    let backend = TurnJobs([.answer, .answer])
    let stage = RetryStage(over: backend)
    _ = Self.describe(stage)
    stage.retries.apply(Self.settings { $0.maxAttempts = 7 })
    _ = Self.describe(stage)
    #expect(backend.seen.map(\.maximum) == [3, 7])
  }

  @Test func `what is taken of the quota stays taken`() {
    let quota = SharedRetryQuota(capacity: 100)
    #expect(quota.take(30))
    quota.changed(capacity: 200)
    #expect(quota.tokens == 170 && quota.capacity == 200)
    quota.changed(capacity: 50)
    #expect(quota.tokens == 20)
    quota.changed(capacity: 10)
    #expect(quota.tokens == 0)
    #expect(!quota.take(1))
    quota.giveBack(100)
    #expect(quota.tokens == 10)
    quota.changed(capacity: -5)
    #expect(quota.tokens == 0 && quota.capacity == 0)
    quota.changed(capacity: 20)
    #expect(quota.tokens == 20)
  }

  @Test func `a quota that changes all the time never holds more than it may`() async {
    let quota = SharedRetryQuota(capacity: 100)
    await withTaskGroup { group in
      for _ in 0..<3 {
        group.addTask {
          for _ in 0..<5_000 {
            if quota.take(5) { quota.succeeded(repeatCost: 5) }
            quota.succeeded(repeatCost: nil)
            #expect(0...100 ~= quota.tokens)
          }
        }
      }
      group.addTask {
        for round in 0..<2_000 { quota.changed(capacity: round % 2 == 0 ? 7 : 100) }
      }
    }
    quota.changed(capacity: 100)
    for _ in 0..<200 { quota.succeeded(repeatCost: nil) }
    #expect(quota.tokens == 100)
  }
}

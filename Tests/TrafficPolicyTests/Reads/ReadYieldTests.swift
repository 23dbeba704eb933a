// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import Testing

@testable import TrafficPolicy

/// What an outcome leaves in the store, told without a store and so without its lock.
@Suite struct ReadYieldTests {
  private static let job = ReadKey(thing: "t", .execution(jobID: "j", number: nil))
  private static let lists = ReadKey(thing: "t", .pending)
  private static let moment = ReadMoment(now: 5, epochSeconds: 1_700_000_000, random: 1)

  private func yield(
    _ outcome: ReadOutcome, to key: ReadKey = job, withDocument: Bool = true
  ) -> ReadYield {
    var settings = ReadCacheSettings()
    settings.pendingTTL = .seconds(1)
    return Lifetimes(settings).yield(
      of: outcome, to: key, withDocument: withDocument, flight: 7, at: Self.moment)
  }

  @Test(arguments: [true, false])
  func `an answer is stored under its own key`(withDocument: Bool) throws {
    let outcome = ReadOutcome.answer(.execution(ReadBench.execution(version: 1)))
    let yield = self.yield(outcome, withDocument: withDocument)
    let read = try #require(yield.own?.read)
    #expect(read.key == Self.job && read.flight == 7 && read.storedAt == 5)
    #expect(read.hasDocument == withDocument)
    #expect(yield.next == nil)
  }

  @Test func `empty lists tell of the next execution too`() throws {
    let yield = self.yield(.answer(.pending(PendingJobExecutions())), to: Self.lists)
    #expect(yield.own?.read?.key == Self.lists)
    let next = try #require(yield.next?.read)
    #expect(next.key == .next(of: "t") && next.saysNothingPending)
    let row = PendingJobExecutions(queued: [JobExecutionSummary()])
    #expect(self.yield(.answer(.pending(row)), to: Self.lists).next == nil)
  }

  @Test func `what may not be kept takes what was kept before with it`() {
    let denied = AWSRefusal(
      name: "AccessDeniedException", httpStatus: 403, message: "", kind: .accessDenied)
    #expect(self.yield(.failure(.refused(denied))).own?.removed == Self.job)
    var execution = ReadBench.execution(version: 1)
    // A presigned URL that is over.
    execution.jobDocument =
      "https://b/k?X-Amz-Date=20200101T000000Z&X-Amz-Expires=60&X-Amz-Signature=ab"
    #expect(self.yield(.answer(.execution(execution))).own?.removed == Self.job)
  }

  @Test func `what tells nothing of the execution leaves all as it is`() {
    let throttled = AWSRefusal(
      name: "ThrottlingException", httpStatus: 429, message: "", kind: .throttled)
    for cause in [JobsFailure.Cause.refused(throttled), .unreachable("")] {
      let yield = self.yield(.failure(cause))
      #expect(yield.own == nil && yield.next == nil)
    }
  }
}

extension ReadYield.Change {
  fileprivate var read: StoredRead? {
    if case .store(let read) = self { read } else { nil }
  }

  fileprivate var removed: ReadKey? {
    if case .remove(let key) = self { key } else { nil }
  }
}

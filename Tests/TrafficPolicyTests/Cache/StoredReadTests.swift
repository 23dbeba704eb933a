// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import Testing
import TrafficPolicy

@Suite struct StoredReadTests {
  private static let second: Int64 = 1_000_000_000
  private static let key = CacheSamples.key("door")

  private static func read(
    _ answer: StoredRead.Answer, to key: ReadKey = key, withDocument: Bool = true,
    at now: Int64 = 0, lifetime: Lifetime = Lifetime(freshUntil: .max)
  ) -> StoredRead {
    StoredRead(answer, to: key, withDocument: withDocument, flight: 1, at: now, lifetime: lifetime)
  }

  // MARK: - Age

  @Test func `the countdown is lowered by the age and stops at zero`() {
    var execution = CacheSamples.execution(of: Self.key)
    execution.approximateSecondsBeforeTimedOut = 3
    let read = Self.read(.execution(execution), at: 5 * Self.second)
    let cases: [(now: Int64, seconds: Int64)] = [
      (5_000_000_000, 3), (5_999_999_999, 3), (6_000_000_000, 2), (8_000_000_000, 0),
      (9_000_000_000, 0), (.max, 0),
      // Read by another loop's clock a little earlier.
      (4_999_999_999, 3), (0, 3), (.min, 3),
    ]
    for (now, seconds) in cases {
      execution.approximateSecondsBeforeTimedOut = seconds
      #expect(read.answer(at: now, withDocument: true) == .execution(execution))
    }
  }

  @Test func `a countdown that is absent, or has run out, stays as it is`() {
    for seconds: Int64? in [nil, 0, -4] {
      var execution = CacheSamples.execution(of: Self.key)
      execution.approximateSecondsBeforeTimedOut = seconds
      let read = Self.read(.execution(execution))
      #expect(read.answer(at: 9 * Self.second, withDocument: true) == .execution(execution))
    }
  }

  @Test func `the age is in whole seconds and never negative`() {
    let read = Self.read(.execution(nil), at: 10)
    #expect(read.ageSeconds(at: 10) == 0)
    #expect(read.ageSeconds(at: 9 + Self.second) == 0)
    #expect(read.ageSeconds(at: 10 + Self.second) == 1)
    #expect(read.ageSeconds(at: 9) == 0)
    #expect(read.ageSeconds(at: .min) == 0)
    #expect(Self.read(.execution(nil), at: .min).ageSeconds(at: .max) == .max / Self.second)
    #expect(Self.read(.execution(nil), at: .max).ageSeconds(at: .min) == 0)
  }

  // MARK: - Windows

  @Test func `each window ends at its own instant`() {
    let read = Self.read(
      .execution(nil), lifetime: Lifetime(freshUntil: 10, revalidateUntil: 20, errorUntil: 30))
    let cases: [(now: Int64, fresh: Bool, revalidating: Bool, error: Bool, expired: Bool)] = [
      (9, true, true, true, false), (10, false, true, true, false),
      (19, false, true, true, false), (20, false, false, true, false),
      (29, false, false, true, false), (30, false, false, false, true),
    ]
    for expected in cases {
      #expect(read.isFresh(at: expected.now) == expected.fresh)
      #expect(read.servesWhileRevalidating(at: expected.now) == expected.revalidating)
      #expect(read.servesOnError(at: expected.now) == expected.error)
      #expect(read.isExpired(at: expected.now) == expected.expired)
    }
  }

  @Test func `without windows nothing is served past its time`() {
    let read = Self.read(.execution(nil), lifetime: Lifetime(freshUntil: 10))
    #expect(read.servesWhileRevalidating(at: 9) && read.servesOnError(at: 9))
    #expect(!read.servesWhileRevalidating(at: 10) && !read.servesOnError(at: 10))
    #expect(read.isExpired(at: 10))
  }

  // MARK: - Documents

  @Test func `an answer with document serves both kinds of callers`() {
    let whole = CacheSamples.execution(of: Self.key, document: "{}")
    let read = Self.read(.execution(whole))
    #expect(read.hasDocument)
    #expect(read.serves(withDocument: true) && read.serves(withDocument: false))
    #expect(read.answer(at: 0, withDocument: true) == .execution(whole))
    var bare = whole
    bare.jobDocument = nil
    #expect(read.answer(at: 0, withDocument: false) == .execution(bare))
    // Nothing is lost by it.
    #expect(read.answer(at: 0, withDocument: true) == .execution(whole))
  }

  @Test func `an answer without document never serves a caller that wants one`() {
    let read = Self.read(
      .execution(CacheSamples.execution(of: Self.key)), withDocument: false)
    #expect(!read.hasDocument)
    #expect(!read.serves(withDocument: true))
    #expect(read.serves(withDocument: false))
  }

  @Test func `an answer that could have no document serves everybody`() {
    let refusal = AWSRefusal(
      name: "ResourceNotFoundException", httpStatus: 404, message: "", kind: .resourceNotFound)
    for answer: StoredRead.Answer in [.execution(nil), .refusal(refusal)] {
      let read = Self.read(answer, withDocument: false)
      #expect(read.serves(withDocument: true) && read.serves(withDocument: false))
      #expect(read.answer(at: 9 * Self.second, withDocument: true) == answer)
      #expect(read.answer(at: 9 * Self.second, withDocument: false) == answer)
    }
  }

  @Test func `a describe wants the document unless it says otherwise`() {
    var call = DescribeJobExecution(thingName: "door", jobID: "update")
    #expect(call.wantsDocument)
    call.includeJobDocument = true
    #expect(call.wantsDocument)
    call.includeJobDocument = false
    #expect(!call.wantsDocument)
  }

  // MARK: - Keys

  @Test func `what is asked for tells keys apart, and nothing else does`() {
    var call = DescribeJobExecution(thingName: "door", jobID: "update")
    let latest = ReadKey(call)
    call.includeJobDocument = false
    #expect(ReadKey(call) == latest)
    call.executionNumber = 1
    let first = ReadKey(call)
    call.executionNumber = 2
    let second = ReadKey(call)
    let next = ReadKey(DescribeJobExecution(thingName: "door", jobID: "$next"))
    #expect(next == .next(of: "door"))
    let pending = ReadKey(GetPendingJobExecutions(thingName: "door"))
    let other = ReadKey(DescribeJobExecution(thingName: "doo", jobID: "rupdate"))
    #expect(Set([latest, first, second, next, pending, other]).count == 6)
  }

  @Test func `nothing pending is told by an absent next execution alone`() {
    #expect(Self.read(.execution(nil), to: .next(of: "door")).saysNothingPending)
    // Empty lists leave that answer beside their own; nobody asks the lists themselves.
    let lists = Self.read(.pending(PendingJobExecutions()), to: ReadKey(thing: "door", .pending))
    #expect(!lists.saysNothingPending)
    let execution = CacheSamples.execution(of: Self.key)
    #expect(!Self.read(.execution(execution), to: .next(of: "door")).saysNothingPending)
    #expect(!Self.read(.execution(nil)).saysNothingPending)
    let refusal = AWSRefusal(
      name: "ResourceNotFoundException", httpStatus: 404, message: "", kind: .resourceNotFound)
    #expect(!Self.read(.refusal(refusal), to: .next(of: "door")).saysNothingPending)
  }
}

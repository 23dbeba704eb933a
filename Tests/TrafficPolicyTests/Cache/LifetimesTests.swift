// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import JobsAPI
import Testing
import TrafficPolicy

@Suite struct LifetimesTests {
  /// Lives that tell from each other which rule was taken, in seconds.
  private static let settings: ReadCacheSettings = {
    var settings = ReadCacheSettings()
    settings.ttl = .seconds(1)
    settings.terminalTTL = .seconds(300)
    settings.notFoundTTL = .seconds(7)
    settings.pendingTTL = .seconds(20)
    return settings
  }()

  private static let job = ReadKey(thing: "door", .execution(jobID: "update", number: nil))
  private static let numbered = ReadKey(thing: "door", .execution(jobID: "update", number: 3))
  private static let next = ReadKey.next(of: "door")
  private static let pending = ReadKey(thing: "door", .pending)

  private static func execution(_ status: JobExecutionStatus?) -> StoredRead.Answer {
    var execution = JobExecution()
    execution.status = status
    return .execution(execution)
  }

  private static func refusal(_ kind: AWSErrorKind) -> StoredRead.Answer {
    .refusal(AWSRefusal(name: "AnyException", httpStatus: 400, message: "", kind: kind))
  }

  /// Seconds of an answer's life with nothing added or taken by chance; nil if it is not stored.
  private static func seconds(
    _ answer: StoredRead.Answer, _ key: ReadKey, _ settings: ReadCacheSettings = settings
  ) -> Double? {
    let lifetime = Lifetimes(settings).lifetime(
      of: answer, to: key, at: 5_000_000_000, epochSeconds: 0, random: 1 << 63)
    return lifetime.map { Double($0.freshUntil - 5_000_000_000) / 1e9 }
  }

  @Test(arguments: JobExecutionStatus.documented + [.unrecognized("PAUSED")])
  func `only a numbered execution that has ended lives long`(status: JobExecutionStatus) {
    let answer = Self.execution(status)
    #expect(Self.seconds(answer, Self.job) == 1)
    #expect(Self.seconds(answer, Self.next) == 1)
    let hasEnded: Set<JobExecutionStatus> = [
      .succeeded, .failed, .timedOut, .rejected, .removed, .canceled,
    ]
    #expect(Self.seconds(answer, Self.numbered) == (hasEnded.contains(status) ? 300 : 1))
    let nextWithNumber = ReadKey(thing: "door", .execution(jobID: "$next", number: 3))
    #expect(Self.seconds(answer, nextWithNumber) == 1)
  }

  @Test func `an answer without a status, and one that says nothing is pending, live shortly`() {
    #expect(Self.seconds(Self.execution(nil), Self.numbered) == 1)
    #expect(Self.seconds(.execution(nil), Self.next) == 1)
  }

  @Test func `AWS's word that an execution has ended lives long only with a number`() {
    #expect(Self.seconds(Self.refusal(.terminalState), Self.numbered) == 300)
    #expect(Self.seconds(Self.refusal(.terminalState), Self.job) == 1)
    #expect(Self.seconds(Self.refusal(.terminalState), Self.next) == 1)
    #expect(Self.seconds(Self.refusal(.terminalState), Self.pending) == nil)
  }

  @Test func `what is not there is remembered for a time of its own`() {
    for key in [Self.job, Self.numbered, Self.next] {
      #expect(Self.seconds(Self.refusal(.resourceNotFound), key) == 7)
    }
    #expect(Self.seconds(Self.refusal(.resourceNotFound), Self.pending) == 7)
    var settings = Self.settings
    settings.pendingTTL = .seconds(2)
    #expect(Self.seconds(Self.refusal(.resourceNotFound), Self.pending, settings) == 2)
  }

  @Test func `pending lists have a time of their own`() {
    #expect(Self.seconds(.pending(PendingJobExecutions()), Self.pending) == 20)
    #expect(Self.seconds(.pending(PendingJobExecutions()), Self.job) == nil)
    #expect(Self.seconds(Self.execution(.queued), Self.pending) == nil)
  }

  @Test(arguments: [
    AWSErrorKind.invalidRequest, .invalidStateTransition, .versionMismatch, .conflict,
    .quotaExceeded, .throttled, .serviceUnavailable, .internalFailure, .requestTimeout,
    .accessDenied, .invalidEndpoint, .credentialsExpired, .signingFailed, .clockSkew, .certificate,
    .wrongEndpoint, .unknown,
  ])
  func `no other refusal is stored`(kind: AWSErrorKind) {
    for key in [Self.job, Self.numbered, Self.next, Self.pending] {
      #expect(Self.seconds(Self.refusal(kind), key) == nil)
    }
  }

  @Test func `by default pending lists are not stored, and a time of zero stores nothing`() {
    let defaults = ReadCacheSettings()
    #expect(Self.seconds(.pending(PendingJobExecutions()), Self.pending, defaults) == nil)
    #expect(Self.seconds(Self.refusal(.resourceNotFound), Self.pending, defaults) == nil)
    #expect(Self.seconds(Self.execution(.queued), Self.job, defaults) == 1)
    var none = ReadCacheSettings()
    none.ttl = .zero
    none.notFoundTTL = .zero
    none.terminalTTL = .seconds(-1)
    none.staleIfError = .seconds(60)
    #expect(Self.seconds(Self.execution(.queued), Self.job, none) == nil)
    #expect(Self.seconds(Self.refusal(.resourceNotFound), Self.job, none) == nil)
    #expect(Self.seconds(Self.refusal(.terminalState), Self.numbered, none) == nil)
  }

  @Test func `each life is moved by up to a tenth, all the way and evenly`() throws {
    let lifetimes = Lifetimes(Self.settings)
    func nanoseconds(_ random: UInt64) throws -> Int64 {
      try #require(
        lifetimes.lifetime(
          of: .execution(nil), to: Self.next, at: 0, epochSeconds: 0, random: random)
      ).freshUntil
    }
    #expect(try nanoseconds(0) == 900_000_000)
    #expect(try nanoseconds(.max) == 1_100_000_000)
    #expect(try nanoseconds(1 << 63) == 1_000_000_000)
    #expect(abs(try nanoseconds(1 << 62) - 950_000_000) <= 1)

    var random = SplitMix64(seed: 1)
    let lives = try (0..<10_000).map { _ in try nanoseconds(random.next()) }
    #expect(lives.allSatisfy { 900_000_000...1_100_000_000 ~= $0 })
    let tenths = Dictionary(grouping: lives) { ($0 - 900_000_000) / 20_000_000 }
    for tenth in 0..<10 as Range<Int64> {
      #expect(850...1_150 ~= tenths[tenth]?.count ?? 0)
    }
  }

  @Test func `the shortest life is not moved to nothing, the longest not beyond all time`() throws {
    var settings = ReadCacheSettings()
    settings.ttl = .nanoseconds(1)
    #expect(Self.seconds(.execution(nil), Self.next, settings) == 1e-9)
    settings.ttl = .seconds(Int64.max)
    settings.staleWhileRevalidate = .seconds(Int64.max)
    let lifetime = try #require(
      Lifetimes(settings).lifetime(
        of: .execution(nil), to: Self.next, at: 1, epochSeconds: 0, random: .max))
    #expect(lifetime.freshUntil == .max)
    #expect(lifetime.end == .max)
  }

  @Test func `stale windows begin where freshness ends`() throws {
    var settings = Self.settings
    settings.staleWhileRevalidate = .seconds(3)
    settings.staleIfError = .seconds(60)
    let lifetime = try #require(
      Lifetimes(settings).lifetime(
        of: .execution(nil), to: Self.next, at: 100, epochSeconds: 0, random: 0))
    #expect(lifetime.freshUntil == 900_000_100)
    #expect(lifetime.revalidateUntil == 3_900_000_100)
    #expect(lifetime.errorUntil == 60_900_000_100)
    #expect(lifetime.end == 60_900_000_100)
  }
}

// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import Logging
import Telemetry
import Testing

@testable import TrafficPolicy

private func refusal(
  _ status: Int, _ kind: AWSErrorKind, _ name: String = "Name"
) -> JobsFailure.Cause {
  .refused(AWSRefusal(name: name, httpStatus: status, message: "", kind: kind))
}

/// A breaker with a clock, a registry and a log of its own. Three failures open it.
private struct BreakerBench {
  let clock = SteppedClock()
  let registry = MetricsRegistry()
  let lines = KeptLines.Lines()
  let breaker: CircuitBreaker

  init() {
    var settings = BreakerSettings()
    settings.failures = 3
    let lines = self.lines
    self.breaker = CircuitBreaker(
      settings, clock: self.clock.policyClock, metrics: BreakerMetrics(registry: self.registry),
      log: BreakerLog(Logger(label: "test") { _ in KeptLines(lines: lines) }))
  }

  func fail(_ cause: JobsFailure.Cause, after wait: Duration = .zero) throws {
    let pass = try self.breaker.admit()
    self.clock.advance(by: wait)
    self.breaker.failed(pass, JobsFailure(cause))
  }

  func answer() throws {
    self.breaker.answered(try self.breaker.admit())
  }

  /// What a call is told that is refused; nil if it is not.
  var retryAfterMilliseconds: Int64? {
    do throws(JobsFailure) {
      _ = try self.breaker.admit()
      return nil
    } catch {
      guard case .circuitOpen(let milliseconds) = error.cause else { return nil }
      return milliseconds
    }
  }

  func metric(_ name: String) -> String? {
    String(decoding: self.registry.exposition(), as: UTF8.self).split(separator: "\n")
      .first { $0.hasPrefix("iot_jobs_gateway_breaker_" + name + " ") }
      .flatMap { $0.split(separator: " ").last.map(String.init) }
  }

  func transitions(_ state: String) -> String? {
    self.metric("transitions_total{state=\"\(state)\"}")
  }
}

@Suite struct CircuitBreakerTests {
  @Test func `it opens, tries again, and closes, and tells of each`() throws {
    let bench = BreakerBench()
    for _ in 0..<3 { try bench.fail(.unreachable("connection refused")) }
    let first = try #require(bench.retryAfterMilliseconds)
    #expect(500...1_000 ~= first)
    #expect(bench.metric("state") == "2" && bench.metric("refused_total") == "1")

    bench.clock.advance(by: .seconds(1))
    let pass = try bench.breaker.admit()
    #expect(bench.metric("state") == "1")
    #expect(bench.retryAfterMilliseconds == 1_000)
    bench.breaker.failed(pass, JobsFailure(refusal(503, .serviceUnavailable, "503")))
    let second = try #require(bench.retryAfterMilliseconds)
    #expect(1_000...2_000 ~= second)

    bench.clock.advance(by: .seconds(2))
    try bench.answer()
    try bench.answer()
    #expect(bench.metric("state") == "0" && bench.metric("refused_total") == "3")
    #expect(["open", "half_open", "closed"].map(bench.transitions) == ["2", "2", "1"])
    let lines = bench.lines.all
    #expect(lines.count == 5)
    #expect(lines[0].hasPrefix("AWS failed too often, calls are refused for a while pause-ms: "))
    #expect(lines[0].hasSuffix(" reason: connection refused"))
    #expect(lines[2].hasPrefix("AWS still fails, calls are refused for longer pause-ms: "))
    #expect(lines[2].hasSuffix(" reason: HTTP 503"))
    #expect([lines[1], lines[3]] == ["AWS is tried again", "AWS is tried again"])
    #expect(lines[4] == "AWS answers again, calls go through")
  }

  @Test(
    arguments: [
      (.unreachable(""), .failed), (.interrupted(""), .failed),
      (.attemptTimedOut(requestSent: false), .failed),
      (.attemptTimedOut(requestSent: true), .failed),
      (refusal(500, .internalFailure), .failed), (refusal(503, .serviceUnavailable), .failed),
      (refusal(502, .unknown), .failed), (refusal(504, .unknown), .failed),
      (refusal(429, .throttled), .answered), (refusal(400, .throttled), .answered),
      (refusal(503, .throttled), .answered), (refusal(429, .unknown), .answered),
      (refusal(403, .accessDenied), .answered), (refusal(403, .credentialsExpired), .answered),
      (refusal(404, .resourceNotFound), .answered), (refusal(409, .versionMismatch), .answered),
      (refusal(302, .unknown), .answered), (refusal(200, .wrongEndpoint), .answered),
      (.malformedResponse(""), .unknown), (.overloaded(""), .unknown), (.draining, .unknown),
      (.credentialsUnavailable(""), .unknown), (.endpointUnknown(""), .unknown),
      (.invalid([]), .unknown), (.notCached, .unknown),
      (.thingLimited(.read, retryAfterMilliseconds: 1), .unknown),
      (.budgetExhausted(.read, retryAfterMilliseconds: 1), .unknown),
      (.circuitOpen(retryAfterMilliseconds: 1), .unknown),
    ] as [(JobsFailure.Cause, BreakerState.Verdict)])
  func `each failure tells something of AWS or nothing`(
    cause: JobsFailure.Cause, verdict: BreakerState.Verdict
  ) {
    #expect(cause.verdict(wasPatient: true) == verdict)
    #expect(cause.verdict(wasPatient: false) == verdict)
  }

  @Test(
    arguments: [
      .deadlineExceeded(mayHaveBeenApplied: false), .deadlineExceeded(mayHaveBeenApplied: true),
      .cancelled(mayHaveBeenApplied: false), .cancelled(mayHaveBeenApplied: true),
    ] as [JobsFailure.Cause])
  func `a caller's own end counts only if AWS had its time`(cause: JobsFailure.Cause) throws {
    let bench = BreakerBench()
    for _ in 0..<20 { try bench.fail(cause, after: .milliseconds(1_999)) }
    #expect(bench.retryAfterMilliseconds == nil)
    for _ in 0..<3 { try bench.fail(cause, after: .seconds(2)) }
    #expect(bench.retryAfterMilliseconds != nil)
    #expect(bench.lines.all.first?.hasSuffix(" reason: no answer in time") == true)
  }

  @Test func `one answer among failures is enough to stay closed`() throws {
    let bench = BreakerBench()
    for _ in 0..<10 {
      try bench.fail(.interrupted(""))
      try bench.fail(.interrupted(""))
      try bench.fail(refusal(404, .resourceNotFound))
    }
    #expect(bench.lines.all.isEmpty)
  }

  @Test func `from many threads, each change is made once`() async throws {
    let bench = BreakerBench()
    let passes = try (0..<64).map { _ in try bench.breaker.admit() }
    await withTaskGroup { group in
      for pass in passes {
        group.addTask { bench.breaker.failed(pass, JobsFailure(.unreachable(""))) }
      }
    }
    #expect(bench.transitions("open") == "1")
    bench.clock.advance(by: .seconds(1))
    let breaker = bench.breaker
    let admitted = await withTaskGroup { group in
      for _ in 0..<64 {
        group.addTask { (try? breaker.admit()).map { [$0] } ?? [] }
      }
      return await group.reduce(into: []) { $0 += $1 }
    }
    #expect(admitted.count == 1)
    await withTaskGroup { group in
      for pass in passes + admitted { group.addTask { breaker.answered(pass) } }
    }
    #expect(["open", "half_open", "closed"].map(bench.transitions) == ["1", "1", "1"])
    #expect(bench.lines.all.count == 3)
  }
}

@Suite struct BreakerJobsTests {
  private static func call(
    _ operation: JobsOperation, on jobs: BreakerJobs<ScriptedJobs>
  ) async throws(JobsFailure) {
    let context = CallContext(requestID: "r")
    switch operation {
    case .describe: _ = try await jobs.describe(.init(thingName: "t", jobID: "j"), in: context)
    case .getPending: _ = try await jobs.getPending(.init(thingName: "t"), in: context)
    case .startNext: _ = try await jobs.startNext(.init(thingName: "t"), in: context)
    case .update:
      _ = try await jobs.update(
        .init(thingName: "t", jobID: "j", status: .succeeded), in: context)
    }
  }

  private static func failure(
    _ operation: JobsOperation, on jobs: BreakerJobs<ScriptedJobs>
  ) async -> JobsFailure? {
    do throws(JobsFailure) {
      try await Self.call(operation, on: jobs)
      return nil
    } catch {
      return error
    }
  }

  @Test(arguments: JobsOperation.allCases)
  func `failures go through until it opens, and then nothing goes to AWS`(
    operation: JobsOperation
  ) async {
    let bench = BreakerBench()
    let backend = ScriptedJobs(failure: .interrupted("reset"))
    let jobs = BreakerJobs(backend, breaker: bench.breaker)
    for _ in 0..<3 {
      #expect(await Self.failure(operation, on: jobs)?.cause == .interrupted("reset"))
    }
    guard case .circuitOpen = await Self.failure(operation, on: jobs)?.cause else {
      Issue.record("it is closed")
      return
    }
    #expect(backend.calls.count == 3)

    // Another loop's backend answers again, and all are let through.
    bench.clock.advance(by: .seconds(1))
    let healthy = BreakerJobs(ScriptedJobs(), breaker: bench.breaker)
    #expect(await Self.failure(operation, on: healthy) == nil)
    #expect(await Self.failure(operation, on: jobs)?.cause == .interrupted("reset"))
  }

  @Test(arguments: JobsOperation.allCases)
  func `answers end a row of failures`(operation: JobsOperation) async {
    let bench = BreakerBench()
    let failing = BreakerJobs(ScriptedJobs(failure: .unreachable("")), breaker: bench.breaker)
    let healthy = BreakerJobs(ScriptedJobs(), breaker: bench.breaker)
    for _ in 0..<4 {
      _ = await Self.failure(operation, on: failing)
      _ = await Self.failure(operation, on: failing)
      #expect(await Self.failure(operation, on: healthy) == nil)
    }
    #expect(bench.lines.all.isEmpty)
  }
}

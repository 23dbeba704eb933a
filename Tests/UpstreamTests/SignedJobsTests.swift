// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import NIOCore
import Telemetry
import Testing

@testable import Upstream

private let answerOfDescribe = #"{"execution":{"jobId":"j","status":"QUEUED"}}"#

@Suite(.serialized, .timeLimit(.minutes(1))) struct SignedJobsTests {
  @Test func `calls one after the other share a connection`() async throws {
    let bench = try await Bench { _ in
      .answer(body: answerOfDescribe, headers: [("x-amzn-RequestId", "aws-1")])
    }
    for _ in 0..<20 {
      let reply = try await bench.describe().get()
      #expect(reply.value?.jobID == "j")
      #expect(reply.trace == UpstreamTrace(awsRequestID: "aws-1", attempts: 1))
    }
    let seen = bench.server.seen
    #expect(seen.connections == 1 && seen.requests.count == 20)
    #expect(bench.witness.seen.allSatisfy { $0.httpStatus == 200 && $0.errorName == nil })
  }

  @Test func `a call tells where its time went, whether it went well or not`() async throws {
    let bench = try await Bench { _ in .answer(body: answerOfDescribe) }
    let clock = ContinuousClock()
    let began = clock.now
    let stages = try await bench.timedDescribe().get().trace.stages
    let total = began.duration(to: clock.now)
    let sum = StageTimes.Stage.allCases.reduce(into: Duration.zero) {
      $0 += .microseconds(Int64(stages[$1]))
    }
    #expect(sum > .zero && sum <= total)
    #expect(stages[.limiter] == 0 && stages[.backoff] == 0 && stages[.coalesced] == 0)

    let silent = try await Bench {
      $0.firstByteTimeout = .milliseconds(30)
    } react: { _ in
      .silence
    }
    let failure = await silent.timedDescribe().failure
    #expect(failure?.cause == .attemptTimedOut(requestSent: true))
    // From the request on; a deadline would have begun before it.
    #expect((failure?.trace.stages[.firstByte] ?? 0) >= 30_000)
  }

  @Test func `a call stays in its loop from beginning to end`() async throws {
    let bench = try await Bench { request in
      request.number % 2 == 0 ? .answer() : .close
    }
    let jobs = bench.jobs
    let ended = await bench.caller.run {
      for _ in 0..<10 {
        let call = DescribeJobExecution(thingName: "t", jobID: "j")
        _ = try? await jobs.describe(call, in: CallContext(requestID: "r"))
        bench.witness.look()
      }
      return bench.caller.loop.inEventLoop
    }
    #expect(ended)
    #expect(bench.witness.seen.count > 10)
    #expect(bench.witness.timesOutsideOfLoop == 0)
  }

  @Test func `many calls at once keep to the bound on connections`() async throws {
    let bench = try await Bench {
      $0.pool.maxConnections = 3
      $0.pool.maxWaiting = 100
    } react: { _ in
      .answer(body: answerOfDescribe)
    }
    await withTaskGroup { group in
      for _ in 0..<50 {
        group.addTask { await bench.describe() }
      }
      for await result in group {
        #expect(result.failure == nil)
      }
    }
    #expect(bench.server.seen.connections <= 3)
    #expect(bench.server.seen.requests.count == 50)
  }

  @Test func `an error of AWS's is a refusal, with its id`() async throws {
    let bench = try await Bench { _ in
      .answer(
        status: 404, body: #"{"message":"no such job"}"#,
        headers: [
          ("x-amzn-ErrorType", "ResourceNotFoundException"), ("x-amzn-RequestId", "aws-2"),
        ])
    }
    let failure = await bench.describe().failure
    guard case .refused(let refusal) = failure?.cause else {
      Issue.record("\(String(describing: failure))")
      return
    }
    #expect(refusal.kind == .resourceNotFound && refusal.message == "no such job")
    #expect(failure?.trace == UpstreamTrace(awsRequestID: "aws-2", attempts: 1))
    #expect(bench.witness.seen.first?.errorName == "ResourceNotFoundException")
    // The connection is as good as before.
    _ = await bench.describe()
    #expect(bench.server.seen.connections == 1)
  }

  @Test func `a body that cannot be read is no answer`() async throws {
    let bench = try await Bench { _ in .answer(body: "{") }
    guard case .malformedResponse = await bench.describe().failure?.cause else {
      Issue.record("taken for an answer")
      return
    }
  }

  @Test func `a body over the limit is refused and its connection is closed`() async throws {
    let bench = try await Bench {
      $0.maxBodyBytes = 10
    } react: { request in
      .answer(body: request.number == 0 ? answerOfDescribe : "{}")
    }
    #expect(
      await bench.describe().failure
        == failure(.malformedResponse("body over 10 bytes"), attempts: 1))
    #expect(await bench.describe().failure == nil)
    #expect(bench.server.seen.connections == 2)
  }

  @Test(arguments: [
    "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
    "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{} and more",
  ])
  func `a connection that ends with its response is not used again`(
    response: String
  ) async throws {
    let bench = try await Bench { _ in .raw(response, thenClose: false) }
    #expect(await bench.describe().failure == nil)
    #expect(await bench.describe().failure == nil)
    #expect(bench.server.seen.connections == 2)
  }

  @Test func `a connection that lies idle for too long is closed`() async throws {
    let bench = try await Bench {
      $0.pool.idleTimeout = .milliseconds(20)
    } react: { _ in
      .answer()
    }
    #expect(await bench.describe().failure == nil)
    await bench.until { bench.jobs.gauges.idle.value == 0 }
    #expect(await bench.describe().failure == nil)
    #expect(bench.server.seen.connections == 2)
  }

  @Test func `of several addresses one that answers is enough`() async throws {
    // The name stands for ::1 too on most machines, where nobody listens.
    let bench = try await Bench(host: "localhost") { _ in .answer() }
    for _ in 0..<3 {
      #expect(await bench.describe().failure == nil)
    }
    #expect(bench.server.seen.connections == 1)
  }
}

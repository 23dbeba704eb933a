// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import NIOHTTP1
import Telemetry
import Testing

@testable import Upstream

@Suite(.serialized, .timeLimit(.minutes(1))) struct SignedJobsFailureTests {
  /// The first request of each connection is answered; the next one finds the peer gone.
  private static let leavesAfterFirst:
    @Sendable (ScriptedServer.Request) -> ScriptedServer.Reaction =
      { $0.numberOnConnection == 0 ? .answer() : .close }

  @Test func `a read that meets a deserted connection is repeated on a fresh one`() async throws {
    let bench = try await Bench(react: Self.leavesAfterFirst)
    #expect(try await bench.describe().get().trace.attempts == 1)
    #expect(try await bench.describe().get().trace.attempts == 2)
    #expect(bench.server.seen.connections == 2)
    #expect(bench.witness.seen.map(\.errorName) == [nil, "closed", nil])
    let headers = bench.server.seen.requests.map(\.head.headers)
    #expect(headers[1]["amz-sdk-invocation-id"] == headers[2]["amz-sdk-invocation-id"])
    #expect(headers[0]["amz-sdk-invocation-id"] != headers[1]["amz-sdk-invocation-id"])
    #expect(
      headers.map { $0["amz-sdk-request"] } == [["attempt=1"], ["attempt=1"], ["attempt=2; max=2"]])
  }

  @Test func `a policy's attempt is told to AWS as such`() async throws {
    let bench = try await Bench(react: Self.leavesAfterFirst)
    var numbers = SystemRandomNumberGenerator()
    let invocation = RandomUUID(using: &numbers)
    var context = CallContext(requestID: "r")
    context.attempt = CallAttempt(number: 1, maximum: 3, invocation: invocation)
    _ = await bench.describe(context)
    #expect(try await bench.describe(context).get().trace.attempts == 2)
    context.attempt = CallAttempt(number: 3, maximum: 4, invocation: invocation)
    // It is the policy's to say what becomes of its second attempt.
    #expect(await bench.describe(context).failure?.trace.attempts == 1)
    let headers = bench.server.seen.requests.map(\.head.headers)
    #expect(headers.allSatisfy { $0["amz-sdk-invocation-id"] == [invocation.text] })
    // The third took the place of the second on a connection that its peer had left.
    #expect(
      headers.map { $0["amz-sdk-request"] } == [
        ["attempt=1"], ["attempt=1"], ["attempt=2; max=4"], ["attempt=3; max=4"],
      ])
  }

  @Test func `StartNext is repeated, since it answers with the same job`() async throws {
    let bench = try await Bench(react: Self.leavesAfterFirst)
    _ = await bench.describe()
    #expect(try await bench.startNext().get().trace.attempts == 2)
  }

  @Test func `an update that may have been received is not repeated`() async throws {
    let bench = try await Bench(react: Self.leavesAfterFirst)
    _ = await bench.describe()
    #expect(
      await bench.update().failure
        == failure(.interrupted("upstream connection closed without a response"), attempts: 1))
    #expect(bench.server.seen.requests.count == 2)
  }

  @Test func `a fresh connection that is closed is not tried again`() async throws {
    let bench = try await Bench { _ in .close }
    #expect(
      await bench.describe().failure
        == failure(.interrupted("upstream connection closed without a response"), attempts: 1))
    #expect(bench.server.seen.connections == 1)
  }

  @Test func `a connection that was closed while idle is not used`() async throws {
    let bench = try await Bench { _ in
      .raw("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", thenClose: true)
    }
    #expect(await bench.describe().failure == nil)
    await bench.until { bench.jobs.gauges.idle.value == 0 }
    #expect(try await bench.update().get().trace.attempts == 1)
  }

  @Test func `half a response is an interruption`() async throws {
    let bench = try await Bench { _ in
      .raw("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{", thenClose: true)
    }
    #expect(
      await bench.describe().failure
        == failure(.interrupted("upstream connection closed within the response"), attempts: 1))
  }

  @Test func `an upstream that is not there is unreachable`() async throws {
    let bench = try await Bench { _ in .silence }
    try await bench.server.stop()
    #expect(
      await bench.update().failure == failure(.unreachable("connection refused"), attempts: 0))
    #expect(bench.witness.seen.map(\.errorName) == ["connect"])
  }

  @Test func `an attempt that takes too long is ended, and its connection with it`() async throws {
    let bench = try await Bench {
      $0.attemptTimeout = .milliseconds(500)
    } react: { request in
      request.number == 0 ? .silence : .answer()
    }
    #expect(
      await bench.update().failure == failure(.attemptTimedOut(requestSent: true), attempts: 1))
    #expect(await bench.describe().failure == nil)
    #expect(bench.server.seen.connections == 2)
  }

  @Test func `the caller's deadline ends a call, and says what may have happened`() async throws {
    let bench = try await Bench { _ in .silence }
    let near = CallContext(requestID: "r", deadline: .now.advanced(by: .milliseconds(500)))
    #expect(
      await bench.update(near).failure
        == failure(.deadlineExceeded(mayHaveBeenApplied: true), attempts: 1))
    // It has passed by now.
    #expect(
      await bench.update(near).failure
        == failure(.deadlineExceeded(mayHaveBeenApplied: false), attempts: 0))
    let next = CallContext(requestID: "r", deadline: .now.advanced(by: .milliseconds(500)))
    #expect(
      await bench.describe(next).failure
        == failure(.deadlineExceeded(mayHaveBeenApplied: false), attempts: 1))
    #expect(bench.server.seen.requests.count == 2)
  }

  @Test func `a full queue refuses, and a cancelled call makes room`() async throws {
    let bench = try await Bench {
      $0.pool.maxConnections = 1
      $0.pool.maxWaiting = 1
    } react: { request in
      request.number == 0 ? .silence : .answer()
    }
    let first = Task { await bench.update() }
    await bench.until { bench.server.seen.requests.count == 1 }
    let second = Task { await bench.describe() }
    await bench.until { bench.jobs.gauges.waiting.value == 1 }
    #expect(
      await bench.describe().failure
        == failure(.overloaded("1 calls wait for an upstream connection already"), attempts: 0))
    first.cancel()
    #expect(
      await first.value.failure
        == failure(.cancelled(mayHaveBeenApplied: true), attempts: 1))
    #expect(try await second.value.get().trace.attempts == 1)
    #expect(bench.server.seen.connections == 2)
  }

  @Test func `a call that is cancelled in the queue leaves it`() async throws {
    let bench = try await Bench {
      $0.pool.maxConnections = 1
    } react: { _ in
      .silence
    }
    let first = Task { await bench.describe() }
    await bench.until { bench.server.seen.requests.count == 1 }
    let second = Task { await bench.update() }
    await bench.until { bench.jobs.gauges.waiting.value == 1 }
    second.cancel()
    #expect(
      await second.value.failure
        == failure(.cancelled(mayHaveBeenApplied: false), attempts: 0))
    #expect(bench.jobs.gauges.waiting.value == 0)
    first.cancel()
    #expect(
      await first.value.failure
        == failure(.cancelled(mayHaveBeenApplied: false), attempts: 1))
    #expect(bench.jobs.gauges.active.value == 0)
  }

  @Test func `a call that is cancelled before it begins sends nothing`() async throws {
    let bench = try await Bench { _ in .answer() }
    let task = Task {
      await bench.until { Task.isCancelled }
      return await bench.update()
    }
    task.cancel()
    #expect(
      await task.value.failure == failure(.cancelled(mayHaveBeenApplied: false), attempts: 0))
    #expect(bench.server.seen.connections == 0)
  }

  @Test func `draining lets what runs finish and takes nothing new`() async throws {
    let bench = try await Bench {
      $0.attemptTimeout = .milliseconds(500)
    } react: { request in
      request.number < 1 ? .answer() : .silence
    }
    #expect(await bench.describe().failure == nil)
    let running = Task { await bench.describe() }
    await bench.until { bench.server.seen.requests.count == 2 }
    async let drained: Void = bench.jobs.drain()
    await bench.until { bench.jobs.gauges.idle.value == 0 }
    #expect(
      await running.value.failure == failure(.attemptTimedOut(requestSent: true), attempts: 1))
    await drained
    #expect(await bench.describe().failure == failure(.draining, attempts: 0))
    #expect(bench.jobs.gauges.active.value == 0)
  }
}

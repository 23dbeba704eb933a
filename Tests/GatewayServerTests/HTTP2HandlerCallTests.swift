// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import HTTP2Engine
import JobsAPI
import NIOCore
import Telemetry
import Testing

@testable import GatewayServer

/// Calls that are made and answered.
struct HTTP2HandlerCallTests {
  private static func describeReply(_ trace: UpstreamTrace = UpstreamTrace()) -> [UInt8] {
    RPCReply(trace) { WireResponse.appendDescribe(ScriptedBackend.execution, to: &$0) }.frame
  }

  @Test func `a call is headers, one message and trailers`() async throws {
    let caller = try await Caller()
    let answer = try await caller.call(Request(.describe).adding("x-request-id", "r-1"))
    #expect(
      answer.headers == [
        ":status: 200", "content-type: application/grpc", "x-request-id: r-1",
      ])
    #expect(answer.body == Self.describeReply())
    #expect(answer.trailers == ["grpc-status: 0"])
    #expect(answer.isEnded)
    #expect(
      caller.backend.calls == [.describe(DescribeJobExecution(thingName: "t1", jobID: "j1"))])
    #expect(caller.counted == [#"method="DescribeJobExecution",code="OK""#: 1])
    #expect(caller.inFlight == 0)
  }

  @Test(arguments: JobsOperation.allCases)
  func `each method reaches its operation`(operation: JobsOperation) async throws {
    let caller = try await Caller()
    let answer = try await caller.call(Request(operation))
    #expect(answer.status == "0")
    #expect(caller.backend.calls.map(\.operation) == [operation])
    #expect(caller.counted == [#"method="\#(operation.rawValue)",code="OK""#: 1])
  }

  @Test func `a request may come in any two parts`() async throws {
    let request = Request(.describe).bytes(on: 1)
    for cut in 1..<request.count {
      let caller = try await Caller()
      try await caller.send(Array(request[..<cut]))
      #expect(caller.backend.calls.isEmpty)
      try await caller.send(Array(request[cut...]))
      #expect(try await caller.answer().body == Self.describeReply())
    }
  }

  @Test func `a request may come byte by byte`() async throws {
    let caller = try await Caller()
    for byte in Request(.describe).bytes(on: 1) { try await caller.send([byte]) }
    #expect(try await caller.answer().status == "0")
    #expect(caller.backend.calls.count == 1)
  }

  @Test func `a message may come in many DATA frames`() async throws {
    let caller = try await Caller()
    let request = Request(.describe)
    try await caller.send(.headers(request.headers, on: 1))
    for byte in request.body { try await caller.send(.data([byte], on: 1)) }
    #expect(caller.backend.calls.isEmpty)
    try await caller.send(.data([], on: 1, endStream: true))
    #expect(try await caller.answer().status == "0")
  }

  @Test func `two calls in one read are answered in one write`() async throws {
    let caller = try await Caller()
    let writesBefore = caller.writeCount
    try await caller.send(Request(.describe).bytes(on: 1) + Request(.startNext).bytes(on: 3))
    _ = try await caller.takeFrames()
    #expect(caller.writeCount == writesBefore + 1)
    #expect(caller.answers[1]?.status == "0")
    #expect(caller.answers[3]?.status == "0")
  }

  @Test func `a slow call does not hold up a quick one`() async throws {
    let caller = try await Caller(.wait)
    try await caller.send(Request(.describe).bytes(on: 1))
    caller.backend.follow(.answer())
    #expect(try await caller.call(Request(.getPending), on: 3).status == "0")
    #expect(caller.answers[1] == nil)
    #expect(caller.inFlight == 1)
    caller.backend.release()
    #expect(try await caller.answer(on: 1).status == "0")
    #expect(caller.inFlight == 0)
  }

  @Test func `the last layer runs in its event loop, also after it waited`() async throws {
    let caller = try await Caller(.wait)
    try await caller.send(Request(.update).bytes(on: 1))
    #expect(caller.backend.waiting == 1)
    caller.backend.release()
    #expect(try await caller.answer().status == "0")
    #expect(caller.backend.wasInLoop == [true, true, true])
  }
}

// MARK: - Outcomes at hand

struct HTTP2HandlerOutcomeAtHandTests {
  private static let hit = UpstreamTrace(cache: CacheResult(.hit, ageSeconds: 3))

  @Test func `a describe at hand is answered in the loop, without a task`() async throws {
    let caller = try await Caller(.atHand(.success(Self.hit)))
    let answer = try await caller.call(Request(.describe).adding("x-request-id", "r-1"))
    #expect(
      answer.headers == [
        ":status: 200", "content-type: application/grpc", "x-request-id: r-1", "x-cache: hit",
        "age: 3",
      ])
    let reply = RPCReply(Self.hit) {
      WireResponse.appendDescribe(ScriptedBackend.execution, to: &$0)
    }
    #expect(answer.body == reply.frame)
    #expect(answer.trailers == ["grpc-status: 0"])
    #expect(caller.backend.asked.map(\.wasInTask) == [false])
    #expect(caller.backend.wasInLoop == [true])
    #expect(caller.counted == [#"method="DescribeJobExecution",code="OK""#: 1])
    #expect(caller.inFlight == 0)
  }

  @Test func `an answer at hand is encoded once and is the same each time`() async throws {
    let caller = try await Caller(.atHand(.success(Self.hit)))
    let first = try await caller.call(Request(.describe))
    #expect(caller.backend.encodingAtHand.bytes == first.body)
    #expect(try await caller.call(Request(.describe)).body == first.body)
  }

  @Test func `a failure at hand is answered likewise`() async throws {
    let failure = JobsFailure(.notCached, trace: UpstreamTrace(cache: CacheResult(.miss)))
    let caller = try await Caller(.atHand(.failure(failure)))
    let answer = try await caller.call(Request(.describe))
    #expect(answer.isTrailersOnly)
    #expect(answer.status == "14")
    #expect(answer["x-cache"] == "miss")
    #expect(caller.backend.asked.map(\.wasInTask) == [false])
    #expect(caller.counted == [#"method="DescribeJobExecution",code="UNAVAILABLE""#: 1])
    #expect(caller.inFlight == 0)
  }

  @Test(arguments: [JobsOperation.getPending, .startNext, .update])
  func `every other operation has its task`(operation: JobsOperation) async throws {
    let caller = try await Caller(.atHand(.success(Self.hit)))
    #expect(try await caller.call(Request(operation)).status == "0")
    #expect(caller.backend.asked.map(\.wasInTask) == [true])
  }

  @Test func `a describe that is not at hand has its task`() async throws {
    let caller = try await Caller()
    #expect(try await caller.call(Request(.describe)).status == "0")
    #expect(caller.backend.asked.map(\.wasInTask) == [true])
  }

  @Test func `a deadline has nothing left to end`() async throws {
    let caller = try await Caller(.atHand(.success(Self.hit)))
    let request = Request(.describe).adding("grpc-timeout", "1S")
    #expect(try await caller.call(request).status == "0")
    await caller.pass(.seconds(2))
    #expect(try await caller.takeFrames() == [])
    #expect(caller.counted.values.reduce(0, +) == 1)
  }

  @Test func `outcomes at hand of one read share a write`() async throws {
    let caller = try await Caller(.atHand(.success(Self.hit)))
    let writesBefore = caller.writeCount
    let request = Request(.describe)
    try await caller.send(stride(from: 1, through: 31, by: 2).flatMap { request.bytes(on: $0) })
    _ = try await caller.takeFrames()
    #expect(caller.writeCount == writesBefore + 1)
    #expect(caller.answers.values.filter { $0.status == "0" }.count == 16)
  }
}

// MARK: - Metadata

struct HTTP2HandlerMetadataTests {
  @Test func `the trailers tell AWS's id and the attempts`() async throws {
    let trace = UpstreamTrace(awsRequestID: "aws-1", attempts: 2)
    let caller = try await Caller(.answer(trace))
    let answer = try await caller.call(Request(.describe))
    #expect(
      answer.trailers == [
        "grpc-status: 0", "x-amzn-requestid: aws-1", "x-gateway-attempts: 2",
      ])
  }

  @Test func `the trailers tell that an update was found to be applied`() async throws {
    var trace = UpstreamTrace(attempts: 2)
    trace.isReplayed = true
    let caller = try await Caller(.answer(trace))
    let answer = try await caller.call(Request(.describe))
    #expect(
      answer.trailers == [
        "grpc-status: 0", "x-gateway-attempts: 2", "x-gateway-replayed: true",
      ])
  }

  @Test func `a call without an id is given one, a new one each`() async throws {
    let caller = try await Caller()
    var ids: Set<String> = []
    for streamID in [Int32(1), 3] {
      let answer = try await caller.call(Request(.describe), on: streamID)
      ids.insert(try #require(answer["x-request-id"]))
    }
    #expect(ids.count == 2)
    #expect(ids.allSatisfy { !$0.isEmpty })
    #expect(Set(caller.backend.asked.map(\.context.requestID)) == ids)
  }

  @Test(arguments: ["", "two words", "t\tab", "café", String(repeating: "x", count: 129)])
  func `an id that could spoil a log or a header is replaced`(offered: String) async throws {
    let caller = try await Caller()
    let answer = try await caller.call(Request(.describe).adding("x-request-id", offered))
    #expect(answer.status == "0")
    #expect(answer["x-request-id"] != offered)
    #expect(answer["x-request-id"] == caller.backend.asked.first?.context.requestID)
  }

  @Test func `trace context and deadline reach the backend`() async throws {
    let caller = try await Caller()
    let before = ContinuousClock.now
    _ = try await caller.call(
      Request(.describe).adding("traceparent", "00-aa-bb-01").adding("tracestate", "v=1")
        .adding("grpc-timeout", "5S"))
    let context = try #require(caller.backend.asked.first?.context)
    #expect(context.traceparent == "00-aa-bb-01")
    #expect(context.tracestate == "v=1")
    let deadline = try #require(context.deadline)
    #expect(deadline >= before.advanced(by: .seconds(5)))
    #expect(deadline <= ContinuousClock.now.advanced(by: .seconds(5)))
  }

  @Test(arguments: [nil, "00-aa-bb-01", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"])
  func `a trace's state goes on with that trace alone`(traceparent: String?) async throws {
    let recorder = SpanRecorder(
      sampler: TraceSampler(ratio: 1), queue: SpanQueue(limit: 8, batchLimit: 8))
    let caller = try await Caller(tracing: CallTracing(recorder))
    var request = Request(.describe).adding("tracestate", "v=1")
    if let traceparent { request = request.adding("traceparent", traceparent) }
    _ = try await caller.call(request)
    let context = try #require(caller.backend.asked.first?.context)
    let span = try #require(context.span)
    #expect(span.isRoot == (traceparent?.utf8.count != 55))
    #expect(context.tracestate == (span.isRoot ? nil : "v=1"))
    #expect(recorder.queue.takeAll().count == 1)
  }

  @Test func `what a caller says about stored answers reaches the backend`() async throws {
    let caller = try await Caller()
    _ = try await caller.call(
      Request(.describe).adding("cache-control", "max-age=5, x")
        .adding("cache-control", "Only-If-Cached"))
    _ = try await caller.call(Request(.describe), on: 3)
    #expect(
      caller.backend.asked.map(\.context.cacheControl) == [
        CacheControl(maxAgeSeconds: 5, onlyIfCached: true), .unspecified,
      ])
  }

  @Test func `a call without a timeout has no deadline`() async throws {
    let caller = try await Caller()
    _ = try await caller.call(Request(.describe))
    let context = try #require(caller.backend.asked.first?.context)
    #expect(context.deadline == nil)
  }
}

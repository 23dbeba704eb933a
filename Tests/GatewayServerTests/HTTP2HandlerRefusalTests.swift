// SPDX-License-Identifier: Apache-2.0

import GRPCWire
import GatewayTestKit
import HTTP2Engine
import JobsAPI
import Logging
import Testing

@testable import GatewayServer

/// Calls that are refused, by the backend or before it is asked.
struct HTTP2HandlerRefusalTests {
  private static let describeMethod = #"method="DescribeJobExecution""#

  @Test func `a failure is trailers only, with its details`() async throws {
    var refusal = AWSRefusal(
      name: "ThrottlingException", httpStatus: 429, message: "Rate exceeded", kind: .throttled)
    refusal.retryAfterMilliseconds = 250
    let failure = JobsFailure(
      .refused(refusal), trace: UpstreamTrace(awsRequestID: "aws-1", attempts: 3))
    let caller = try await Caller(.fail(failure))
    let answer = try await caller.call(Request(.describe).adding("x-request-id", "r-1"))

    #expect(answer.isTrailersOnly)
    let call = JobsCall.describe(DescribeJobExecution(thingName: "t1", jobID: "j1"))
    let mapped = StatusMapping.failure(for: failure, of: call)
    #expect(answer.details == mapped.details.wireBytes())
    #expect(
      answer.headers.filter { !$0.hasPrefix("grpc-status-details-bin") } == [
        ":status: 200", "content-type: application/grpc", "x-request-id: r-1", "grpc-status: 8",
        "grpc-message: Rate exceeded", "grpc-retry-pushback-ms: 250", "x-amzn-requestid: aws-1",
        "x-gateway-attempts: 3",
      ])
    #expect(caller.counted == [Self.describeMethod + #",code="RESOURCE_EXHAUSTED""#: 1])
    #expect(caller.inFlight == 0)
  }

  @Test func `a write of unknown outcome forbids repeating`() async throws {
    let caller = try await Caller(.fail(JobsFailure(.interrupted("reset"))))
    let answer = try await caller.call(Request(.update))
    #expect(answer.status == "2")
    #expect(answer["grpc-retry-pushback-ms"] == "-1")
  }

  @Test(arguments: ["GET", "PUT", "post"])
  func `another method than POST is 405`(method: String) async throws {
    let caller = try await Caller()
    var request = Request(.describe)
    request.method = method
    let answer = try await caller.call(request)
    #expect(answer.headers == [":status: 405", "content-type: text/plain", "allow: POST"])
    #expect(!answer.body.isEmpty)
    #expect(answer.status == nil)
    #expect(caller.backend.calls.isEmpty)
    #expect(caller.counted == [#"method="unknown",code="UNKNOWN""#: 1])
  }

  @Test(arguments: [nil, "application/json", "application/grpc-web", "application/grpc+json"])
  func `another content type is 415`(contentType: String?) async throws {
    let caller = try await Caller()
    var request = Request(.describe)
    request.contentType = contentType
    let answer = try await caller.call(request)
    #expect(answer.headers == [":status: 415", "content-type: text/plain"])
    #expect(answer.isEnded)
    #expect(caller.counted == [#"method="unknown",code="UNKNOWN""#: 1])
  }

  /// A request whose header list is over the limit of 16 KiB.
  private func sendTooLarge(_ request: Request, to caller: Caller) async throws {
    let padding = String(repeating: "x", count: 8_000)
    let large = request.adding("a", padding).adding("b", padding).adding("c", "more")
      .adding("d", String(repeating: "y", count: 300))
    let block = Frame.literals(large.headers)
    try await caller.send(
      Frame(type: 1, streamID: 1, payload: Array(block.prefix(16_000))),
      .continuation(Array(block.dropFirst(16_000)), on: 1, last: true),
      .data(large.body, on: 1, endStream: true))
  }

  @Test func `too much metadata is told in gRPC's words, and the connection goes on`() async throws
  {
    let caller = try await Caller()
    try await self.sendTooLarge(Request(.describe), to: caller)
    let answer = try await caller.answer()
    #expect(answer.isTrailersOnly)
    #expect(answer.status == "8")
    #expect(answer.details != nil)
    #expect(caller.backend.calls.isEmpty)
    #expect(caller.counted == [#"method="unknown",code="RESOURCE_EXHAUSTED""#: 1])
    #expect(try await caller.call(Request(.describe), on: 3).status == "0")
  }

  @Test func `too many header bytes of what is no gRPC are 431`() async throws {
    let caller = try await Caller()
    var request = Request(.describe)
    request.contentType = "text/html"
    try await self.sendTooLarge(request, to: caller)
    #expect(try await caller.answer().headers == [":status: 431", "content-type: text/plain"])
    #expect(caller.counted == [#"method="unknown",code="UNKNOWN""#: 1])
  }

  @Test(arguments: [
    "/iot.jobs.dataplane.v1.JobsDataPlaneService/DeleteJobExecution",
    "/iot.jobs.dataplane.v1.JobsDataPlaneService/", "/", "*",
    "/iot.jobs.dataplane.v1.JobsDataPlaneService/describejobexecution",
    "/iot.jobs.dataplane.v1.JobsDataPlaneService/DescribeJobExecution?x=1",
  ])
  func `an unknown method is UNIMPLEMENTED`(path: String) async throws {
    let caller = try await Caller()
    var request = Request(.describe)
    request.path = path
    if path == "*" { request.path = "/*" }
    let answer = try await caller.call(request.adding("x-request-id", "r-1"))
    #expect(answer.isTrailersOnly)
    #expect(answer.status == "12")
    #expect(answer["grpc-message"] == "unknown method")
    #expect(answer["x-request-id"] == "r-1")
    #expect(answer.details != nil)
    #expect(caller.counted == [#"method="unknown",code="UNIMPLEMENTED""#: 1])
  }

  @Test func `compression is refused with what is accepted`() async throws {
    let caller = try await Caller()
    let answer = try await caller.call(Request(.describe).adding("grpc-encoding", "snappy"))
    #expect(answer.status == "12")
    #expect(answer["grpc-accept-encoding"] == "identity,gzip")
    #expect(caller.counted == [#"method="unknown",code="UNIMPLEMENTED""#: 1])
  }

  @Test func `a timeout that cannot be read is INVALID_ARGUMENT`() async throws {
    let caller = try await Caller()
    let answer = try await caller.call(Request(.describe).adding("grpc-timeout", "soon"))
    #expect(answer.status == "3")
    #expect(caller.counted == [#"method="unknown",code="INVALID_ARGUMENT""#: 1])
  }

  struct BadBody: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var body: [UInt8]
    var code: GRPCStatusCode
  }

  static let badBodies = [
    BadBody(testDescription: "no message", body: [], code: .unimplemented),
    BadBody(
      testDescription: "two messages", body: Request(.describe).body + Request(.describe).body,
      code: .unimplemented),
    BadBody(testDescription: "a cut prefix", body: [0, 0, 0], code: .internal),
    BadBody(
      testDescription: "a cut message", body: Request(.describe).body.dropLast(), code: .internal),
    BadBody(
      testDescription: "a compressed message", body: [1] + Request(.describe).body.dropFirst(),
      code: .internal),
    BadBody(
      testDescription: "a message over the limit", body: [0, 0, 1, 0, 1],
      code: .resourceExhausted),
    BadBody(
      testDescription: "bytes that are no message", body: Request.frame([0xFF, 0xFF]),
      code: .invalidArgument),
    BadBody(
      testDescription: "text that is not UTF-8", body: Request.frame([0x0A, 1, 0xFF]),
      code: .invalidArgument),
    BadBody(
      testDescription: "a thing without a name", body: Request.frame([]), code: .invalidArgument),
  ]

  @Test(arguments: badBodies)
  func `a request that is not one valid message is refused`(bad: BadBody) async throws {
    let caller = try await Caller()
    var request = Request(.describe)
    request.body = bad.body
    let answer = try await caller.call(request)
    #expect(answer.isTrailersOnly)
    #expect(answer.status == "\(bad.code.rawValue)")
    #expect(answer.details != nil)
    #expect(caller.backend.calls.isEmpty)
    #expect(caller.counted == [Self.describeMethod + #",code="\#(bad.code.name)""#: 1])
    #expect(caller.inFlight == 0)
    // The connection is none the worse for it.
    #expect(try await caller.call(Request(.describe), on: 3).status == "0")
  }

  @Test func `a request of headers alone has no message`() async throws {
    let caller = try await Caller()
    try await caller.send(.headers(Request(.describe).headers, on: 1, endStream: true))
    #expect(try await caller.answer().status == "12")
    #expect(caller.inFlight == 0)
  }

  @Test func `the limit on messages is the one that was set`() async throws {
    let body = Request(.describe).body
    let caller = try await Caller(callLimits: CallLimits(requestBytes: body.count - 5))
    #expect(try await caller.call(Request(.describe)).status == "0")
    let strict = try await Caller(callLimits: CallLimits(requestBytes: body.count - 6))
    #expect(try await strict.call(Request(.describe)).status == "8")
  }

  @Test func `what anybody can cause with few bytes is no warning`() async throws {
    let lines = KeptLines.Lines()
    let logger = Logger(label: "test") { _ in KeptLines(lines: lines) }
    let caller = try await Caller(.fail(JobsFailure(.unreachable("refused"))), logger: logger)
    var flagged = Request(.describe)
    flagged.body[0] = 2
    #expect(try await caller.call(flagged).status == "13")
    #expect(lines.all.map { $0["level"] } == ["info"])
    #expect(try await caller.call(Request(.describe), on: 3).status == "14")
    #expect(lines.all.map { $0["level"] } == ["info", "warning"])
  }

  @Test func `what follows a refusal on its stream is ignored`() async throws {
    let caller = try await Caller()
    try await caller.send(.headers(Request(.describe).headers, on: 1))
    try await caller.send(.data([1, 0, 0, 0, 0], on: 1))
    #expect(try await caller.answer().status == "13")
    try await caller.send(.data([0, 0, 0, 0, 0], on: 1, endStream: true))
    _ = try await caller.takeFrames()
    #expect(caller.counted.values.reduce(0, +) == 1)
    #expect(try await caller.call(Request(.describe), on: 3).status == "0")
  }
}

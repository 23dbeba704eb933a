// SPDX-License-Identifier: Apache-2.0

import GRPCWire
import HTTP2Engine
import JobsAPI
import Testing

@testable import GatewayServer

struct HTTP2HandlerCompressionTests {
  /// A call of a caller that sends gzip, and its message compressed if that makes it smaller.
  private static func request(accepting accepted: String? = nil) -> Request {
    // Long enough, and a field that nobody knows.
    let padding = Request.text(15, String(repeating: "x", count: 100))
    var request = Request(.describe).adding("grpc-encoding", "gzip")
    request.body = Request.frame(request.body.dropFirst(5) + padding)
    request.body = MessageFraming.compressed(request.body) ?? []
    return accepted.map { request.adding("grpc-accept-encoding", $0) } ?? request
  }

  private static func message(of answer: Answer) throws -> [UInt8]? {
    var deframer = MessageDeframer(limitBytes: 10_000, encoding: .gzip)
    var position = 0
    return try deframer.nextMessage(in: answer.body.span, from: &position)
  }

  /// What a caller without gzip gets.
  private static func plainBody() async throws -> [UInt8] {
    try await Caller().call(Request(.describe)).body
  }

  @Test func `a compressed request is read, and its caller told what is taken`() async throws {
    let caller = try await Caller()
    let answer = try await caller.call(Self.request())
    #expect(answer.status == "0")
    #expect(answer["grpc-accept-encoding"] == "identity,gzip")
    #expect(answer["grpc-encoding"] == nil)
    #expect(answer.body == (try await Self.plainBody()))
    #expect(caller.backend.calls.map(\.thingName) == ["t1"])
  }

  @Test func `an answer over the limit is compressed if that makes it smaller`() async throws {
    var execution = ScriptedBackend.execution
    execution.jobDocument = String(repeating: "press ", count: 100)
    let reply = RPCReply(UpstreamTrace()) { WireResponse.appendDescribe(execution, to: &$0) }
    for limit in [reply.frame.count - 6, reply.frame.count - 5] {
      var response = RPCResponse.reply(reply, requestID: "r-1")
      RPCResponse.encode(&response, ifAbove: limit)
      let isCompressed = limit < reply.frame.count - 5
      #expect((response.body != reply.frame) == isCompressed)
      #expect((response.body.first == 1) == isCompressed)
    }
  }

  @Test func `an answer that gains nothing goes out as it is`() async throws {
    let caller = try await Caller(callLimits: CallLimits(compressAboveBytes: 0))
    let answer = try await caller.call(Self.request())
    #expect(answer["grpc-encoding"] == nil)
    #expect(answer.body == (try await Self.plainBody()))
  }

  @Test(arguments: [(nil, true), ("gzip", true), ("identity", false)])
  func `an answer is compressed for who takes it`(accepted: String?, isTaken: Bool) async throws {
    let caller = try await Caller(callLimits: CallLimits(compressAboveBytes: 0))
    caller.backend.give(document: String(repeating: "press ", count: 100))
    let answer = try await caller.call(Self.request(accepting: accepted))
    #expect(answer["grpc-encoding"] == (isTaken ? "gzip" : nil))
    #expect(answer.body.first == (isTaken ? 1 : 0))
    #expect(try Self.message(of: answer)?.count ?? 0 > 600)
  }

  @Test func `a caller without gzip is told nothing of it`() async throws {
    let caller = try await Caller(callLimits: CallLimits(compressAboveBytes: 0))
    let request = Request(.describe).adding("grpc-accept-encoding", "identity,deflate,gzip")
    let answer = try await caller.call(request)
    #expect(answer["grpc-encoding"] == nil && answer["grpc-accept-encoding"] == nil)
    #expect(answer.body == (try await Self.plainBody()))
  }

  @Test func `a failed call tells what is taken too`() async throws {
    let caller = try await Caller(.fail(JobsFailure(.draining)))
    let answer = try await caller.call(Self.request())
    #expect(answer.isTrailersOnly && answer.status == "14")
    #expect(answer["grpc-accept-encoding"] == "identity,gzip")
  }

  @Test func `a message that is flagged and no gzip is INTERNAL`() async throws {
    let caller = try await Caller()
    var request = Self.request()
    request.body[6] ^= 1
    let answer = try await caller.call(request)
    #expect(answer.status == "13")
    #expect(caller.backend.calls.isEmpty)
  }

  @Test func `a bomb is RESOURCE_EXHAUSTED, and the next call is served`() async throws {
    let caller = try await Caller(callLimits: CallLimits(requestBytes: 1_024))
    var request = Self.request()
    request.body = try #require(
      MessageFraming.compressed(Request.frame([UInt8](repeating: 0, count: 100_000))))
    let answer = try await caller.call(request)
    #expect(answer.status == "8")
    #expect(caller.backend.calls.isEmpty)
    #expect(try await caller.call(Self.request(), on: 3).status == "0")
  }

  @Test func `binary metadata must be base64`() async throws {
    let caller = try await Caller()
    let bad = try await caller.call(Request(.describe).adding("x-blob-bin", "A"))
    #expect(bad.status == "3")
    #expect(bad["grpc-message"]?.contains("x-blob-bin") == true)
    #expect(caller.counted == [#"method="unknown",code="INVALID_ARGUMENT""#: 1])
    let good = Request(.describe).adding("x-blob-bin", "AA==,AAA").adding("x-bin-not", "A")
    #expect(try await caller.call(good, on: 3).status == "0")
  }
}

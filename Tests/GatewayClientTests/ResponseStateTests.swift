// SPDX-License-Identifier: Apache-2.0

import GRPCWire
import HTTP2Engine
import JobsAPI
import Testing

@testable import GatewayClient

@Suite struct ResponseStateTests {
  private static func fields(_ pairs: (StaticString, String)...) -> ResponseMetadata {
    var fields = HeaderFields()
    for (name, value) in pairs { fields.append(name, text: value) }
    return ResponseMetadata(fields)
  }

  private static let head = Self.fields(
    (":status", "200"), ("content-type", "application/grpc"))
  private static let ok = Self.fields(("grpc-status", "0"))

  private static func opened(limit: Int = 100) -> ResponseState {
    var state = ResponseState(messageLimitBytes: limit)
    #expect(state.receivedHead(Self.head) == .opened)
    return state
  }

  @Test func `a response is a head, messages and a status`() {
    var state = Self.opened()
    var messages: [[UInt8]] = []
    #expect(state.receivedData([0, 0, 0, 0, 2, 8].span, into: &messages) == nil)
    #expect(messages.isEmpty)
    #expect(state.receivedData([1, 0, 0, 0, 0, 0].span, into: &messages) == nil)
    #expect(messages == [[8, 1], []])
    #expect(
      state.receivedTrailers(Self.ok) == .ended(CallEnd(status: .ok, trailers: Self.ok)))
    // Nothing that comes later changes it.
    #expect(state.receivedTrailers(Self.ok) == .ignore)
    #expect(state.receivedHead(Self.head) == .ignore)
    #expect(state.receivedData([9].span, into: &messages) == nil && messages.count == 2)
    #expect(state.closed(.cancelled) == .ignore)
  }

  @Test func `a status in the head is all there is`() {
    var state = ResponseState(messageLimitBytes: 100)
    let head = Self.fields(
      (":status", "200"), ("content-type", "application/grpc"), ("grpc-status", "5"),
      ("grpc-message", "no such %C3%A9 thing"))
    #expect(
      state.receivedHead(head)
        == .ended(CallEnd(status: GRPCStatus(.notFound, "no such é thing"), trailers: head)))
    #expect(state.closed(.cancelled) == .ignore)
  }

  @Test func `details are read, and their loss costs the status nothing`() throws {
    var rich = RichStatus(code: 14, message: "later")
    rich.errorInfo = RichStatus.ErrorInfo(reason: "THROTTLED", domain: "d")
    rich.retryDelayMilliseconds = 250
    let text = String(decoding: Base64.encode(rich.wireBytes().span), as: UTF8.self)
    for (value, details) in [(text, rich), ("%%%", nil), ("AAAA", nil)] as [(String, RichStatus?)] {
      var state = ResponseState(messageLimitBytes: 100)
      let head = Self.fields(
        (":status", "200"), ("grpc-status", "14"), ("grpc-message", "later"),
        ("grpc-status-details-bin", value))
      #expect(
        state.receivedHead(head)
          == .ended(
            CallEnd(status: GRPCStatus(.unavailable, "later"), details: details, trailers: head)))
    }
  }

  @Test(arguments: [
    ("17", GRPCStatusCode.unknown), ("x", .unknown), ("", .unknown), ("16", .unauthenticated),
  ])
  func `a code that nobody defined is UNKNOWN`(digits: String, code: GRPCStatusCode) {
    var state = Self.opened()
    let trailers = Self.fields(("grpc-status", digits))
    #expect(
      state.receivedTrailers(trailers)
        == .ended(CallEnd(status: GRPCStatus(code), trailers: trailers)))
  }

  @Test func `what is no gRPC is said to be none`() {
    for (status, type) in [("200", "text/html"), ("502", "application/grpc"), ("404", "")] {
      var state = ResponseState(messageLimitBytes: 100)
      let head = Self.fields((":status", status), ("content-type", type))
      #expect(state.receivedHead(head) == .failed(.notGRPC(httpStatus: Int(status) ?? 0)))
      #expect(state.receivedHead(head) == .ignore)
    }
  }

  @Test func `an encoding that was not asked for is refused, and gzip is taken`() {
    var state = ResponseState(messageLimitBytes: 100)
    let type: (StaticString, String) = ("content-type", "application/grpc+proto")
    #expect(
      state.receivedHead(Self.fields((":status", "200"), type, ("grpc-encoding", "snappy")))
        == .failed(.malformed("grpc-encoding snappy was not asked for")))
    var other = ResponseState(messageLimitBytes: 100)
    #expect(
      other.receivedHead(Self.fields((":status", "200"), type, ("grpc-encoding", "gzip")))
        == .opened)
  }

  @Test func `a message over the limit ends the call`() {
    var state = Self.opened(limit: 3)
    var messages: [[UInt8]] = []
    let failure = state.receivedData([0, 0, 0, 0, 4].span, into: &messages)
    #expect(failure == .malformed("message of 4 bytes is over the limit of 3 bytes"))
    #expect(messages.isEmpty && state.closed(.cancelled) == .ignore)
  }

  @Test func `a response that breaks off has failed`() {
    var cut = Self.opened()
    var messages: [[UInt8]] = []
    _ = cut.receivedData([0, 0, 0, 0, 2, 8].span, into: &messages)
    #expect(
      cut.receivedTrailers(Self.ok)
        == .failed(.malformed("the response ended within a message")))
    var bare = Self.opened()
    #expect(
      bare.receivedTrailers(Self.fields(("x", "y")))
        == .failed(.malformed("no grpc-status in the trailers")))
    var open = Self.opened()
    #expect(open.closed(.notTaken) == .failed(.notTaken))
    #expect(open.closed(.cancelled) == .ignore)
    var waiting = ResponseState(messageLimitBytes: 1)
    #expect(waiting.closed(.deadlineExceeded) == .failed(.deadlineExceeded))
    #expect(waiting.receivedHead(Self.head) == .ignore)
  }

  @Test func `how a stream closed says what is known of the call`() {
    #expect(CallFailure(closedWith: .refusedStream) == .notTaken)
    #expect(
      CallFailure(closedWith: .noError)
        == .malformed("the response ended without a status"))
    #expect(CallFailure(closedWith: .internalError) == .reset(.internalError))
  }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRPCWire
import HTTP2Engine
import JobsAPI
import Testing

@testable import GatewayServer

struct RPCResponseTests {
  /// What many HTTP/2 stacks take of trailers in all.
  private static let trailerLimitBytes = 8_192

  private func answer(_ response: HTTP2Response) -> Answer {
    var answer = Answer(body: response.body, isEnded: true)
    answer.headers = response.headers.lines
    answer.trailers = response.trailers.lines
    return answer
  }

  private func failure(_ failure: RPCFailure) -> Answer {
    self.answer(RPCResponse.failure(failure, requestID: String(repeating: "r", count: 128)))
  }

  /// Three bytes a character, and each byte grows to three in `grpc-message`.
  private static let huge = String(repeating: "日", count: 20_000)

  @Test func `a huge message stays within what clients take`() {
    let answer = self.failure(RPCFailure(.internal, .malformedResponse, message: Self.huge))
    #expect(answer.headerListBytes < Self.trailerLimitBytes)
    #expect(answer["grpc-message"]?.isEmpty == false)
    #expect(answer.details?.isEmpty == false)
  }

  @Test(arguments: [String(repeating: "a b", count: 1_000), Self.huge])
  func `a long message is the same in both of its places`(text: String) {
    let answer = self.failure(RPCFailure(.unavailable, .connection, message: text))
    let decoded = answer["grpc-message"]?.removingPercentEncoding ?? ""
    let count = decoded.utf8.count
    #expect(count > 400 && text.hasPrefix(decoded))
    // Field 2 of google.rpc.Status, with its length in two bytes.
    let field = [0x12, UInt8(count & 0x7F) | 0x80, UInt8(count >> 7)] + Array(decoded.utf8)
    #expect(answer.details.map { Data($0).range(of: Data(field)) != nil } == true)
  }

  @Test(arguments: [30, 4_000])
  func `a message is the same in both of its places, whatever the details lack`(facts: Int) {
    var failure = RPCFailure(
      .invalidArgument, .invalidField, message: String(repeating: "a", count: 900))
    failure.violations = (0..<30).map { FieldViolation(field: "f\($0)", rule: failure.message) }
    failure.facts = [.init(name: "fact", value: String(repeating: "b", count: facts))]
    let answer = self.failure(failure)
    let message = answer["grpc-message"] ?? ""
    let field = [0x12, UInt8(message.utf8.count & 0x7F) | 0x80, UInt8(message.utf8.count >> 7)]
    let details = Data(answer.details ?? [])
    // Without any message there is no such field at all.
    let isThere = details.range(of: Data(field + Array(message.utf8))) != nil
    #expect(isThere == !message.isEmpty)
    #expect(failure.message.hasPrefix(message))
  }

  @Test func `huge details stay within what clients take`() {
    var state = JobExecutionState()
    state.versionNumber = 3
    state.statusDetails = StatusDetails(
      (0..<10).map { ("k\($0)", String(Self.huge.prefix(1_024))) })
    var refusal = AWSRefusal(
      name: "InvalidStateTransitionException", httpStatus: 409, message: Self.huge,
      kind: .invalidStateTransition)
    refusal.executionState = state
    let trace = UpstreamTrace(awsRequestID: "aws-1", attempts: 7)
    let failure = StatusMapping.failure(
      for: JobsFailure(.refused(refusal), trace: trace), of: StatusMappingTests.writes[1])
    let answer = self.failure(failure)
    #expect(answer.headerListBytes < Self.trailerLimitBytes)
    #expect(answer.status == "9")
    #expect(answer["x-gateway-attempts"] == "7")
  }

  @Test func `many violations stay within what clients take`() {
    let violations = (0..<500).map { FieldViolation(field: "f\($0)", rule: Self.huge) }
    let answer = self.failure(StatusMapping.invalid(violations))
    #expect(answer.headerListBytes < Self.trailerLimitBytes)
    #expect(answer.status == "3")
  }

  @Test func `an id of AWS's that is too long to be one stays within what clients take`() {
    let trace = UpstreamTrace(awsRequestID: String(repeating: "a", count: 100_000), attempts: 1)
    let answer = self.failure(
      RPCFailure(.unavailable, .serviceUnavailable, message: "m", trace: trace))
    #expect(answer.headerListBytes < Self.trailerLimitBytes)
    let reply = RPCReply(trace) { WireResponse.appendDescribe(nil, to: &$0) }
    #expect(
      self.answer(RPCResponse.reply(reply, requestID: "r")).headerListBytes
        < Self.trailerLimitBytes)
  }

  @Test func `a message cannot bring a field of its own`() {
    let answer = self.failure(
      RPCFailure(.internal, .malformedResponse, message: "a\r\ngrpc-status: 0\0b"))
    #expect(answer["grpc-message"] == "a%0D%0Agrpc-status: 0%00b")
    #expect(answer.status == "13")
    #expect(answer.headers.filter { $0.hasPrefix("grpc-status:") }.count == 1)
  }

  @Test(arguments: ["", "a\nb", "a\u{1B}b", " a", "é", String(repeating: "a", count: 129)])
  func `an id of AWS's that could spoil a trailer is left out`(id: String) {
    let trace = UpstreamTrace(awsRequestID: id, attempts: 1)
    let answer = self.failure(
      RPCFailure(.unavailable, .serviceUnavailable, message: "m", trace: trace))
    #expect(answer["x-amzn-requestid"] == nil)
    #expect(answer["x-gateway-attempts"] == "1")
  }

  @Test(arguments: [
    (RetryHint.unspecified, String?.none, Int64?.none), (.after(milliseconds: 250), "250", 250),
    (.after(milliseconds: 0), "0", 0), (.never, "-1", nil),
  ])
  func `the hint is a trailer, and RetryInfo if there is a wait`(
    hint: RetryHint, pushback: String?, delay: Int64?
  ) {
    let failure = RPCFailure(.unavailable, .connection, message: "m", retry: hint)
    #expect(self.failure(failure)["grpc-retry-pushback-ms"] == pushback)
    #expect(failure.details.retryDelayMilliseconds == delay)
  }

  @Test(arguments: [0, 1, 2, 12])
  func `attempts are told if there were any`(attempts: Int) {
    let reply = RPCReply(UpstreamTrace(attempts: attempts)) { _ in }
    let answer = self.answer(RPCResponse.reply(reply, requestID: "r"))
    #expect(answer["x-gateway-attempts"] == (attempts == 0 ? nil : "\(attempts)"))
  }

  @Test(arguments: CacheResult.Outcome.allCases)
  func `how an answer relates to stored ones is told in its headers`(
    outcome: CacheResult.Outcome
  ) {
    let trace = UpstreamTrace(cache: CacheResult(outcome, ageSeconds: 7))
    let reply = self.answer(RPCResponse.reply(RPCReply(trace) { _ in }, requestID: "r"))
    let failure = self.failure(RPCFailure(.notFound, .resourceNotFound, message: "m", trace: trace))
    for answer in [reply, failure] {
      #expect(answer.headers.contains("x-cache: \(outcome.rawValue)"))
      #expect(answer.headers.contains("age: 7"))
    }
  }

  @Test func `what was not stored has no age, and what no cache looked at has no word`() {
    for (cache, word) in [(CacheResult(.miss), "miss"), (nil, nil)] {
      let trace = UpstreamTrace(cache: cache)
      let reply = self.answer(RPCResponse.reply(RPCReply(trace) { _ in }, requestID: "r"))
      let failure = self.failure(RPCFailure(.unknown, .timeout, message: "m", trace: trace))
      for answer in [reply, failure] {
        #expect(answer["x-cache"] == word)
        #expect(answer["age"] == nil)
      }
    }
  }

  @Test func `a refused thing is told its quota and its wait in every form`() {
    let failure = StatusMapping.failure(
      for: JobsFailure(.thingLimited(.write, retryAfterMilliseconds: 1_250)),
      of: StatusMappingTests.writes[1])
    let answer = self.failure(failure)
    #expect(answer.status == "8")
    #expect(answer["grpc-retry-pushback-ms"] == "1250")
    #expect(answer["grpc-message"] == "the thing's limit of writes is used up")
    #expect(answer.details == failure.details.wireBytes())
  }

  @Test func `an empty message is not sent`() {
    #expect(self.failure(RPCFailure(.cancelled, .cancelled, message: ""))["grpc-message"] == nil)
  }

  @Test func `a HEAD request is told without a body`() {
    let answer = self.answer(RPCResponse.rejection(.headNotAllowed))
    #expect(answer.headers.first == ":status: 405")
    #expect(answer["allow"] == "POST")
    #expect(answer.body.isEmpty)
  }

  @Test(arguments: [
    (HTTPRejection.methodNotAllowed, "405"), (.unsupportedMediaType, "415"),
    (.headersTooLarge, "431"),
  ])
  func `what is no gRPC is told so in HTTP's words`(rejection: HTTPRejection, status: String) {
    let answer = self.answer(RPCResponse.rejection(rejection))
    #expect(answer.headers.first == ":status: \(status)")
    #expect(answer["allow"] == (rejection == .methodNotAllowed ? "POST" : nil))
    #expect(answer["content-type"] == "text/plain")
    #expect(!answer.body.isEmpty)
    #expect(answer.status == nil)
  }
}

extension HeaderFields {
  /// As a peer would read them.
  fileprivate var lines: [String] {
    (0..<self.count).map { position in
      let field = self[position]
      return String(decoding: field.name, as: UTF8.self) + ": "
        + String(decoding: field.value, as: UTF8.self)
    }
  }
}

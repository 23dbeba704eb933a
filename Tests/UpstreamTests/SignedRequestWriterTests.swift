// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import AWSSigning
import JobsAPI
import Foundation
import NIOCore
import Testing

@testable import Upstream

private let credential = Credential(
  accessKeyID: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  sessionToken: "token/+=")

private func write(
  _ request: RESTRequest, url: String = "http://Example.COM:8181/base/",
  credential: Credential = credential, agent: String = "agent/1", attempt: Int = 1,
  max: Int = 1, _ context: CallContext = CallContext(requestID: "r")
) throws -> [String] {
  var numbers = SplitMix(seed: 7)
  var writer = try SignedRequestWriter(
    endpoint: try #require(HTTPURL(url)), region: "us-east-1", userAgent: agent)
  let time = try #require(SigningTime(stamp: "20260102T030405Z"))
  let bytes = try writer.write(
    request,
    SignedRequestWriter.Attempt(
      call: CallAttempt(
        number: attempt, maximum: max, invocation: RandomUUID(using: &numbers)), time: time,
      credential: credential),
    in: context)
  return String(buffer: bytes).components(separatedBy: "\r\n")
}

/// What the signer itself makes of the same request.
private func authorization(
  method: String, target: String, body: [UInt8]? = nil
) throws -> String {
  var signer = try RequestSigner(region: "us-east-1")
  let bytes = Array(target.utf8)
  let content = body ?? []
  return try signer.sign(
    method: method, target: bytes.span, host: "example.com:8181",
    headers: body == nil ? [] : [("content-type", "application/json")], body: content.span,
    credential: credential, at: try #require(SigningTime(stamp: "20260102T030405Z"))
  ).authorization
}

@Suite struct SignedRequestWriterTests {
  /// The id that the seed of these tests gives.
  private static var invocation: String {
    var numbers = SplitMix(seed: 7)
    return RandomUUID(using: &numbers).text
  }

  @Test func `a read is a head and nothing else`() throws {
    var call = DescribeJobExecution(thingName: "a:b", jobID: "$next")
    call.includeJobDocument = false
    let lines = try write(call.restRequest)
    let target = "/base/things/a%3Ab/jobs/%24next?includeJobDocument=false"
    #expect(
      lines == [
        "GET \(target) HTTP/1.1",
        "Host: example.com:8181",
        "User-Agent: agent/1",
        "Accept-Encoding: identity",
        "X-Amz-Date: 20260102T030405Z",
        "X-Amz-Security-Token: token/+=",
        "Authorization: \(try authorization(method: "GET", target: target))",
        "amz-sdk-invocation-id: \(Self.invocation)",
        "amz-sdk-request: attempt=1",
        "", "",
      ])
  }

  @Test func `a write carries its body, its length and its type, signed`() throws {
    let call = StartNextPendingJobExecution(thingName: "t")
    let lines = try write(call.restRequest, attempt: 2, max: 2)
    let target = "/base/things/t/jobs/$next"
    #expect(lines.first == "PUT \(target) HTTP/1.1")
    let expected = try authorization(method: "PUT", target: target, body: Array("{}".utf8))
    #expect(lines.contains("Authorization: \(expected)"))
    #expect(expected.contains("SignedHeaders=content-type;host;"))
    #expect(lines.contains("amz-sdk-request: attempt=2; max=2"))
    #expect(
      lines.suffix(4) == ["Content-Type: application/json", "Content-Length: 2", "", "{}"])
  }

  @Test func `trace context is passed on, unsigned`() throws {
    var context = CallContext(requestID: "r")
    context.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    context.tracestate = "congo=t61rcWkgMzE"
    let lines = try write(GetPendingJobExecutions(thingName: "t").restRequest, context)
    #expect(
      lines.suffix(4) == [
        "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "tracestate: congo=t61rcWkgMzE", "", "",
      ])
  }

  @Test(arguments: [
    "x\r\nEvil: 1", "x\nEvil: 1", "x\u{0}", "", "é", String(repeating: "x", count: 513),
  ])
  func `a caller's value cannot become a header of its own`(value: String) throws {
    var context = CallContext(requestID: value)
    context.traceparent = value
    context.tracestate = value
    let plain = try write(GetPendingJobExecutions(thingName: "t").restRequest)
    #expect(try write(GetPendingJobExecutions(thingName: "t").restRequest, context) == plain)
    context.traceparent = "00-1-2-03"
    #expect(
      try write(GetPendingJobExecutions(thingName: "t").restRequest, context).count
        == plain.count + 1)
  }

  @Test func `a thing's name cannot leave the request line`() throws {
    let call = DescribeJobExecution(thingName: "t HTTP/1.1\r\nEvil: 1\r\n", jobID: "../\u{0}")
    let lines = try write(call.restRequest)
    #expect(
      lines.first
        == "GET /base/things/t%20HTTP%2F1.1%0D%0AEvil%3A%201%0D%0A/jobs/..%2F%00 HTTP/1.1")
    #expect(lines.count == 11)
  }

  @Test func `a token that cannot be a header is refused`() throws {
    let bad = Credential(accessKeyID: "A", secretAccessKey: "s", sessionToken: "t\r\nEvil: 1")
    #expect(throws: SigningError.self) {
      try write(GetPendingJobExecutions(thingName: "t").restRequest, credential: bad)
    }
  }

  @Test func `a user agent is made printable`() throws {
    let lines = try write(GetPendingJobExecutions(thingName: "t").restRequest, agent: "a\r\nb")
    #expect(lines.contains("User-Agent: a??b"))
  }
}

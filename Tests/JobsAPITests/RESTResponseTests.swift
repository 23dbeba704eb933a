// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import JobsAPI

/// AWS's answers and what we make of them (Tests/Vectors/parse.json).
struct RESTResponseTests {
  /// What came of reading a response: the answer, written as AWS's JSON, or a failure.
  private typealias Outcome = Result<JSONTree, JobsFailure>

  private static func read(
    _ operation: String, _ head: RESTResponseHead, _ body: [UInt8]
  ) throws -> Outcome? {
    let answer: [UInt8]
    do throws(JobsFailure) {
      switch operation {
      case "DescribeJobExecution":
        let call = DescribeJobExecution(thingName: "t", jobID: "j")
        answer = JobExecution.answerBody(try call.readReply(head, body: body.span))
      case "GetPendingJobExecutions":
        let call = GetPendingJobExecutions(thingName: "t")
        answer = try call.readReply(head, body: body.span).answerBody
      case "StartNextPendingJobExecution":
        let call = StartNextPendingJobExecution(thingName: "t")
        answer = JobExecution.answerBody(try call.readReply(head, body: body.span))
      case "UpdateJobExecution":
        let call = UpdateJobExecution(thingName: "t", jobID: "j", status: .succeeded)
        answer = try call.readReply(head, body: body.span).answerBody
      default:
        return nil
      }
    } catch {
      return .failure(error)
    }
    return .success(try JSONTree.parse(answer))
  }

  private static func response(_ test: JSONTree) -> (head: RESTResponseHead, body: [UInt8]) {
    let response = test["response"] ?? .null
    var head = RESTResponseHead(status: Int(response["status"]?.integer ?? 0))
    for pair in response["headers"]?.array ?? [] {
      let value = pair.array?.last?.string
      switch pair.array?.first?.string?.lowercased() {
      case "x-amzn-errortype": head.errorType = value
      case "x-amzn-requestid": head.requestID = value
      default: break
      }
    }
    if let text = response["body"]?.string { return (head, Array(text.utf8)) }
    let data = response["bodyBase64"]?.string.flatMap { Data(base64Encoded: $0) } ?? Data()
    return (head, Array(data))
  }

  @Test func `every case is answered or refused as it should be`() throws {
    var seen: [String: Int] = [:]
    for test in try vectorCases("parse.json") {
      let id = Comment(rawValue: test["id"]?.string ?? "")
      let (head, body) = Self.response(test)
      guard let outcome = try Self.read(test["operation"]?.string ?? "", head, body) else {
        continue
      }
      let verdict = try #require(test["gateway"]?.string)
      let expected = try #require(test["expected"])
      seen[verdict, default: 0] += 1
      switch (verdict, expected["outcome"]?.string) {
      case ("same", "result"):
        try self.expect(outcome, toShow: expected, of: test["operation"]?.string, id)
      case ("same", "error"):
        self.expect(outcome, toRefuseLike: expected, id)
      case ("reject", _):
        let failure = self.failure(of: outcome)
        #expect(failure != nil, id)
      default:
        #expect(verdict == "either", id)
      }
    }
    #expect(seen == ["same": 72, "either": 6, "reject": 8])
  }

  private func failure(of outcome: Outcome) -> JobsFailure? {
    guard case .failure(let failure) = outcome else { return nil }
    return failure
  }

  private func expect(
    _ outcome: Outcome, toShow expected: JSONTree, of operation: String?, _ id: Comment
  ) throws {
    var result = try #require(expected["result"]?.withoutNulls.object, id)
    // Absent lists are empty ones to us.
    if operation == "GetPendingJobExecutions" {
      for list in ["inProgressJobs", "queuedJobs"] where result[list] == nil {
        result[list] = .array([])
      }
    }
    #expect(outcome == .success(.object(result)), id)
  }

  private func expect(_ outcome: Outcome, toRefuseLike expected: JSONTree, _ id: Comment) {
    guard let failure = self.failure(of: outcome), case .refused(let refusal) = failure.cause else {
      Issue.record("\(id): \(outcome) is no refusal")
      return
    }
    #expect(refusal.name == expected["code"]?.string, id)
    #expect(refusal.message == expected["message"]?.string, id)
    #expect(Int64(refusal.httpStatus) == expected["httpStatus"]?.integer, id)
    if let requestID = expected["requestId"]?.string {
      #expect(failure.trace.awsRequestID == requestID, id)
    }
  }

  // MARK: Beyond the vectors

  private func update(
    expectedVersion: Int64? = nil, status: Int = 200, errorType: String? = nil, _ body: String
  ) -> Result<UpdatedJobExecution, JobsFailure> {
    var head = RESTResponseHead(status: status)
    head.errorType = errorType
    var call = UpdateJobExecution(thingName: "t", jobID: "j", status: .succeeded)
    call.expectedVersion = expectedVersion
    do {
      return .success(try call.readReply(head, body: Array(body.utf8).span))
    } catch {
      return .failure(error)
    }
  }

  private func refusal<Value>(_ result: Result<Value, JobsFailure>) -> AWSRefusal? {
    guard case .failure(let failure) = result, case .refused(let refusal) = failure.cause else {
      return nil
    }
    return refusal
  }

  @Test func `a refused update shows the present state`() {
    let refusal = self.refusal(
      self.update(
        status: 409, errorType: "InvalidStateTransitionException",
        #"{"message":"no","executionState":{"status":"SUCCEEDED","versionNumber":4}}"#))
    #expect(refusal?.kind == .invalidStateTransition)
    #expect(refusal?.executionState?.status == .succeeded)
    #expect(refusal?.executionState?.versionNumber == 4)
  }

  @Test func `a lost race is told from an illegal move`() {
    func kind(expected: Int64?, status: String, version: Int) -> AWSErrorKind? {
      self.refusal(
        self.update(
          expectedVersion: expected, status: 409, errorType: "InvalidStateTransitionException",
          #"{"executionState":{"status":"\#(status)","versionNumber":\#(version)}}"#))?.kind
    }
    #expect(kind(expected: 3, status: "IN_PROGRESS", version: 4) == .versionMismatch)
    #expect(kind(expected: 4, status: "IN_PROGRESS", version: 4) == .invalidStateTransition)
    #expect(kind(expected: 3, status: "SUCCEEDED", version: 4) == .invalidStateTransition)
    #expect(kind(expected: nil, status: "IN_PROGRESS", version: 4) == .invalidStateTransition)
    let bare = self.update(
      expectedVersion: 3, status: 409, errorType: "InvalidStateTransitionException", "{}")
    #expect(self.refusal(bare)?.kind == .invalidStateTransition)
  }

  @Test(arguments: [
    #"{"Output":{"__type":"com.amazon.coral.service#UnknownOperationException"}}"#,
    #"{"__type":"com.amazon.coral.service#UnknownOperationException","message":null}"#,
  ])
  func `an error under status 200 is an error`(body: String) {
    let refusal = self.refusal(self.update(body))
    #expect(refusal?.name == "UnknownOperationException")
    #expect(refusal?.kind == .wrongEndpoint)
    #expect(refusal?.httpStatus == 200)
  }

  @Test(arguments: [301, 302, 304, 307, 199, 0, 999])
  func `what is not success is refused, redirects too`(status: Int) {
    #expect(self.refusal(self.update(status: status, "{}"))?.name == "\(status)")
  }

  @Test(arguments: [
    "OK", "<html></html>", "{", "[]", "null", "\u{FEFF}{}", "{}x", #""text""#,
    #"{"executionState":5}"#, #"{"executionState":{"versionNumber":1e30}}"#,
    #"{"jobDocument":[]}"#, #"{"executionState":{"statusDetails":{"a":1}}}"#,
  ])
  func `a success that cannot be read is no success`(body: String) {
    guard case .failure(let failure) = self.update(body),
      case .malformedResponse = failure.cause
    else {
      Issue.record("\(body) was read")
      return
    }
  }

  @Test func `nothing at all answers an update alone`() {
    #expect(self.update("") == .success(UpdatedJobExecution()))
    #expect(throws: JobsFailure.self) {
      try StartNextPendingJobExecution(thingName: "t").readReply(
        RESTResponseHead(status: 200), body: [UInt8]().span)
    }
  }

  @Test func `a document that is an object becomes text`() throws {
    let answer = try self.update(#"{"jobDocument": {"b": [1, "é"], "a": null}}"#).get()
    #expect(answer.jobDocument == #"{"b":[1,"é"],"a":null}"#)
  }

  @Test func `a member may be named with escapes`() throws {
    let body = #"{"executionS\u0074ate":{"\u0073tatus":"SUCCEED\u0045D","versionNumber":"7"}}"#
    let state = try self.update(body).get().executionState
    #expect(state?.status == .succeeded)
    #expect(state?.versionNumber == 7)
  }

  @Test func `of two members with one name the last wins`() throws {
    let body =
      #"{"executionState":{"status":"FAILED"},"executionState":{"versionNumber":1,"#
      + #""versionNumber":2,"status":"QUEUED","status":null,"statusDetails":{"a":"1","b":"2","#
      + #""a":null,"b":"3","c":null,"c":"4","d":null}}}"#
    let state = try self.update(body).get().executionState
    #expect(state?.status == nil)
    #expect(state?.versionNumber == 2)
    #expect(state?.statusDetails?.entries.map(\.name) == ["b", "c"])
    #expect(state?.statusDetails?.entries.map(\.value) == ["3", "4"])
  }

  @Test func `thousands of details are read, and taken back`() throws {
    let names = (0..<2_000).map { "name-\($0)" }
    let pairs = names.map { #""\#($0)":"1""# } + names.dropLast(3).map { #""\#($0)":null"# }
    let body = #"{"executionState":{"statusDetails":{\#(pairs.joined(separator: ","))}}}"#
    let details = try self.update(body).get().executionState?.statusDetails
    #expect(details?.entries.map(\.name) == Array(names.suffix(3)))
  }

  @Test(
    arguments: [
      (#"{"executionState":[],"jobDocument":5}"#, "the member executionState is not an object"),
      (#"{"jobDocument":5,"executionState":[]}"#, "the member jobDocument is not a string"),
      (
        #"{"executionState":{"versionNumber":[{"a":1}],"status":"QUEUED"}}"#,
        "the member versionNumber is not an integer"
      ),
      (
        #"{"executionState":{"statusDetails":{"a":{}}}}"#,
        "the member statusDetails is not a string"
      ),
      (#"{"executionState":{"status":5}}x"#, "not JSON at byte 31"),
      ("[1]", "the body is not an object"), ("[1", "not JSON at byte 2"),
    ] as [(String, String)])
  func `what is wrong with a success is told`(body: String, words: String) {
    guard case .failure(let failure) = self.update(body) else {
      Issue.record("\(body) was read")
      return
    }
    #expect(failure.cause == .malformedResponse(words))
  }

  @Test func `each element of a list is an object or nothing`() throws {
    func read(_ body: String) -> Result<PendingJobExecutions, JobsFailure> {
      let call = GetPendingJobExecutions(thingName: "t")
      return Result { () throws(JobsFailure) in
        try call.readReply(RESTResponseHead(status: 200), body: Array(body.utf8).span)
      }
    }
    let pending = try read(#"{"queuedJobs":[null,{"jobId":"a","x":[[]]},{}, null]}"#).get()
    #expect(pending.queued.map(\.jobID) == ["a", nil])
    let words = "the member queuedJobs is not an object"
    for body in [#"{"queuedJobs":[{"jobId":"a"},1]}"#, #"{"queuedJobs":[[{}]],"x":{"y":1}}"#] {
      guard case .failure(let failure) = read(body) else {
        Issue.record("\(body) was read")
        return
      }
      #expect(failure.cause == .malformedResponse(words))
    }
  }

  @Test(arguments: [
    #"{"x":{"__type":"E"}}"#, #"{"__type":null}"#, #"{"__type":{"__type":"E"}}"#,
    #"{"Output":"E"}"#,
    #"{"Output":{"x":{"__type":"E"}}}"#, #"{"Output":{"Output":{"__type":"E"}}}"#,
    #"{"executionState":{"__type":"E"}}"#, #"{"message":"E","code":"E"}"#,
  ])
  func `what only looks like an error is none`(body: String) throws {
    _ = try self.update(body).get()
  }

  @Test func `a refusal shows no state that cannot be read`() {
    let bodies = [
      #"{"message":"no","executionState":{"status":"QUEUED","versionNumber":{}}}"#,
      #"{"message":"no","executionState":5}"#, #"{"executionState":null,"message":"no","code":7}"#,
    ]
    for body in bodies {
      let refusal = self.refusal(self.update(status: 409, body))
      #expect(refusal?.executionState == nil)
      #expect(refusal?.message == "no")
      #expect(refusal?.name == "409")
    }
  }

  @Test func `messages are cut and hold no control characters`() {
    let long = String(repeating: "é", count: 2000)
    #expect(self.refusal(self.update(status: 400, long))?.message.utf8.count == 1024)
    let json = #"{"message":"a\n\u0000b\u001b[0m "}"#
    #expect(self.refusal(self.update(status: 400, json))?.message == "a  b [0m")
    let name = self.refusal(self.update(status: 400, errorType: "x#Ba d\r\n\u{7F}é:y", "{}"))?.name
    #expect(name == "Bad")
  }

  @Test func `what was signed is not repeated to callers`() {
    let text =
      #"{"message":"The signature does not match. Consult the service documentation.\n\n"#
      + #"The Canonical String for this request should have been\n'GET\n/\n\nhost:x\n"#
      + #"x-amz-security-token:SECRET'\n\nThe String-to-Sign should have been\n'AWS4'"}"#
    let refusal = self.refusal(
      self.update(status: 403, errorType: "InvalidSignatureException", text))
    #expect(refusal?.message == "The signature does not match. Consult the service documentation.")
    #expect(refusal?.kind == .signingFailed)
    let header = #"{"message":"Lacks a parameter. Authorization=AWS4-HMAC-SHA256 Credential=A"}"#
    #expect(self.refusal(self.update(status: 403, header))?.message == "Lacks a parameter.")
  }

  @Test(
    arguments: [
      ("2500", nil, 2500), (nil, "3", 3000), ("1", "9", 1), ("soon", "9", 9000), ("-5", nil, nil),
      (nil, "Wed, 21 Oct 2015 07:28:00 GMT", nil), (nil, "86401", 86_400_000),
      (nil, "9223372036854775807", 86_400_000), ("4294967296", nil, 86_400_000),
    ] as [(String?, String?, Int64?)])
  func `a wait is read in either unit`(milliseconds: String?, seconds: String?, wait: Int64?) {
    var head = RESTResponseHead(status: 429)
    head.retryAfterMilliseconds = milliseconds
    head.retryAfter = seconds
    #expect(AWSRefusal(head, body: [UInt8]().span).retryAfterMilliseconds == wait)
  }

  @Test(
    arguments: [
      ("", nil, false), ("<html>Bad Gateway</html>", nil, false),
      (#"{"message":"no"}"#, nil, false),
      (#"{"code":"BadGateway"}"#, nil, true), ("", "BadGateway", true),
    ] as [(String, String?, Bool)])
  func `an answer tells whether it named its error`(body: String, header: String?, isNamed: Bool) {
    for status in [502, 504] {
      var head = RESTResponseHead(status: status)
      head.errorType = header
      let refusal = AWSRefusal(head, body: Array(body.utf8).span)
      #expect(refusal.isNamed == isNamed)
      #expect(refusal.kind == .unknown)
      #expect(refusal.name == (isNamed ? "BadGateway" : "\(status)"))
    }
  }
}

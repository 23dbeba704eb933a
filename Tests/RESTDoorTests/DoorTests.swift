// SPDX-License-Identifier: Apache-2.0

import AWSSigning
import Authorization
import GatewayServer
import JobsAPI
import RESTTestKit
import Telemetry
import Testing
import Transport

@testable import RESTDoor

struct DoorTests {
  private static let console = Credential(
    accessKeyID: "AKIDCONSOLE", secretAccessKey: "0123456789abcdef")

  private static func ring(_ text: String = "console: AKIDCONSOLE 0123456789abcdef") throws
    -> KeyRing
  {
    KeyRing(try KeyTable(parsing: Array(text.utf8)))
  }

  // MARK: Calls

  @Test func `the four operations reach the backend, and their answers are told apart`() throws {
    var execution = JobExecution()
    execution.jobID = "j"
    let visitor = try Visitor(RecordingBackend(execution: execution, awsRequestID: "aws-1"))
    let described = try visitor.ask("GET", "/things/a%3Ab/jobs/%24next?executionNumber=3")
    #expect(described.status == 200)
    #expect(described.body == #"{"execution":{"jobId":"j"}}"#)
    #expect(described.headers["x-amzn-requestid"] == "aws-1")
    #expect(described.headers["x-gateway-attempts"] == "1")
    #expect(try visitor.ask("GET", "/things/t/jobs").status == 200)
    #expect(try visitor.ask("PUT", "/things/t/jobs/$next", [], "{}").status == 200)
    #expect(
      try visitor.ask("POST", "/things/t/jobs/j", [], #"{"status":"FAILED"}"#).status == 200)
    var describe = DescribeJobExecution(thingName: "a:b", jobID: "$next")
    describe.executionNumber = 3
    #expect(
      visitor.backend.calls == [
        .describe(describe), .getPending(GetPendingJobExecutions(thingName: "t")),
        .startNext(StartNextPendingJobExecution(thingName: "t")),
        .update(UpdateJobExecution(thingName: "t", jobID: "j", status: .failed)),
      ])
    #expect(
      visitor.counted("iot_jobs_gateway_requests_total") == [
        #"method="DescribeJobExecution",code="OK""#: "1",
        #"method="GetPendingJobExecutions",code="OK""#: "1",
        #"method="StartNextPendingJobExecution",code="OK""#: "1",
        #"method="UpdateJobExecution",code="OK""#: "1",
      ])
    #expect(visitor.counted("iot_jobs_gateway_requests_in_flight").isEmpty)
    #expect(visitor.counted("iot_jobs_gateway_rest_responses_total") == [#"status="200""#: "4"])
  }

  @Test func `a caller's id comes back, and one that is no id does not`() throws {
    let visitor = try Visitor()
    let kept = try visitor.ask("GET", "/things/t/jobs", [("X-Request-Id", "mine")])
    #expect(kept.headers["x-request-id"] == "mine")
    let made = try visitor.ask("GET", "/things/t/jobs", [("x-request-id", "no id")])
    #expect(made.headers["x-request-id"]?.utf8.count == 36)
  }

  @Test(arguments: [
    ("GET", "/", "", 404, "UnknownOperationException", "UNIMPLEMENTED"),
    ("DELETE", "/things/t/jobs/j", "", 404, "UnknownOperationException", "UNIMPLEMENTED"),
    ("GET", "http://h/things/t/jobs", "", 400, "InvalidRequestException", "MALFORMED_REQUEST"),
    ("GET", "/things/%ff/jobs", "", 400, "InvalidRequestException", "MALFORMED_REQUEST"),
    ("GET", "/things/a%20b/jobs", "", 400, "InvalidRequestException", "INVALID_FIELD"),
    ("GET", "/things/t/jobs/", "", 400, "InvalidRequestException", "INVALID_FIELD"),
    ("POST", "/things/t/jobs/j", "{}", 400, "InvalidRequestException", "MALFORMED_REQUEST"),
    ("POST", "/things/t/jobs/j", "[]", 400, "InvalidRequestException", "MALFORMED_REQUEST"),
    (
      "POST", "/things/t/jobs/j", #"{"status":"DONE"}"#, 400, "InvalidRequestException",
      "INVALID_FIELD"
    ),
  ])
  func `what is no call costs nothing upstream`(
    method: String, target: String, body: String, status: Int, name: String, reason: String
  ) throws {
    let visitor = try Visitor()
    let answer = try visitor.ask(method, target, [], body)
    #expect(answer.status == status)
    #expect(answer.errorName == name)
    #expect(answer.headers["x-gateway-reason"] == reason)
    #expect(visitor.backend.calls.isEmpty)
    #expect(
      visitor.counted("iot_jobs_gateway_failures_total").keys.allSatisfy { $0.contains(reason) })
    #expect(visitor.counted("iot_jobs_gateway_requests_in_flight").isEmpty)
  }

  // MARK: Failures

  private static func refusal(
    _ name: String, _ status: Int, _ kind: AWSErrorKind
  ) -> JobsFailure.Cause {
    .refused(AWSRefusal(name: name, httpStatus: status, message: "m", kind: kind))
  }

  @Test(
    arguments: [
      (
        Self.refusal("ResourceNotFoundException", 404, .resourceNotFound), 404,
        "ResourceNotFoundException", nil
      ),
      (Self.refusal("ThrottlingException", 429, .throttled), 429, "ThrottlingException", nil),
      (
        .thingLimited(.write, retryAfterMilliseconds: 50), 429, "ThrottlingException",
        "THING_RATE_LIMITED"
      ),
      (
        .budgetExhausted(.write, retryAfterMilliseconds: 50), 429, "ThrottlingException",
        "BUDGET_EXHAUSTED"
      ),
      (.unreachable("x"), 503, "ServiceUnavailableException", "CONNECTION"),
      (.interrupted("x"), 520, "OutcomeUnknownException", "OUTCOME_UNKNOWN"),
      (.attemptTimedOut(requestSent: true), 520, "OutcomeUnknownException", "OUTCOME_UNKNOWN"),
      (.malformedResponse("x"), 520, "OutcomeUnknownException", "OUTCOME_UNKNOWN"),
      (Self.refusal("InternalFailure", 500, .internalFailure), 520, "InternalFailure", nil),
      (
        Self.refusal("ExpiredTokenException", 403, .credentialsExpired), 503,
        "ServiceUnavailableException", nil
      ),
      (Self.refusal("InvalidSignatureException", 403, .signingFailed), 500, "InternalFailure", nil),
      (
        Self.refusal("AccessDeniedException", 403, .accessDenied), 403, "AccessDeniedException", nil
      ),
    ] as [(JobsFailure.Cause, Int, String, String?)])
  func `a failed write is told so that no client repeats what may have been applied`(
    cause: JobsFailure.Cause, status: Int, name: String, reason: String?
  ) throws {
    let visitor = try Visitor(RecordingBackend(failure: JobsFailure(cause)))
    let answer = try visitor.ask("POST", "/things/t/jobs/j", [], #"{"status":"FAILED"}"#)
    #expect(answer.status == status)
    #expect(answer.errorName == name)
    #expect(answer.headers["x-gateway-reason"] == reason)
  }

  @Test func `a read that broke off may be repeated`() throws {
    let visitor = try Visitor(RecordingBackend(failure: JobsFailure(.interrupted("x"))))
    #expect(try visitor.ask("GET", "/things/t/jobs").status == 502)
  }

  // MARK: Signatures

  @Test func `whoever holds a key is let in, and nobody else`() throws {
    let visitor = try Visitor(callers: .holders(of: Self.ring()))
    #expect(try visitor.askSigned("GET", "/things/t/jobs", as: Self.console).status == 200)
    let unsigned = try visitor.ask("GET", "/things/t/jobs")
    #expect(unsigned.status == 403)
    #expect(unsigned.errorName == "MissingAuthenticationTokenException")
    let stranger = Credential(accessKeyID: "AKIDOTHER", secretAccessKey: "0123456789abcdef")
    let unknown = try visitor.askSigned("GET", "/things/t/jobs", as: stranger)
    #expect(unknown.errorName == "UnrecognizedClientException")
    let liar = Credential(accessKeyID: "AKIDCONSOLE", secretAccessKey: "0123456789abcdeX")
    let wrong = try visitor.askSigned("GET", "/things/t/jobs", as: liar)
    #expect(wrong.errorName == "InvalidSignatureException")
    #expect(visitor.backend.calls.count == 1)
    #expect(
      visitor.counted("iot_jobs_gateway_rest_signatures_total") == [
        #"result="valid""#: "1", #"result="missing""#: "1", #"result="unknown_key""#: "1",
        #"result="mismatch""#: "1",
      ])
    #expect(
      visitor.counted("iot_jobs_gateway_requests_total") == [
        #"method="GetPendingJobExecutions",code="OK""#: "1",
        #"method="GetPendingJobExecutions",code="UNAUTHENTICATED""#: "3",
      ])
  }

  @Test func `other keys count from the next request on`() throws {
    let ring = try Self.ring()
    let visitor = try Visitor(callers: .holders(of: ring))
    #expect(try visitor.askSigned("GET", "/things/t/jobs", as: Self.console).status == 200)
    ring.replace(with: try KeyTable(parsing: Array("a: AKIDNEW 0123456789abcdef".utf8)))
    #expect(try visitor.askSigned("GET", "/things/t/jobs", as: Self.console).status == 403)
    let new = Credential(accessKeyID: "AKIDNEW", secretAccessKey: "0123456789abcdef")
    #expect(try visitor.askSigned("GET", "/things/t/jobs", as: new).status == 200)
    // The same id with another secret is another key.
    ring.replace(with: try KeyTable(parsing: Array("a: AKIDNEW fedcba9876543210".utf8)))
    #expect(try visitor.askSigned("GET", "/things/t/jobs", as: new).status == 403)
  }

  // MARK: Policy

  private func control(
    _ identity: String, on thing: String = "{thing}", registry: MetricsRegistry
  ) throws -> AccessControl {
    let rule = try AuthorizationRule(
      name: "r", identities: [IdentityPattern(identity)],
      operations: OperationSet(word: "read"), things: [ThingPattern(thing)])
    return try AccessControl(
      policy: try AuthorizationPolicy(rules: [rule]), audit: nil, registry: registry)
  }

  @Test func `a key is an identity of the policy`() throws {
    let registry = MetricsRegistry()
    let visitor = try Visitor(
      callers: .holders(of: Self.ring("t1: AKIDCONSOLE 0123456789abcdef")), registry: registry,
      access: self.control("key:{thing}", registry: registry))
    #expect(try visitor.askSigned("GET", "/things/t1/jobs", as: Self.console).status == 200)
    let other = try visitor.askSigned("GET", "/things/t2/jobs", as: Self.console)
    #expect(other.status == 403)
    #expect(other.errorName == "AccessDeniedException")
    #expect(other.headers["x-gateway-reason"] == "POLICY_DENIED")
    #expect(try visitor.ask("GET", "/things/t1/jobs").status == 403)
    #expect(
      visitor.counted("iot_jobs_gateway_authorization_total") == [
        #"decision="allowed",mode="enforce""#: "1", #"decision="denied",mode="enforce""#: "1",
        #"decision="unauthenticated",mode="enforce""#: "1",
      ])
  }

  @Test func `without signatures a caller is who its connection says`() throws {
    let registry = MetricsRegistry()
    let access = try self.control("uid:7", on: "7", registry: registry)
    let user = try Visitor(
      peer: .unix(uid: 7, gid: 1, pid: 1), registry: registry, access: access)
    #expect(try user.ask("GET", "/things/7/jobs").status == 200)
    #expect(try user.ask("GET", "/things/8/jobs").errorName == "AccessDeniedException")
    let nobody = try Visitor(access: self.control("uid:*", on: "*", registry: MetricsRegistry()))
    #expect(try nobody.ask("GET", "/things/7/jobs").errorName == "UnrecognizedClientException")
  }

  // MARK: Limits

  @Test func `a body over the limit is refused`() throws {
    let visitor = try Visitor(limits: DoorLimits(requestBytes: 20))
    let answer = try visitor.ask("PUT", "/things/t/jobs/$next", [], "{                   }")
    #expect(answer.status == 413)
    #expect(visitor.counted("iot_jobs_gateway_rest_responses_total") == [#"status="413""#: "1"])
  }

  @Test func `what calls hold is charged to the memory of all`() throws {
    let memory = MemoryBudget(limitBytes: 5_000)
    let visitor = try Visitor(memory: memory)
    #expect(try visitor.ask("GET", "/things/t/jobs").status == 200)
    #expect(memory.chargedBytes == 0)
    memory.chargeAnyway(1_000)
    let answer = try visitor.ask("GET", "/things/t/jobs")
    #expect(answer.status == 503)
    #expect(answer.headers["retry-after"] == "1")
    #expect(memory.chargedBytes == 1_000)
  }
}

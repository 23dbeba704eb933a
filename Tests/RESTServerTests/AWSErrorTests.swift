// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import RESTTestKit
import Testing

@testable import RESTServer

struct AWSErrorTests {
  @Test(arguments: [
    (
      JobsFailure.Cause.invalid([
        FieldViolation(field: "thing_name", rule: "is empty"),
        FieldViolation(field: "job_id", rule: "is long"),
      ]), 400, "InvalidRequestException"
    ),
    (.malformedResponse("x"), 502, "InternalFailure"),
    (.unreachable("x"), 503, "ServiceUnavailableException"),
    (.interrupted("x"), 502, "InternalFailure"),
    (.attemptTimedOut(requestSent: false), 503, "ServiceUnavailableException"),
    (.attemptTimedOut(requestSent: true), 504, "InternalFailure"),
    (.overloaded("x"), 503, "ServiceUnavailableException"),
    (.thingLimited(.read, retryAfterMilliseconds: 1), 429, "ThrottlingException"),
    (.budgetExhausted(.write, retryAfterMilliseconds: 1), 429, "ThrottlingException"),
    (.circuitOpen(retryAfterMilliseconds: 1), 503, "ServiceUnavailableException"),
    (.notCached, 503, "ServiceUnavailableException"),
    (.draining, 503, "ServiceUnavailableException"),
    (.endpointUnknown("x"), 503, "ServiceUnavailableException"),
    (.credentialsUnavailable("x"), 503, "ServiceUnavailableException"),
    (.deadlineExceeded(mayHaveBeenApplied: false), 503, "ServiceUnavailableException"),
    (.deadlineExceeded(mayHaveBeenApplied: true), 504, "InternalFailure"),
    (.cancelled(mayHaveBeenApplied: false), 503, "ServiceUnavailableException"),
    (.cancelled(mayHaveBeenApplied: true), 504, "InternalFailure"),
  ])
  func `what failed here has a status and a name`(
    cause: JobsFailure.Cause, status: Int, name: String
  ) {
    let error = AWSError(JobsFailure(cause))
    #expect(error.status == status)
    #expect(error.name == name)
    #expect(!error.message.isEmpty)
  }

  @Test(arguments: [
    JobsFailure.Cause.thingLimited(.write, retryAfterMilliseconds: 1_001),
    .budgetExhausted(.read, retryAfterMilliseconds: 1_001),
  ])
  func `who is limited here is told when to come back`(cause: JobsFailure.Cause) {
    let response = AWSError(JobsFailure(cause)).response(form: .header)
    #expect(response.status == 429)
    #expect(response.header("x-amzn-ErrorType") == "ThrottlingException")
    // Whole seconds, and none too few.
    #expect(response.header("Retry-After") == "2")
    #expect(response.header("x-amz-retry-after") == "1001")
  }

  @Test func `AWS's clients may not wait for what is not stored`() {
    let response = AWSError(JobsFailure(.notCached)).response(form: .header)
    #expect(response.header("Retry-After") == nil)
  }

  @Test func `what AWS refused goes on as it came`() {
    var refusal = AWSRefusal(
      name: "VersionMismatchException", httpStatus: 409, message: "no", kind: .versionMismatch)
    refusal.executionState = JobExecutionState()
    refusal.executionState?.status = .inProgress
    refusal.executionState?.versionNumber = 3
    refusal.executionState?.statusDetails = StatusDetails([("k", "v")])
    refusal.retryAfterMilliseconds = 1_001
    let failure = JobsFailure(.refused(refusal), trace: UpstreamTrace(awsRequestID: "aws"))
    let response = AWSError(failure).response(form: .header)
    #expect(response.status == 409)
    #expect(response.requestID == "aws")
    #expect(response.header("x-amzn-ErrorType") == "VersionMismatchException")
    #expect(response.header("Retry-After") == "2")
    #expect(response.header("x-amz-retry-after") == "1001")
    #expect(
      response.text
        == #"{"message":"no","executionState":{"status":"IN_PROGRESS","#
        + #""statusDetails":{"k":"v"},"versionNumber":3}}"#)
  }

  @Test(arguments: [0, 200, 204, 301, 399, 600])
  func `a refusal under no error's status is an error still`(status: Int) {
    let refusal = AWSRefusal(name: "X", httpStatus: status, message: "", kind: .unknown)
    #expect(AWSError(JobsFailure(.refused(refusal))).status == 500)
  }

  @Test(arguments: [
    (AWSError.Form.header, true, #"{"message":"m"}"#),
    (.body, false, #"{"__type":"N","message":"m"}"#),
    (.both, true, #"{"__type":"N","message":"m"}"#),
  ])
  func `the name stands where it is wanted`(form: AWSError.Form, inHeader: Bool, text: String) {
    let response = AWSError(400, "N", "m").response(form: form)
    #expect((response.header("x-amzn-ErrorType") == "N") == inHeader)
    #expect(response.text == text)
  }

  @Test func `a name from elsewhere cannot become a header of its own`() {
    var error = AWSError(400, "A\r\nSet-Cookie: b", "m")
    error.requestID = "i\r\nd\u{e9}"
    let response = error.response(form: .header)
    #expect(response.header("x-amzn-ErrorType") == "ASet-Cookie:b")
    #expect(response.requestID == "id")
  }
}

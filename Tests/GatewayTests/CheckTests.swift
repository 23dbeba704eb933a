// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import AWSSigning
import JobsAPI
import Testing

@testable import Upstream
@testable import iot_jobs_gateway

@Suite struct CheckTests {
  private static func endpoint(_ service: AWSService = .iotJobsData) -> ServiceEndpoint {
    let url = HTTPURL("https://h.example") ?? HTTPURL("http://unreachable.invalid")
    return ServiceEndpoint(
      service: service, url: url!, signingRegion: "eu-west-1",
      origin: .program("--upstream-endpoint"))
  }

  private let repair = Repair(
    action: "iotjobsdata:DescribeJobExecution", endpoint: Self.endpoint(),
    credential: "…WXYZ, from AWS_ACCESS_KEY_ID")

  private func line(
    _ status: Int, _ error: String? = nil, _ body: String = "{}", thing: String? = nil
  ) -> CheckLine {
    var response = UpstreamResponse(status: status)
    response.head.errorType = error
    response.head.requestID = "ID"
    response.body = Array(body.utf8)
    return CheckedCall(thing: thing).line(response, self.repair)
  }

  // MARK: The call

  @Test func `that nothing is found proves that all works`() {
    let line = self.line(404, "ResourceNotFoundException", #"{"message":"no"}"#)
    #expect(line.verdict == .ok && line.step == .call && line.repair == nil)
  }

  @Test func `a 404 without AWS's name proves nothing`() {
    #expect(self.line(404, nil, "<html>").verdict == .failed)
  }

  @Test func `a thing that was named is expected to be there`() {
    let missing = self.line(404, "ResourceNotFoundException", thing: "lamp-1")
    #expect(missing.verdict == .warning && missing.words.contains("lamp-1"))
    #expect(self.line(200, thing: "lamp-1").verdict == .ok)
  }

  @Test(arguments: [
    (
      403, "AccessDeniedException", "Access Denied: Invalid endpoint. Use describe-endpoint API",
      [
        "describe-endpoint --endpoint-type iot:Jobs --region eu-west-1"
      ]
    ),
    (
      403, "AccessDeniedException", "User is not authorized",
      [
        "iotjobsdata:DescribeJobExecution", "arn:aws:iot:eu-west-1:ACCOUNT:thing/*", "…WXYZ",
      ]
    ),
    (403, "SignatureDoesNotMatch", "The request signature", ["secret", "…WXYZ", "eu-west-1"]),
    (403, "InvalidSignatureException", "Signature expired: 1 is now earlier", ["clock"]),
    (
      403, "InvalidSignatureException", "Credential should be scoped to correct service: 'x'",
      [
        "not an endpoint of the IoT jobs data plane"
      ]
    ),
    (
      403, "UnrecognizedClientException", "The security token is invalid",
      [
        "does not know", "…WXYZ", "AWS_SESSION_TOKEN",
      ]
    ),
    (403, "ExpiredTokenException", "expired", ["new temporary credentials"]),
    (403, "MissingAuthenticationTokenException", "Missing", ["Authorization header"]),
    (200, "UnknownOperationException", "", ["h.example, from --upstream-endpoint"]),
    (400, "InvalidRequestException", "1 validation error", ["thing is named"]),
    (301, "", "", ["redirects"]),
    (407, "", "", ["HTTPS_PROXY"]),
    (503, "ServiceUnavailableException", "", ["try again"]),
    (429, "ThrottlingException", "Rate exceeded", ["quota"]),
  ])
  func `each refusal says what to mend`(
    status: Int, name: String, message: String, words: [String]
  ) {
    let body =
      status == 200
      ? #"{"Output":{"__type":"com.amazon#\#(name)","message":null},"Version":"1.0"}"#
      : #"{"message":"\#(message)"}"#
    let line = self.line(status, status == 200 || name.isEmpty ? nil : name, body)
    #expect(line.verdict == .failed)
    for word in words { #expect(line.repair?.contains(word) == true, "\(line.repair ?? "none")") }
    #expect(line.words.contains("ID"))
  }

  @Test func `a success that cannot be read is no success`() {
    let line = self.line(200, nil, "<html>hello</html>")
    #expect(line.verdict == .failed)
    #expect(line.repair?.contains("not an endpoint") == true)
  }

  @Test func `who may not ask for the endpoint may name it instead`() {
    let refusal = AWSRefusal(
      name: "AccessDeniedException", httpStatus: 403, message: "no", kind: .accessDenied)
    let repair = Repair.describingEndpoint(at: Self.endpoint(.iot), credential: "…WXYZ")
    let words = repair.words(for: refusal)
    #expect(words.contains("iot:DescribeEndpoint on *"))
    #expect(words.contains("--upstream-endpoint") && words.contains("…WXYZ"))
  }

  // MARK: The clock

  @Test(arguments: [
    (0, CheckLine.Verdict.ok, "in step"), (30, .ok, "30 s ahead of"), (-30, .ok, "30 s behind"),
    (31, .warning, "31 s ahead of"), (-299, .warning, "299 s behind"),
    (300, .failed, "300 s ahead of"), (-86_400, .failed, "86400 s behind"),
  ])
  func `the clock is compared with the answer's date`(
    ahead: Int64, verdict: CheckLine.Verdict, words: String
  ) {
    let line = ClockCheck.line(date: "Sun, 06 Nov 1994 08:49:37 GMT", now: 784_111_777 + ahead)
    #expect(line.verdict == verdict)
    #expect(line.words.hasPrefix(words))
    #expect((line.repair == nil) == (verdict == .ok))
  }

  @Test(arguments: [nil, "", "yesterday"])
  func `an answer without a date says nothing of the clock`(date: String?) {
    #expect(ClockCheck.line(date: date, now: 0).verdict == .skipped)
  }

  // MARK: Credentials

  private func status(expiresAtSeconds: Int64?, failure: String? = nil) -> CredentialStatus {
    CredentialStatus(
      held: CredentialStatus.Held(
        FoundCredential(
          Credential(
            accessKeyID: "ASIA234567890123WXYZ", secretAccessKey: "hunter2", sessionToken: "tok",
            expiresAtSeconds: expiresAtSeconds),
          kind: .webIdentity, origin: "AWS_WEB_IDENTITY_TOKEN_FILE", renewal: .byExpiry, hidden: [])
      ),
      failure: failure, isResolved: true)
  }

  @Test(arguments: [
    (nil, "without an end"), (1_060, "60 s from now"), (4_600, "60 min from now"),
    (44_200, "12 h from now"),
  ])
  func `credentials are told by source, end and the last of the key`(end: Int64?, words: String) {
    let line = CredentialCheck.line(self.status(expiresAtSeconds: end), now: 1_000)
    #expect(line.verdict == .ok)
    #expect(line.words.contains("web-identity, from AWS_WEB_IDENTITY_TOKEN_FILE"))
    #expect(line.words.contains("…WXYZ"))
    #expect(line.words.hasSuffix(words))
    #expect(!line.text.contains("ASIA") && !line.text.contains("hunter2"))
  }

  @Test func `credentials that have ended say so, and why no others came`() {
    let status = self.status(expiresAtSeconds: 1_000, failure: "STS does not answer")
    let line = CredentialCheck.line(status, now: 1_000)
    #expect(line.verdict == .failed)
    #expect(line.words.hasSuffix("were good until 1970-01-01T00:16:40Z"))
    #expect(line.repair == "renewing failed: STS does not answer")
  }

  @Test func `no credentials come with the words of the sources`() {
    let line = CredentialCheck.line(
      CredentialStatus(held: nil, failure: "environment: not set", isResolved: true), now: 0)
    #expect(line.verdict == .failed)
    #expect(line.words == "environment: not set")
    #expect(line.repair?.contains("IRSA") == true)
  }

  @Test(arguments: [
    (["AWS_ACCESS_KEY_ID": "x"], "unset it"),
    (
      ["AWS_WEB_IDENTITY_TOKEN_FILE": "/t", "AWS_ROLE_ARN": "arn:aws:iam::1:role/x"],
      "STS is reached"
    ),
    (["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1/c"], "agent"),
    (["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://192.0.2.1/c"], "unset it"),
    ([:], "hop limit"), (["AWS_EC2_METADATA_DISABLED": "true"], "IRSA"),
  ])
  func `a source that fails is what is to be mended`(
    environment: [String: String], words: String
  ) throws {
    let settings = try AWSSettings(
      environment: AWSEnvironment(environment),
      shared: SharedConfiguration())
    let line = CredentialCheck.line(
      CredentialStatus(held: nil, failure: "no", isResolved: true), now: 0,
      asked: CredentialPlan(settings).chosen)
    #expect(line.repair?.contains(words) == true, "\(line.repair ?? "none")")
  }

  // MARK: The report

  @Test func `a line has its columns, and the repair below the words`() {
    #expect(CheckLine.ok(.dns, "h").text == "ok       dns            h\n")
    #expect(
      CheckLine.failed(.configuration, "w", repair: "r").text
        == "failed   configuration  w\n                        repair: r\n")
  }

  @Test func `what was not tried is told as skipped, once`() {
    var report = CheckReport { _ in }
    report.add(.ok(.configuration, ""))
    report.add(.failed(.credentials, "", repair: nil))
    #expect(report.hasFailed)
    report.skipRest(because: "x")
    report.skipRest(because: "x")
    #expect(report.lines.map(\.step) == CheckStep.allCases)
    #expect(report.lines.filter { $0.verdict == .skipped }.count == 6)
  }

  @Test func `a warning is no failure`() {
    var report = CheckReport { _ in }
    report.add(.warning(.tls, "", repair: ""))
    #expect(!report.hasFailed)
  }
}

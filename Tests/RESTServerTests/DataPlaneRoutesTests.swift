// SPDX-License-Identifier: Apache-2.0

import Foundation
import JobsAPI
import NIOEmbedded
import NIOHTTP1
import RESTTestKit
import Testing

@testable import RESTServer

struct DataPlaneRoutesTests {
  private func respond(
    _ request: ServerRequest, by backend: RecordingBackend
  ) async -> ServerResponse {
    await DataPlaneRoutes(backend).respond(to: request, on: EmbeddedEventLoop())
  }

  @Test func `each operation reaches the backend with its arguments`() async {
    var describe = DescribeJobExecution(thingName: "a:b", jobID: "$next")
    describe.includeJobDocument = false
    describe.executionNumber = 3
    var start = StartNextPendingJobExecution(thingName: "t")
    start.statusDetails = StatusDetails([("k", "é")])
    start.stepTimeoutMinutes = 5
    var update = UpdateJobExecution(thingName: "t", jobID: "j", status: .inProgress)
    update.expectedVersion = 2
    update.statusDetails = .empty
    update.includeJobExecutionState = true
    update.includeJobDocument = false
    update.executionNumber = 4
    update.stepTimeoutMinutes = -1
    let table: [(ServerRequest, RecordedCall)] = [
      (
        .made(
          .GET, "/things/a%3Ab/jobs/%24next?includeJobDocument=false&executionNumber=3"),
        .describe(describe)
      ),
      (.made(.GET, "/things/t/jobs?x=y"), .getPending(GetPendingJobExecutions(thingName: "t"))),
      (
        .made(
          .PUT, "/things/t/jobs/$next",
          #"{"statusDetails": {"k": "\u00e9"}, "stepTimeoutInMinutes": 5}"#),
        .startNext(start)
      ),
      (
        .made(.PUT, "/things/t/jobs/%24next"),
        .startNext(StartNextPendingJobExecution(thingName: "t"))
      ),
      (
        .made(
          .POST, "/things/t/jobs/j",
          #"{"status": "IN_PROGRESS", "expectedVersion": 2, "statusDetails": {}, "#
            + #""includeJobExecutionState": true, "includeJobDocument": false, "#
            + #""executionNumber": 4, "stepTimeoutInMinutes": -1, "unknown": [1]}"#),
        .update(update)
      ),
    ]
    for (request, call) in table {
      let backend = RecordingBackend()
      let response = await self.respond(request, by: backend)
      #expect(response.status == 200, "\(response.text)")
      #expect(backend.calls == [call])
    }
  }

  @Test(arguments: [
    (HTTPMethod.GET, "/things/%zz/jobs", ""),
    (.GET, "/things/t/jobs/j?includeJobDocument=maybe", ""),
    (.GET, "/things/t/jobs/j?executionNumber=1.5", ""),
    (.GET, "/things/t/jobs/j?executionNumber=1&executionNumber=2", ""),
    (.PUT, "/things/t/jobs/$next", "["),
    (.PUT, "/things/t/jobs/$next", "[]"),
    (.PUT, "/things/t/jobs/$next", #"{"stepTimeoutInMinutes": "5"}"#),
    (.PUT, "/things/t/jobs/$next", #"{"statusDetails": {"k": 1}}"#),
    (.POST, "/things/t/jobs/j", ""),
    (.POST, "/things/t/jobs/j", "{}"),
    (.POST, "/things/t/jobs/j", #"{"status": 5}"#),
    (.POST, "/things/t/jobs/j", #"{"status": "FAILED", "expectedVersion": true}"#),
    (.POST, "/things/t/jobs/j", #"{"status": "FAILED"} x"#),
  ])
  func `what has the wrong form is refused before the backend`(
    method: HTTPMethod, target: String, body: String
  ) async {
    let backend = RecordingBackend()
    let response = await self.respond(.made(method, target, body), by: backend)
    #expect(response.status == 400)
    #expect(response.header("x-amzn-ErrorType") == "InvalidRequestException")
    #expect(response.text.hasPrefix(#"{"message":""#))
    #expect(backend.calls.isEmpty)
  }

  @Test func `a missing status is told in AWS's words`() async {
    let response = await self.respond(
      .made(.POST, "/things/t/jobs/j", "{}"), by: RecordingBackend())
    #expect(response.text.contains("Value null at 'status' failed to satisfy constraint"))
  }

  @Test func `a path that nobody serves is an unknown operation`() async {
    for request in [
      ServerRequest.made(.GET, "/"), .made(.DELETE, "/things/t/jobs/j"),
      .made(.PUT, "/jobs/j", "{}"),
    ] {
      let response = await self.respond(request, by: RecordingBackend())
      #expect(response.status == 404)
      #expect(response.header("x-amzn-ErrorType") == "UnknownOperationException")
    }
  }

  @Test func `answers have AWS's form`() async {
    var execution = JobExecution()
    execution.jobID = "j"
    execution.status = .queued
    execution.queuedAtSeconds = 1
    execution.jobDocument = #"{"a":1}"#
    let full = RecordingBackend(execution: execution, awsRequestID: "aws-id")
    let describe = await self.respond(.made(.GET, "/things/t/jobs/j"), by: full)
    #expect(
      describe.text
        == #"{"execution":{"jobId":"j","status":"QUEUED","queuedAt":1,"#
        + #""jobDocument":"{\"a\":1}"}}"#)
    #expect(describe.requestID == "aws-id")
    #expect(describe.contentType == "application/json")

    let empty = RecordingBackend()
    let next = await self.respond(.made(.PUT, "/things/t/jobs/$next"), by: empty)
    #expect(next.text == "{}")
    let pending = await self.respond(.made(.GET, "/things/t/jobs"), by: empty)
    #expect(pending.text == #"{"inProgressJobs":[],"queuedJobs":[]}"#)
    let update = await self.respond(
      .made(.POST, "/things/t/jobs/j", #"{"status":"FAILED"}"#), by: empty)
    #expect(update.text == "{}")
  }

  /// What botocore sends for each case is understood as the arguments that botocore was given.
  @Test func `every request of the vectors is read as it was meant`() async throws {
    var read = 0
    for vector in try Vectors.cases(of: "serialize.json") {
      guard let expected = vector["expected"] as? [String: Any],
        let input = vector["input"] as? [String: Any],
        let operation = (vector["operation"] as? String).flatMap(JobsOperation.init(rawValue:)),
        let path = expected["path"] as? String, let method = expected["method"] as? String
      else { continue }
      let query = expected["query"] as? String ?? ""
      let backend = RecordingBackend()
      let response = await self.respond(
        .made(
          HTTPMethod(rawValue: method), query.isEmpty ? path : "\(path)?\(query)",
          expected["body"] as? String ?? ""),
        by: backend)
      let id = vector["id"] as? String ?? "?"
      let call = Vectors.call(operation, input)
      #expect(backend.calls == [call], "\(id): \(response.text)")
      read += 1
    }
    #expect(read == 69)
  }
}

/// Tests/Vectors, read by Foundation and not by the code under test.
enum Vectors {
  static func cases(of name: String, file: String = #filePath) throws -> [[String: Any]] {
    let folder = URL(fileURLWithPath: file).deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Vectors")
    let data = try Data(contentsOf: folder.appendingPathComponent(name))
    let root = try JSONSerialization.jsonObject(with: data) as? [String: Any]
    return root?["cases"] as? [[String: Any]] ?? []
  }

  /// The call that a case's input describes.
  static func call(_ operation: JobsOperation, _ input: [String: Any]) -> RecordedCall {
    let members = Members(input: input)
    return switch operation {
    case .describe: self.describe(members)
    case .getPending: .getPending(GetPendingJobExecutions(thingName: members.text("thingName")))
    case .startNext: self.startNext(members)
    case .update: self.update(members)
    }
  }

  private static func describe(_ members: Members) -> RecordedCall {
    var call = DescribeJobExecution(
      thingName: members.text("thingName"), jobID: members.text("jobId"))
    call.includeJobDocument = members.flag("includeJobDocument")
    call.executionNumber = members.number("executionNumber")
    return .describe(call)
  }

  private static func startNext(_ members: Members) -> RecordedCall {
    var call = StartNextPendingJobExecution(thingName: members.text("thingName"))
    call.statusDetails = members.details("statusDetails")
    call.stepTimeoutMinutes = members.number("stepTimeoutInMinutes")
    return .startNext(call)
  }

  private static func update(_ members: Members) -> RecordedCall {
    var call = UpdateJobExecution(
      thingName: members.text("thingName"), jobID: members.text("jobId"),
      status: JobExecutionStatus(awsWord: members.text("status")))
    call.statusDetails = members.details("statusDetails")
    call.expectedVersion = members.number("expectedVersion")
    call.includeJobExecutionState = members.flag("includeJobExecutionState")
    call.includeJobDocument = members.flag("includeJobDocument")
    call.executionNumber = members.number("executionNumber")
    call.stepTimeoutMinutes = members.number("stepTimeoutInMinutes")
    return .update(call)
  }

  private struct Members {
    let input: [String: Any]

    func text(_ name: String) -> String { self.input[name] as? String ?? "" }
    func flag(_ name: String) -> Bool? { self.input[name] as? Bool }
    func number(_ name: String) -> Int64? { (self.input[name] as? NSNumber)?.int64Value }
    func details(_ name: String) -> StatusDetails? {
      (self.input[name] as? [String: String]).map { StatusDetails($0.map { ($0.key, $0.value) }) }
    }
  }
}

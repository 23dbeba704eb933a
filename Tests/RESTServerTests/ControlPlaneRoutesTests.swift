// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import NIOHTTP1
import RESTTestKit
import Testing

@testable import RESTServer

struct ControlPlaneRoutesTests {
  private func respond(
    _ request: ServerRequest, by control: RecordingBackend = RecordingBackend()
  ) async throws -> ServerResponse {
    let target = try RequestTarget(request.target)
    let operation = try #require(
      ControlPlaneOperation(method: request.method, target: target))
    return try await ControlPlaneRoutes(control).respond(
      to: request, target: target, operation: operation)
  }

  private static func table() -> [(ServerRequest, RecordedCall)] {
    var create = CreateJob(jobID: "j", targets: ["arn:a", "arn:b"], document: "{}")
    create.description = "d"
    create.targetSelection = .continuous
    create.inProgressTimeoutMinutes = 20
    create.retryCriteria = [RetryCriterion(failureType: .all, numberOfRetries: 3)]
    create.otherMembers = ["tags", "abortConfig"]
    var cancel = CancelJob(jobID: "j", force: true)
    cancel.reasonCode = "R"
    cancel.comment = "c"
    var list = ListJobs(page: PageRequest(maxResults: 2, nextToken: "a=/+"))
    list.status = .inProgress
    list.targetSelection = .unrecognized("BOTH")
    var ofThing = ListJobExecutionsForThing(thingName: "a:b", page: PageRequest(maxResults: 1))
    ofThing.status = .timedOut
    ofThing.jobID = "j"
    var ofJob = ListJobExecutionsForJob(jobID: "j")
    ofJob.status = .queued
    var cancelExecution = CancelJobExecution(thingName: "t", jobID: "j", force: false)
    cancelExecution.expectedVersion = 2
    cancelExecution.statusDetails = StatusDetails([("k", "v")])
    return [
      (
        .made(
          .PUT, "/jobs/j",
          #"{"targets": ["arn:a", "arn:b"], "document": "{}", "description": "d", "#
            + #""targetSelection": "CONTINUOUS", "tags": [], "documentSource": null, "#
            + #""timeoutConfig": {"inProgressTimeoutInMinutes": 20}, "abortConfig": {}, "#
            + #""jobExecutionsRetryConfig": {"criteriaList": "#
            + #"[{"failureType": "ALL", "numberOfRetries": 3}]}}"#), .createJob(create)
      ),
      (.made(.PUT, "/jobs/j", "{}"), .createJob(CreateJob(jobID: "j", targets: []))),
      (.made(.GET, "/jobs/j"), .describeJob(DescribeJob(jobID: "j"))),
      (.made(.GET, "/jobs/j/job-document"), .jobDocument(GetJobDocument(jobID: "j"))),
      (
        .made(.PUT, "/jobs/j/cancel?force=true", #"{"reasonCode": "R", "comment": "c"}"#),
        .cancelJob(cancel)
      ),
      (.made(.PUT, "/jobs/j/cancel"), .cancelJob(CancelJob(jobID: "j"))),
      (.made(.DELETE, "/jobs/j?force=false"), .deleteJob(DeleteJob(jobID: "j", force: false))),
      (
        .made(
          .GET,
          "/jobs?status=IN_PROGRESS&targetSelection=BOTH&maxResults=2&nextToken=a%3D%2F%2B"),
        .listJobs(list)
      ),
      (.made(.GET, "/jobs"), .listJobs(ListJobs())),
      (
        .made(.GET, "/things/a%3Ab/jobs?status=TIMED_OUT&jobId=j&maxResults=1"),
        .listForThing(ofThing)
      ),
      (.made(.GET, "/jobs/j/things?status=QUEUED"), .listForJob(ofJob)),
      (
        .made(.GET, "/things/t/jobs/j?executionNumber=7"),
        .describeExecution(
          DescribeManagedJobExecution(thingName: "t", jobID: "j", executionNumber: 7))
      ),
      (
        .made(
          .PUT, "/things/t/jobs/j/cancel?force=false",
          #"{"expectedVersion": 2, "statusDetails": {"k": "v"}}"#),
        .cancelExecution(cancelExecution)
      ),
      (
        .made(.DELETE, "/things/t/jobs/j/executionNumber/9?force=true"),
        .deleteExecution(
          DeleteJobExecution(thingName: "t", jobID: "j", executionNumber: 9, force: true))
      ),
    ]
  }

  @Test func `the data plane is where the control plane was found`() async throws {
    var request = ServerRequest.made(.GET, "/endpoint?endpointType=iot%3AJobs")
    request.headers.replaceOrAdd(name: "host", value: "jobs.example:8181")
    let response = try await self.respond(request)
    #expect(response.status == 200)
    #expect(response.text == #"{"endpointAddress":"jobs.example:8181"}"#)
  }

  @Test(arguments: ["/endpoint", "/endpoint?endpointType=iot:Data-ATS", "/endpoint?endpointType="])
  func `endpoints of other kinds are not played`(target: String) async throws {
    var request = ServerRequest.made(.GET, target)
    request.headers.replaceOrAdd(name: "host", value: "h")
    await #expect {
      try await self.respond(request)
    } throws: { error in
      (error as? AWSError)?.name == "InvalidRequestException"
    }
  }

  @Test func `each operation reaches the control plane with its arguments`() async throws {
    for (request, call) in Self.table() {
      let control = RecordingBackend()
      let response = try await self.respond(request, by: control)
      #expect(response.status == 200)
      #expect(control.calls == [call])
    }
  }

  @Test(arguments: [
    (HTTPMethod.PUT, "/jobs/j", "["), (.PUT, "/jobs/j", #"{"targets": "arn"}"#),
    (.PUT, "/jobs/j", #"{"targets": [1]}"#), (.PUT, "/jobs/j", #"{"document": {}}"#),
    (.PUT, "/jobs/j", #"{"timeoutConfig": {"inProgressTimeoutInMinutes": "5"}}"#),
    (.PUT, "/jobs/j", #"{"jobExecutionsRetryConfig": {"criteriaList": [{}]}}"#),
    (.PUT, "/jobs/j", #"{"jobExecutionsRetryConfig": {"criteriaList": [1]}}"#),
    (.GET, "/jobs/%zz", ""), (.GET, "/jobs?maxResults=x", ""),
    (.DELETE, "/jobs/j?force=1", ""), (.PUT, "/things/t/jobs/j/cancel", #"{"statusDetails": 1}"#),
    (.DELETE, "/things/t/jobs/j/executionNumber/x", ""),
    (.DELETE, "/things/t/jobs/j/executionNumber/+1", ""),
    (.GET, "/things/t/jobs/j?executionNumber=", ""),
  ])
  func `what has the wrong form is refused before the control plane`(
    method: HTTPMethod, target: String, body: String
  ) async throws {
    let control = RecordingBackend()
    await #expect {
      try await self.respond(.made(method, target, body), by: control)
    } throws: { error in
      (error as? AWSError)?.name == "InvalidRequestException"
    }
    #expect(control.calls.isEmpty)
  }

  @Test(arguments: [
    (HTTPMethod.PUT, "/jobs/j", #"{"jobArn":"arn:j","jobId":"j"}"#),
    (.PUT, "/jobs/j/cancel", #"{"jobArn":"arn:j","jobId":"j","description":"d"}"#),
    (.DELETE, "/jobs/j", "{}"),
    (.GET, "/jobs/j/job-document", #"{"document":"{}"}"#),
    (
      .GET, "/jobs/j",
      #"{"job":{"jobArn":"arn:j","jobId":"j","targetSelection":"SNAPSHOT","#
        + #""status":"IN_PROGRESS","targets":["arn:t"],"createdAt":1,"lastUpdatedAt":1,"#
        + #""jobProcessDetails":{"numberOfCanceledThings":0,"numberOfSucceededThings":0,"#
        + #""numberOfFailedThings":0,"numberOfRejectedThings":0,"numberOfQueuedThings":0,"#
        + #""numberOfInProgressThings":0,"numberOfRemovedThings":0,"#
        + #""numberOfTimedOutThings":0},"timeoutConfig":{"inProgressTimeoutInMinutes":5},"#
        + #""jobExecutionsRetryConfig":{"criteriaList":[{"failureType":"FAILED","#
        + #""numberOfRetries":2}]}}}"#
    ),
    (
      .GET, "/jobs",
      #"{"jobs":[{"jobArn":"arn:j","jobId":"j","targetSelection":"SNAPSHOT","#
        + #""status":"IN_PROGRESS","createdAt":1,"lastUpdatedAt":1}],"nextToken":"next"}"#
    ),
    (
      .GET, "/things/t/jobs",
      #"{"executionSummaries":[{"jobId":"j","jobExecutionSummary":{"status":"QUEUED","#
        + #""queuedAt":1,"lastUpdatedAt":2,"executionNumber":3,"retryAttempt":0}}]}"#
    ),
    (
      .GET, "/jobs/j/things",
      #"{"executionSummaries":[{"thingArn":"arn:t","jobExecutionSummary":{"status":"QUEUED","#
        + #""queuedAt":1,"lastUpdatedAt":2,"executionNumber":3,"retryAttempt":0}}]}"#
    ),
    (
      .GET, "/things/t/jobs/j",
      #"{"execution":{"jobId":"j","status":"CANCELED","forceCanceled":true,"#
        + #""statusDetails":{"detailsMap":{"k":"v"}},"thingArn":"arn:t","queuedAt":1,"#
        + #""lastUpdatedAt":2,"executionNumber":3,"versionNumber":4}}"#
    ),
    (.PUT, "/things/t/jobs/j/cancel", "{}"),
    (.DELETE, "/things/t/jobs/j/executionNumber/9", "{}"),
  ])
  func `answers have AWS's form`(
    method: HTTPMethod, target: String, text: String
  ) async throws {
    #expect(try await self.respond(.made(method, target)).text == text)
  }
}

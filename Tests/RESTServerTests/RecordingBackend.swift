// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Synchronization

@testable import RESTServer

/// A call of either plane, as the routes understood it.
enum RecordedCall: Equatable, Sendable {
  case describe(DescribeJobExecution)
  case getPending(GetPendingJobExecutions)
  case startNext(StartNextPendingJobExecution)
  case update(UpdateJobExecution)
  case createJob(CreateJob)
  case describeJob(DescribeJob)
  case jobDocument(GetJobDocument)
  case cancelJob(CancelJob)
  case deleteJob(DeleteJob)
  case listJobs(ListJobs)
  case listForThing(ListJobExecutionsForThing)
  case listForJob(ListJobExecutionsForJob)
  case describeExecution(DescribeManagedJobExecution)
  case cancelExecution(CancelJobExecution)
  case deleteExecution(DeleteJobExecution)
}

/// Writes down what it is asked and answers what it was given.
final class RecordingBackend: JobsBackend, Sendable {
  let execution: JobExecution?
  let failure: JobsFailure?
  let awsRequestID: String?
  private let recorded = Mutex<[RecordedCall]>([])

  init(execution: JobExecution? = nil, failure: JobsFailure? = nil, awsRequestID: String? = nil) {
    self.execution = execution
    self.failure = failure
    self.awsRequestID = awsRequestID
  }

  var calls: [RecordedCall] { self.recorded.withLock { $0 } }

  private func record<Value: Sendable>(
    _ call: RecordedCall, _ value: Value
  ) throws(JobsFailure) -> Value {
    self.recorded.withLock { $0.append(call) }
    if let failure = self.failure { throw failure }
    return value
  }

  private func reply<Value: Sendable>(
    _ call: RecordedCall, _ value: Value
  ) throws(JobsFailure) -> JobsReply<Value> {
    JobsReply(
      try self.record(call, value),
      trace: UpstreamTrace(awsRequestID: self.awsRequestID, attempts: 1))
  }

  func describe(
    _ call: DescribeJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<JobExecution?> {
    try self.reply(.describe(call), self.execution)
  }

  func getPending(
    _ call: GetPendingJobExecutions, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<PendingJobExecutions> {
    try self.reply(.getPending(call), PendingJobExecutions())
  }

  func startNext(
    _ call: StartNextPendingJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<JobExecution?> {
    try self.reply(.startNext(call), self.execution)
  }

  func update(
    _ call: UpdateJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<UpdatedJobExecution> {
    try self.reply(.update(call), UpdatedJobExecution())
  }
}

extension RecordingBackend: JobsControlPlane {
  private static let summary = ManagedJobExecutionSummary(
    status: .queued, queuedAtSeconds: 1, startedAtSeconds: nil, lastUpdatedAtSeconds: 2,
    executionNumber: 3, retryAttempt: 0)

  private static let job: Job = {
    var job = Job(
      jobARN: "arn:j", jobID: "j", targetSelection: .snapshot, status: .inProgress,
      targets: ["arn:t"], createdAtSeconds: 1)
    job.inProgressTimeoutMinutes = 5
    job.retryCriteria = [RetryCriterion(failureType: .failed, numberOfRetries: 2)]
    return job
  }()

  func createJob(_ call: CreateJob) async throws(JobsFailure) -> JobReference {
    try self.record(.createJob(call), JobReference(jobARN: "arn:j", jobID: call.jobID))
  }

  func describeJob(_ call: DescribeJob) async throws(JobsFailure) -> Job {
    try self.record(.describeJob(call), Self.job)
  }

  func jobDocument(_ call: GetJobDocument) async throws(JobsFailure) -> String {
    try self.record(.jobDocument(call), "{}")
  }

  func cancelJob(_ call: CancelJob) async throws(JobsFailure) -> JobReference {
    try self.record(
      .cancelJob(call), JobReference(jobARN: "arn:j", jobID: call.jobID, description: "d"))
  }

  func deleteJob(_ call: DeleteJob) async throws(JobsFailure) {
    try self.record(.deleteJob(call), ())
  }

  func listJobs(_ call: ListJobs) async throws(JobsFailure) -> ListPage<JobSummary> {
    try self.record(.listJobs(call), ListPage([JobSummary(Self.job)], nextToken: "next"))
  }

  func listExecutions(
    _ call: ListJobExecutionsForThing
  ) async throws(JobsFailure) -> ListPage<JobExecutionOfThing> {
    try self.record(
      .listForThing(call), ListPage([JobExecutionOfThing(jobID: "j", summary: Self.summary)]))
  }

  func listExecutions(
    _ call: ListJobExecutionsForJob
  ) async throws(JobsFailure) -> ListPage<JobExecutionOfJob> {
    try self.record(
      .listForJob(call), ListPage([JobExecutionOfJob(thingARN: "arn:t", summary: Self.summary)]))
  }

  func describeExecution(
    _ call: DescribeManagedJobExecution
  ) async throws(JobsFailure) -> ManagedJobExecution {
    var execution = ManagedJobExecution(
      jobID: "j", thingARN: "arn:t", status: .canceled, queuedAtSeconds: 1,
      lastUpdatedAtSeconds: 2, executionNumber: 3, versionNumber: 4)
    execution.forceCanceled = true
    execution.statusDetails = StatusDetails([("k", "v")])
    return try self.record(.describeExecution(call), execution)
  }

  func cancelExecution(_ call: CancelJobExecution) async throws(JobsFailure) {
    try self.record(.cancelExecution(call), ())
  }

  func deleteExecution(_ call: DeleteJobExecution) async throws(JobsFailure) {
    try self.record(.deleteExecution(call), ())
  }
}

extension ServerRequest {
  /// A request as the handler would make it.
  static func made(
    _ method: HTTPMethod, _ target: String, _ body: String = "", headers: HTTPHeaders = [:]
  ) -> ServerRequest {
    ServerRequest(
      method: method, target: target, headers: headers, body: ByteBuffer(string: body), id: "id",
      receivedAtSeconds: 1_767_323_045)
  }
}

extension ServerResponse {
  var text: String { String(decoding: self.body, as: UTF8.self) }

  func header(_ name: String) -> String? {
    self.headers.first { $0.name == name }?.value
  }
}

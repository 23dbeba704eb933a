// SPDX-License-Identifier: Apache-2.0

// RESTTestKit is what stands on both sides of the REST form in tests: a backend that notes its calls,
// requests made by hand, a loop that runs when it is told to.

package import JobsAPI
import Synchronization

/// A call of either plane, as the routes understood it.
package enum RecordedCall: Equatable, Sendable {
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
package final class RecordingBackend: JobsBackend, Sendable {
  private let execution: JobExecution?
  private let failure: JobsFailure?
  private let awsRequestID: String?
  private let recorded = Mutex<[RecordedCall]>([])

  package init(
    execution: JobExecution? = nil, failure: JobsFailure? = nil, awsRequestID: String? = nil
  ) {
    self.execution = execution
    self.failure = failure
    self.awsRequestID = awsRequestID
  }

  package var calls: [RecordedCall] { self.recorded.withLock { $0 } }

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

  package func describe(
    _ call: DescribeJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<JobExecution?> {
    try self.reply(.describe(call), self.execution)
  }

  package func getPending(
    _ call: GetPendingJobExecutions, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<PendingJobExecutions> {
    try self.reply(.getPending(call), PendingJobExecutions())
  }

  package func startNext(
    _ call: StartNextPendingJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<JobExecution?> {
    try self.reply(.startNext(call), self.execution)
  }

  package func update(
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

  package func createJob(_ call: CreateJob) async throws(JobsFailure) -> JobReference {
    try self.record(.createJob(call), JobReference(jobARN: "arn:j", jobID: call.jobID))
  }

  package func describeJob(_ call: DescribeJob) async throws(JobsFailure) -> Job {
    try self.record(.describeJob(call), Self.job)
  }

  package func jobDocument(_ call: GetJobDocument) async throws(JobsFailure) -> String {
    try self.record(.jobDocument(call), "{}")
  }

  package func cancelJob(_ call: CancelJob) async throws(JobsFailure) -> JobReference {
    try self.record(
      .cancelJob(call), JobReference(jobARN: "arn:j", jobID: call.jobID, description: "d"))
  }

  package func deleteJob(_ call: DeleteJob) async throws(JobsFailure) {
    try self.record(.deleteJob(call), ())
  }

  package func listJobs(_ call: ListJobs) async throws(JobsFailure) -> ListPage<JobSummary> {
    try self.record(.listJobs(call), ListPage([JobSummary(Self.job)], nextToken: "next"))
  }

  package func listExecutions(
    _ call: ListJobExecutionsForThing
  ) async throws(JobsFailure) -> ListPage<JobExecutionOfThing> {
    try self.record(
      .listForThing(call), ListPage([JobExecutionOfThing(jobID: "j", summary: Self.summary)]))
  }

  package func listExecutions(
    _ call: ListJobExecutionsForJob
  ) async throws(JobsFailure) -> ListPage<JobExecutionOfJob> {
    try self.record(
      .listForJob(call), ListPage([JobExecutionOfJob(thingARN: "arn:t", summary: Self.summary)]))
  }

  package func describeExecution(
    _ call: DescribeManagedJobExecution
  ) async throws(JobsFailure) -> ManagedJobExecution {
    var execution = ManagedJobExecution(
      jobID: "j", thingARN: "arn:t", status: .canceled, queuedAtSeconds: 1,
      lastUpdatedAtSeconds: 2, executionNumber: 3, versionNumber: 4)
    execution.forceCanceled = true
    execution.statusDetails = StatusDetails([("k", "v")])
    return try self.record(.describeExecution(call), execution)
  }

  package func cancelExecution(_ call: CancelJobExecution) async throws(JobsFailure) {
    try self.record(.cancelExecution(call), ())
  }

  package func deleteExecution(_ call: DeleteJobExecution) async throws(JobsFailure) {
    try self.record(.deleteExecution(call), ())
  }
}

// SPDX-License-Identifier: Apache-2.0

/// The other door to the same jobs: whoever creates and cancels them, where devices only work on
/// them.
///
/// The gateway forwards none of this. It is here because the emulator must be filled, and so that
/// the HTTP front in AWS's form can serve both planes. A refusal is
/// ``JobsFailure/Cause/refused(_:)`` with the name and status of AWS IoT's own model; constraints
/// are checked behind this protocol, so whoever decodes a request only has to get the types right.
/// Source: AWS IoT API, 2015-05-28.
package protocol JobsControlPlane: Sendable {
  /// Puts one execution in the queue of each target.
  func createJob(_ call: CreateJob) async throws(JobsFailure) -> JobReference

  func describeJob(_ call: DescribeJob) async throws(JobsFailure) -> Job

  /// The document as CreateJob was given it.
  func jobDocument(_ call: GetJobDocument) async throws(JobsFailure) -> String

  func cancelJob(_ call: CancelJob) async throws(JobsFailure) -> JobReference

  /// Takes the job away with all its executions.
  func deleteJob(_ call: DeleteJob) async throws(JobsFailure)

  func listJobs(_ call: ListJobs) async throws(JobsFailure) -> ListPage<JobSummary>

  func listExecutions(
    _ call: ListJobExecutionsForThing
  ) async throws(JobsFailure) -> ListPage<JobExecutionOfThing>

  func listExecutions(
    _ call: ListJobExecutionsForJob
  ) async throws(JobsFailure) -> ListPage<JobExecutionOfJob>

  /// The control plane's `DescribeJobExecution`: no document, and terminal states are shown.
  func describeExecution(
    _ call: DescribeManagedJobExecution
  ) async throws(JobsFailure) -> ManagedJobExecution

  func cancelExecution(_ call: CancelJobExecution) async throws(JobsFailure)

  func deleteExecution(_ call: DeleteJobExecution) async throws(JobsFailure)
}

// SPDX-License-Identifier: Apache-2.0

internal import CJobsProto
internal import CProtobufC

/// The request messages of `JobsDataPlaneService` as a caller writes them.
///
/// Each function appends one encoded message to what `output` holds already. Nothing is checked here:
/// whoever is called does that, and says what is wrong in words of its own.
package enum WireRequest {
  /// Appends a `DescribeJobExecutionRequest`.
  package static func append(_ call: DescribeJobExecution, to output: inout [UInt8]) {
    var arena = WireArena(expecting: 512)
    var request = unsafe Jobs__DescribeJobExecutionRequest()
    unsafe jobs__describe_job_execution_request__init(&request)
    unsafe request.thing_name = arena.place(call.thingName)
    unsafe request.job_id = arena.place(call.jobID)
    if let number = call.executionNumber {
      unsafe request.execution_number = number
      unsafe request._execution_number_case =
        JOBS__DESCRIBE_JOB_EXECUTION_REQUEST___EXECUTION_NUMBER_EXECUTION_NUMBER
    }
    if let includes = call.includeJobDocument {
      unsafe request.include_job_document = includes ? 1 : 0
      unsafe request._include_job_document_case =
        JOBS__DESCRIBE_JOB_EXECUTION_REQUEST___INCLUDE_JOB_DOCUMENT_INCLUDE_JOB_DOCUMENT
    }
    _ = unsafe arena.pack(&request, into: &output)
  }

  /// Appends a `GetPendingJobExecutionsRequest`.
  package static func append(_ call: GetPendingJobExecutions, to output: inout [UInt8]) {
    var arena = WireArena(expecting: 256)
    var request = unsafe Jobs__GetPendingJobExecutionsRequest()
    unsafe jobs__get_pending_job_executions_request__init(&request)
    unsafe request.thing_name = arena.place(call.thingName)
    _ = unsafe arena.pack(&request, into: &output)
  }

  /// Appends a `StartNextPendingJobExecutionRequest`.
  package static func append(_ call: StartNextPendingJobExecution, to output: inout [UInt8]) {
    var arena = WireArena(expecting: 1_024)
    var request = unsafe Jobs__StartNextPendingJobExecutionRequest()
    unsafe jobs__start_next_pending_job_execution_request__init(&request)
    unsafe request.thing_name = arena.place(call.thingName)
    let details = call.statusDetails?.entries ?? []
    unsafe request.clear_status_details = call.statusDetails?.isEmpty == true ? 1 : 0
    unsafe request.n_status_details = details.count
    unsafe request.status_details = arena.place(details) { arena, pair in
      var entry = unsafe Jobs__StartNextPendingJobExecutionRequest__StatusDetailsEntry()
      unsafe jobs__start_next_pending_job_execution_request__status_details_entry__init(&entry)
      unsafe entry.key = arena.place(pair.name)
      unsafe entry.value = arena.place(pair.value)
      return unsafe arena.place(entry)
    }
    if let minutes = call.stepTimeoutMinutes {
      unsafe request.step_timeout_in_minutes = minutes
      unsafe request._step_timeout_in_minutes_case =
        JOBS__START_NEXT_PENDING_JOB_EXECUTION_REQUEST___STEP_TIMEOUT_IN_MINUTES_STEP_TIMEOUT_IN_MINUTES
    }
    _ = unsafe arena.pack(&request, into: &output)
  }

  /// Appends an `UpdateJobExecutionRequest`. A state that the .proto has no value for goes out as
  /// UNSPECIFIED, which nobody accepts.
  package static func append(_ call: UpdateJobExecution, to output: inout [UInt8]) {
    var arena = WireArena(expecting: 1_024)
    var request = unsafe Jobs__UpdateJobExecutionRequest()
    unsafe jobs__update_job_execution_request__init(&request)
    unsafe request.thing_name = arena.place(call.thingName)
    unsafe request.job_id = arena.place(call.jobID)
    unsafe request.status = Jobs__JobExecutionStatus(rawValue: call.status.wireNumber)
    let details = call.statusDetails?.entries ?? []
    unsafe request.clear_status_details = call.statusDetails?.isEmpty == true ? 1 : 0
    unsafe request.n_status_details = details.count
    unsafe request.status_details = arena.place(details) { arena, pair in
      var entry = unsafe Jobs__UpdateJobExecutionRequest__StatusDetailsEntry()
      unsafe jobs__update_job_execution_request__status_details_entry__init(&entry)
      unsafe entry.key = arena.place(pair.name)
      unsafe entry.value = arena.place(pair.value)
      return unsafe arena.place(entry)
    }
    unsafe self.setOptionalFields(of: &request, from: call)
    _ = unsafe arena.pack(&request, into: &output)
  }

  private static func setOptionalFields(
    of request: inout Jobs__UpdateJobExecutionRequest, from call: UpdateJobExecution
  ) {
    if let version = call.expectedVersion {
      unsafe request.expected_version = version
      unsafe request._expected_version_case =
        JOBS__UPDATE_JOB_EXECUTION_REQUEST___EXPECTED_VERSION_EXPECTED_VERSION
    }
    if let includes = call.includeJobExecutionState {
      unsafe request.include_job_execution_state = includes ? 1 : 0
      unsafe request._include_job_execution_state_case =
        JOBS__UPDATE_JOB_EXECUTION_REQUEST___INCLUDE_JOB_EXECUTION_STATE_INCLUDE_JOB_EXECUTION_STATE
    }
    if let includes = call.includeJobDocument {
      unsafe request.include_job_document = includes ? 1 : 0
      unsafe request._include_job_document_case =
        JOBS__UPDATE_JOB_EXECUTION_REQUEST___INCLUDE_JOB_DOCUMENT_INCLUDE_JOB_DOCUMENT
    }
    if let number = call.executionNumber {
      unsafe request.execution_number = number
      unsafe request._execution_number_case =
        JOBS__UPDATE_JOB_EXECUTION_REQUEST___EXECUTION_NUMBER_EXECUTION_NUMBER
    }
    if let minutes = call.stepTimeoutMinutes {
      unsafe request.step_timeout_in_minutes = minutes
      unsafe request._step_timeout_in_minutes_case =
        JOBS__UPDATE_JOB_EXECUTION_REQUEST___STEP_TIMEOUT_IN_MINUTES_STEP_TIMEOUT_IN_MINUTES
    }
  }
}

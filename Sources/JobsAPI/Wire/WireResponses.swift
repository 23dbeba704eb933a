// SPDX-License-Identifier: Apache-2.0

internal import CJobsProto
internal import CProtobufC

/// The response messages of `JobsDataPlaneService`.
///
/// Each function appends one encoded message to what `output` holds already, so that a frame's
/// prefix can be reserved there first; it returns the number of bytes it appended. Text is copied
/// twice: into an arena, where C finds it, and into the output.
package enum WireResponse {
  /// Appends a `DescribeJobExecutionResponse`.
  @discardableResult
  package static func appendDescribe(
    _ execution: JobExecution?, to output: inout [UInt8]
  ) -> Int {
    var arena = WireArena(expecting: execution.arenaBytes)
    var response = unsafe Jobs__DescribeJobExecutionResponse()
    unsafe jobs__describe_job_execution_response__init(&response)
    unsafe response.execution = arena.place(execution)
    return unsafe arena.pack(&response, into: &output)
  }

  /// Appends a `GetPendingJobExecutionsResponse`.
  @discardableResult
  package static func appendGetPending(
    _ pending: PendingJobExecutions, to output: inout [UInt8]
  ) -> Int {
    var arena = WireArena(expecting: 256 * (pending.inProgress.count + pending.queued.count))
    var response = unsafe Jobs__GetPendingJobExecutionsResponse()
    unsafe jobs__get_pending_job_executions_response__init(&response)
    unsafe response.n_in_progress_jobs = pending.inProgress.count
    unsafe response.in_progress_jobs = arena.place(pending.inProgress) { arena, summary in
      unsafe arena.place(summary)
    }
    unsafe response.n_queued_jobs = pending.queued.count
    unsafe response.queued_jobs = arena.place(pending.queued) { arena, summary in
      unsafe arena.place(summary)
    }
    return unsafe arena.pack(&response, into: &output)
  }

  /// Appends a `StartNextPendingJobExecutionResponse`.
  @discardableResult
  package static func appendStartNext(
    _ execution: JobExecution?, to output: inout [UInt8]
  ) -> Int {
    var arena = WireArena(expecting: execution.arenaBytes)
    var response = unsafe Jobs__StartNextPendingJobExecutionResponse()
    unsafe jobs__start_next_pending_job_execution_response__init(&response)
    unsafe response.execution = arena.place(execution)
    return unsafe arena.pack(&response, into: &output)
  }

  /// Appends an `UpdateJobExecutionResponse`.
  @discardableResult
  package static func appendUpdate(
    _ updated: UpdatedJobExecution, to output: inout [UInt8]
  ) -> Int {
    var arena = WireArena(expecting: 1024 + (updated.jobDocument?.utf8.count ?? 0))
    var response = unsafe Jobs__UpdateJobExecutionResponse()
    unsafe jobs__update_job_execution_response__init(&response)
    if let state = updated.executionState {
      unsafe response.execution_state = arena.place(state)
    }
    if let document = updated.jobDocument {
      unsafe response.job_document = arena.place(document)
      unsafe response._job_document_case =
        JOBS__UPDATE_JOB_EXECUTION_RESPONSE___JOB_DOCUMENT_JOB_DOCUMENT
    }
    return unsafe arena.pack(&response, into: &output)
  }
}

extension Optional<JobExecution> {
  /// About what an execution takes in an arena, in bytes.
  fileprivate var arenaBytes: Int {
    guard let self else { return 0 }
    return 640 + (self.jobDocument?.utf8.count ?? 0)
  }
}

extension WireArena {
  fileprivate mutating func place(
    _ execution: JobExecution?
  ) -> UnsafeMutablePointer<Jobs__JobExecution>? {
    guard let execution else { return nil }
    var message = unsafe Jobs__JobExecution()
    unsafe jobs__job_execution__init(&message)
    unsafe self.setTexts(of: &message, from: execution)
    unsafe Self.setNumbers(of: &message, from: execution)
    return unsafe self.place(message)
  }

  private mutating func setTexts(
    of message: inout Jobs__JobExecution, from execution: JobExecution
  ) {
    if let jobID = execution.jobID {
      unsafe message.job_id = self.place(jobID)
      unsafe message._job_id_case = JOBS__JOB_EXECUTION___JOB_ID_JOB_ID
    }
    if let thingName = execution.thingName {
      unsafe message.thing_name = self.place(thingName)
      unsafe message._thing_name_case = JOBS__JOB_EXECUTION___THING_NAME_THING_NAME
    }
    if let status = execution.status {
      unsafe message.status = Jobs__JobExecutionStatus(rawValue: status.wireNumber)
      unsafe message.status_text = self.place(status.awsWord)
      unsafe message._status_text_case = JOBS__JOB_EXECUTION___STATUS_TEXT_STATUS_TEXT
    }
    let details = execution.statusDetails?.entries ?? []
    unsafe message.n_status_details = details.count
    unsafe message.status_details = self.place(details) { arena, pair in
      var entry = unsafe Jobs__JobExecution__StatusDetailsEntry()
      unsafe jobs__job_execution__status_details_entry__init(&entry)
      unsafe entry.key = arena.place(pair.name)
      unsafe entry.value = arena.place(pair.value)
      return unsafe arena.place(entry)
    }
    if let document = execution.jobDocument {
      unsafe message.job_document = self.place(document)
      unsafe message._job_document_case = JOBS__JOB_EXECUTION___JOB_DOCUMENT_JOB_DOCUMENT
    }
  }

  private static func setNumbers(
    of message: inout Jobs__JobExecution, from execution: JobExecution
  ) {
    if let seconds = execution.queuedAtSeconds {
      unsafe message.queued_at = seconds
      unsafe message._queued_at_case = JOBS__JOB_EXECUTION___QUEUED_AT_QUEUED_AT
    }
    if let seconds = execution.startedAtSeconds {
      unsafe message.started_at = seconds
      unsafe message._started_at_case = JOBS__JOB_EXECUTION___STARTED_AT_STARTED_AT
    }
    if let seconds = execution.lastUpdatedAtSeconds {
      unsafe message.last_updated_at = seconds
      unsafe message._last_updated_at_case = JOBS__JOB_EXECUTION___LAST_UPDATED_AT_LAST_UPDATED_AT
    }
    if let seconds = execution.approximateSecondsBeforeTimedOut {
      unsafe message.approximate_seconds_before_timed_out = seconds
      unsafe message._approximate_seconds_before_timed_out_case =
        JOBS__JOB_EXECUTION___APPROXIMATE_SECONDS_BEFORE_TIMED_OUT_APPROXIMATE_SECONDS_BEFORE_TIMED_OUT
    }
    if let number = execution.versionNumber {
      unsafe message.version_number = number
      unsafe message._version_number_case = JOBS__JOB_EXECUTION___VERSION_NUMBER_VERSION_NUMBER
    }
    if let number = execution.executionNumber {
      unsafe message.execution_number = number
      unsafe message._execution_number_case =
        JOBS__JOB_EXECUTION___EXECUTION_NUMBER_EXECUTION_NUMBER
    }
  }

  /// For a watch's answers too.
  mutating func place(
    _ summary: JobExecutionSummary
  ) -> UnsafeMutablePointer<Jobs__JobExecutionSummary> {
    var message = unsafe Jobs__JobExecutionSummary()
    unsafe jobs__job_execution_summary__init(&message)
    if let jobID = summary.jobID {
      unsafe message.job_id = self.place(jobID)
      unsafe message._job_id_case = JOBS__JOB_EXECUTION_SUMMARY___JOB_ID_JOB_ID
    }
    if let seconds = summary.queuedAtSeconds {
      unsafe message.queued_at = seconds
      unsafe message._queued_at_case = JOBS__JOB_EXECUTION_SUMMARY___QUEUED_AT_QUEUED_AT
    }
    if let seconds = summary.startedAtSeconds {
      unsafe message.started_at = seconds
      unsafe message._started_at_case = JOBS__JOB_EXECUTION_SUMMARY___STARTED_AT_STARTED_AT
    }
    if let seconds = summary.lastUpdatedAtSeconds {
      unsafe message.last_updated_at = seconds
      unsafe message._last_updated_at_case =
        JOBS__JOB_EXECUTION_SUMMARY___LAST_UPDATED_AT_LAST_UPDATED_AT
    }
    if let number = summary.versionNumber {
      unsafe message.version_number = number
      unsafe message._version_number_case =
        JOBS__JOB_EXECUTION_SUMMARY___VERSION_NUMBER_VERSION_NUMBER
    }
    if let number = summary.executionNumber {
      unsafe message.execution_number = number
      unsafe message._execution_number_case =
        JOBS__JOB_EXECUTION_SUMMARY___EXECUTION_NUMBER_EXECUTION_NUMBER
    }
    return unsafe self.place(message)
  }

  /// Used for an error detail too.
  mutating func place(
    _ state: JobExecutionState
  ) -> UnsafeMutablePointer<Jobs__JobExecutionState> {
    var message = unsafe Jobs__JobExecutionState()
    unsafe jobs__job_execution_state__init(&message)
    if let status = state.status {
      unsafe message.status = Jobs__JobExecutionStatus(rawValue: status.wireNumber)
      unsafe message.status_text = self.place(status.awsWord)
      unsafe message._status_text_case = JOBS__JOB_EXECUTION_STATE___STATUS_TEXT_STATUS_TEXT
    }
    let details = state.statusDetails?.entries ?? []
    unsafe message.n_status_details = details.count
    unsafe message.status_details = self.place(details) { arena, pair in
      var entry = unsafe Jobs__JobExecutionState__StatusDetailsEntry()
      unsafe jobs__job_execution_state__status_details_entry__init(&entry)
      unsafe entry.key = arena.place(pair.name)
      unsafe entry.value = arena.place(pair.value)
      return unsafe arena.place(entry)
    }
    if let number = state.versionNumber {
      unsafe message.version_number = number
      unsafe message._version_number_case =
        JOBS__JOB_EXECUTION_STATE___VERSION_NUMBER_VERSION_NUMBER
    }
    return unsafe self.place(message)
  }
}

// SPDX-License-Identifier: Apache-2.0

internal import CJobsProto
internal import CProtobufC

/// The response messages of `JobsDataPlaneService` as a caller reads them. Unknown fields are skipped.
///
/// `memoryLimit` bounds what a decode may allocate, in bytes.
extension WireResponse {
  /// The greatest answers are lists of a thing's executions; AWS's own have 32 KiB and fewer.
  package static let memoryBytes = 16 << 20

  /// Reads a `DescribeJobExecutionResponse`.
  package static func describe(
    wire: Span<UInt8>, memoryLimit: Int = WireResponse.memoryBytes
  ) throws(WireError) -> JobExecution? {
    try unsafe decode(wire, memoryLimit, jobs__describe_job_execution_response__unpack) {
      message throws(WireError) in
      guard let execution = unsafe message.pointee.execution else { return nil }
      return unsafe try JobExecution(execution.pointee)
    }
  }

  /// Reads a `GetPendingJobExecutionsResponse`.
  package static func getPending(
    wire: Span<UInt8>, memoryLimit: Int = WireResponse.memoryBytes
  ) throws(WireError) -> PendingJobExecutions {
    try unsafe decode(wire, memoryLimit, jobs__get_pending_job_executions_response__unpack) {
      message throws(WireError) in
      let response = unsafe message.pointee
      return PendingJobExecutions(
        inProgress: unsafe try summaries(response.n_in_progress_jobs, response.in_progress_jobs),
        queued: unsafe try summaries(response.n_queued_jobs, response.queued_jobs))
    }
  }

  /// Reads a `StartNextPendingJobExecutionResponse`.
  package static func startNext(
    wire: Span<UInt8>, memoryLimit: Int = WireResponse.memoryBytes
  ) throws(WireError) -> JobExecution? {
    try unsafe decode(wire, memoryLimit, jobs__start_next_pending_job_execution_response__unpack) {
      message throws(WireError) in
      guard let execution = unsafe message.pointee.execution else { return nil }
      return unsafe try JobExecution(execution.pointee)
    }
  }

  /// Reads an `UpdateJobExecutionResponse`.
  package static func update(
    wire: Span<UInt8>, memoryLimit: Int = WireResponse.memoryBytes
  ) throws(WireError) -> UpdatedJobExecution {
    try unsafe decode(wire, memoryLimit, jobs__update_job_execution_response__unpack) {
      message throws(WireError) in
      let response = unsafe message.pointee
      var updated = UpdatedJobExecution()
      if let state = unsafe response.execution_state {
        updated.executionState = unsafe try JobExecutionState(state.pointee)
      }
      if unsafe response._job_document_case.rawValue != 0 {
        updated.jobDocument = unsafe try wireText(response.job_document, field: "job_document")
      }
      return updated
    }
  }
}

extension JobExecution {
  fileprivate init(_ message: Jobs__JobExecution) throws(WireError) {
    self.init()
    if unsafe message._job_id_case.rawValue != 0 {
      self.jobID = unsafe try wireText(message.job_id, field: "job_id")
    }
    if unsafe message._thing_name_case.rawValue != 0 {
      self.thingName = unsafe try wireText(message.thing_name, field: "thing_name")
    }
    self.status = unsafe try JobExecutionStatus(
      message.status, message._status_text_case.rawValue == 0 ? nil : message.status_text)
    self.statusDetails = unsafe try StatusDetails(count: message.n_status_details) { index in
      let entry = unsafe message.status_details[index]?.pointee
      return unsafe entry.map { entry in unsafe (entry.key, entry.value) }
    }
    if unsafe message._job_document_case.rawValue != 0 {
      self.jobDocument = unsafe try wireText(message.job_document, field: "job_document")
    }
    unsafe self.readNumbers(of: message)
  }

  private mutating func readNumbers(of message: Jobs__JobExecution) {
    if unsafe message._queued_at_case.rawValue != 0 {
      self.queuedAtSeconds = unsafe message.queued_at
    }
    if unsafe message._started_at_case.rawValue != 0 {
      self.startedAtSeconds = unsafe message.started_at
    }
    if unsafe message._last_updated_at_case.rawValue != 0 {
      self.lastUpdatedAtSeconds = unsafe message.last_updated_at
    }
    if unsafe message._approximate_seconds_before_timed_out_case.rawValue != 0 {
      self.approximateSecondsBeforeTimedOut =
        unsafe message.approximate_seconds_before_timed_out
    }
    if unsafe message._version_number_case.rawValue != 0 {
      self.versionNumber = unsafe message.version_number
    }
    if unsafe message._execution_number_case.rawValue != 0 {
      self.executionNumber = unsafe message.execution_number
    }
  }
}

/// Reads a list of summaries, of a watch too.
func summaries(
  _ count: Int, _ list: UnsafeMutablePointer<UnsafeMutablePointer<Jobs__JobExecutionSummary>?>?
) throws(WireError) -> [JobExecutionSummary] {
  var summaries: [JobExecutionSummary] = []
  for index in 0..<count {
    guard let summary = unsafe list?[index]?.pointee else { continue }
    summaries.append(unsafe try JobExecutionSummary(summary))
  }
  return summaries
}

extension JobExecutionSummary {
  /// Read for a watch too.
  init(_ message: Jobs__JobExecutionSummary) throws(WireError) {
    self.init()
    if unsafe message._job_id_case.rawValue != 0 {
      self.jobID = unsafe try wireText(message.job_id, field: "job_id")
    }
    if unsafe message._queued_at_case.rawValue != 0 {
      self.queuedAtSeconds = unsafe message.queued_at
    }
    if unsafe message._started_at_case.rawValue != 0 {
      self.startedAtSeconds = unsafe message.started_at
    }
    if unsafe message._last_updated_at_case.rawValue != 0 {
      self.lastUpdatedAtSeconds = unsafe message.last_updated_at
    }
    if unsafe message._version_number_case.rawValue != 0 {
      self.versionNumber = unsafe message.version_number
    }
    if unsafe message._execution_number_case.rawValue != 0 {
      self.executionNumber = unsafe message.execution_number
    }
  }
}

extension JobExecutionState {
  /// Read for an error detail too.
  init(_ message: Jobs__JobExecutionState) throws(WireError) {
    self.init()
    self.status = unsafe try JobExecutionStatus(
      message.status, message._status_text_case.rawValue == 0 ? nil : message.status_text)
    self.statusDetails = unsafe try StatusDetails(count: message.n_status_details) { index in
      let entry = unsafe message.status_details[index]?.pointee
      return unsafe entry.map { entry in unsafe (entry.key, entry.value) }
    }
    if unsafe message._version_number_case.rawValue != 0 {
      self.versionNumber = unsafe message.version_number
    }
  }
}

extension JobExecutionStatus {
  /// AWS's own word says more than a number that may be older than the state. Nil if there is neither.
  fileprivate init?(
    _ status: Jobs__JobExecutionStatus, _ word: ProtobufCBinaryData?
  ) throws(WireError) {
    if let word = unsafe word {
      self.init(awsWord: unsafe try wireText(word, field: "status_text"))
    } else if status.rawValue != 0 {
      self.init(wireNumber: status.rawValue)
    } else {
      return nil
    }
  }
}

extension StatusDetails {
  /// Nil for an empty map, which protobuf does not tell from none.
  fileprivate init?(
    count: Int, entry: (Int) -> (key: ProtobufCBinaryData, value: ProtobufCBinaryData)?
  ) throws(WireError) {
    guard count > 0 else { return nil }
    var pairs: [(String, String)] = []
    pairs.reserveCapacity(count)
    for index in 0..<count {
      guard let data = unsafe entry(index) else { continue }
      pairs.append(
        unsafe (
          try wireText(data.key, field: "status_details"),
          try wireText(data.value, field: "status_details")
        ))
    }
    self.init(pairs)
  }
}

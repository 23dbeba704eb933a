// SPDX-License-Identifier: Apache-2.0

internal import CJobsProto
internal import CProtobufC

// The messages of `JobsWatchService` as a caller writes and reads them.

extension WireRequest {
  /// Appends a `WatchPendingJobExecutionsRequest`.
  package static func append(_ call: WatchPendingJobExecutions, to output: inout [UInt8]) {
    var arena = WireArena(expecting: 1_024)
    var request = unsafe Jobs__WatchPendingJobExecutionsRequest()
    unsafe jobs__watch_pending_job_executions_request__init(&request)
    unsafe request.n_thing_names = call.thingNames.count
    unsafe request.thing_names = arena.place(texts: call.thingNames)
    unsafe request.resume_token = arena.place(call.resumeToken)
    _ = unsafe arena.pack(&request, into: &output)
  }

  /// Appends a `WaitForJobExecutionRequest`. A state that the .proto has no value for goes out as
  /// UNSPECIFIED, which nobody accepts.
  package static func append(_ call: WaitForJobExecution, to output: inout [UInt8]) {
    var arena = WireArena(expecting: 512)
    var request = unsafe Jobs__WaitForJobExecutionRequest()
    unsafe jobs__wait_for_job_execution_request__init(&request)
    unsafe request.thing_name = arena.place(call.thingName)
    unsafe request.job_id = arena.place(call.jobID)
    unsafe request.n_statuses = call.statuses.count
    unsafe request.statuses = arena.place(
      values: call.statuses.map { Jobs__JobExecutionStatus(rawValue: $0.wireNumber) })
    if let number = call.executionNumber {
      unsafe request.execution_number = number
      unsafe request._execution_number_case =
        JOBS__WAIT_FOR_JOB_EXECUTION_REQUEST___EXECUTION_NUMBER_EXECUTION_NUMBER
    }
    if let version = call.versionAbove {
      unsafe request.version_above = version
      unsafe request._version_above_case =
        JOBS__WAIT_FOR_JOB_EXECUTION_REQUEST___VERSION_ABOVE_VERSION_ABOVE
    }
    _ = unsafe arena.pack(&request, into: &output)
  }
}

/// One message of a watch as its caller reads it.
package struct WatchedNews: Equatable, Sendable {
  package var resumeToken: [UInt8]
  /// Nil for news of a kind that is not known here.
  package var news: PendingNews?
}

extension WireResponse {
  /// Reads a `WatchPendingJobExecutionsResponse`.
  package static func watched(
    wire: Span<UInt8>, memoryLimit: Int = WireResponse.memoryBytes
  ) throws(WireError) -> WatchedNews {
    try unsafe decode(wire, memoryLimit, jobs__watch_pending_job_executions_response__unpack) {
      message throws(WireError) in
      let response = unsafe message.pointee
      let token = unsafe UnsafeBufferPointer(
        start: response.resume_token.data, count: response.resume_token.len)
      var watched = WatchedNews(resumeToken: unsafe [UInt8](token), news: nil)
      switch unsafe response.news_case {
      case JOBS__WATCH_PENDING_JOB_EXECUTIONS_RESPONSE__NEWS_SNAPSHOT:
        guard let snapshot = unsafe response.snapshot else { break }
        watched.news = unsafe try PendingNews(snapshot.pointee)
      case JOBS__WATCH_PENDING_JOB_EXECUTIONS_RESPONSE__NEWS_CHANGE:
        guard let change = unsafe response.change else { break }
        watched.news = unsafe try PendingNews(change.pointee)
      case JOBS__WATCH_PENDING_JOB_EXECUTIONS_RESPONSE__NEWS_HEARTBEAT:
        watched.news = unsafe response.heartbeat.map { heartbeat in
          let isKnown = unsafe heartbeat.pointee._seconds_since_answer_case.rawValue != 0
          let seconds = unsafe heartbeat.pointee.seconds_since_answer
          return .heartbeat(secondsSinceAnswer: isKnown ? seconds : nil)
        }
      default: break
      }
      return watched
    }
  }

  /// Reads a `WaitForJobExecutionResponse`.
  package static func awaited(
    wire: Span<UInt8>, memoryLimit: Int = WireResponse.memoryBytes
  ) throws(WireError) -> AwaitedExecution {
    try unsafe decode(wire, memoryLimit, jobs__wait_for_job_execution_response__unpack) {
      message throws(WireError) in
      let response = unsafe message.pointee
      var awaited = unsafe AwaitedExecution(isTerminal: response.terminal != 0)
      if unsafe response._status_case.rawValue != 0, unsafe response.status.rawValue != 0 {
        awaited.status = unsafe JobExecutionStatus(wireNumber: response.status.rawValue)
      }
      if unsafe response._version_number_case.rawValue != 0 {
        awaited.versionNumber = unsafe response.version_number
      }
      if unsafe response._execution_number_case.rawValue != 0 {
        awaited.executionNumber = unsafe response.execution_number
      }
      return awaited
    }
  }
}

extension PendingNews {
  fileprivate init(_ message: Jobs__PendingJobExecutionsSnapshot) throws(WireError) {
    self = .snapshot(
      thingName: unsafe try wireText(message.thing_name, field: "thing_name"),
      PendingJobExecutions(
        inProgress: unsafe try summaries(message.n_in_progress_jobs, message.in_progress_jobs),
        queued: unsafe try summaries(message.n_queued_jobs, message.queued_jobs)))
  }

  /// Nil for a kind of change that is not known here.
  fileprivate init?(_ message: Jobs__PendingJobExecutionChange) throws(WireError) {
    guard let kind = unsafe PendingChange.Kind(wireNumber: message.kind.rawValue) else {
      return nil
    }
    var change = PendingChange(kind, JobExecutionSummary())
    if let execution = unsafe message.execution {
      change.execution = unsafe try JobExecutionSummary(execution.pointee)
    }
    if unsafe message.status.rawValue != 0 {
      change.status = unsafe JobExecutionStatus(wireNumber: message.status.rawValue)
    }
    self = .change(
      thingName: unsafe try wireText(message.thing_name, field: "thing_name"), change)
  }
}

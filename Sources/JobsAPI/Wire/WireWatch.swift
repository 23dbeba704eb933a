// SPDX-License-Identifier: Apache-2.0

internal import CJobsProto
internal import CProtobufC

/// The messages of `JobsWatchService` as a server reads and writes them; all that is said of the
/// requests of `JobsDataPlaneService` holds for these.
extension WatchPendingJobExecutions {
  /// The longest token that is taken.
  package static let tokenBytes = 4_096

  /// Decodes a `WatchPendingJobExecutionsRequest`. A name that comes twice counts once.
  ///
  /// - Parameter thingLimit: how many things one stream may name.
  package init(
    wire: Span<UInt8>, thingLimit: Int, memoryLimit: Int = WireLimits.memoryBytes
  ) throws(WireError) {
    let call = try unsafe decode(
      wire, memoryLimit, jobs__watch_pending_job_executions_request__unpack
    ) { message throws(WireError) in
      let request = unsafe message.pointee
      var names: [String] = []
      // One more than is allowed is enough to refuse them all.
      for index in unsafe 0..<request.n_thing_names where names.count <= thingLimit {
        let name = unsafe try wireText(request.thing_names[index], field: "thing_names")
        if !names.contains(name) { names.append(name) }
      }
      guard unsafe request.resume_token.len <= Self.tokenBytes else {
        let rule = "must have \(Self.tokenBytes) bytes at most"
        throw .invalid([FieldViolation(field: "resume_token", rule: rule)])
      }
      let token = unsafe UnsafeBufferPointer(
        start: request.resume_token.data, count: request.resume_token.len)
      return WatchPendingJobExecutions(thingNames: names, resumeToken: unsafe [UInt8](token))
    }
    guard (1...thingLimit).contains(call.thingNames.count) else {
      let rule = "must have 1 to \(thingLimit) names"
      throw .invalid([FieldViolation(field: "thing_names", rule: rule)])
    }
    let violations = call.violations().map { FieldViolation(field: "thing_names", rule: $0.rule) }
    guard violations.isEmpty else { throw .invalid(violations) }
    self = call
  }
}

extension WaitForJobExecution {
  /// There are eight states; a request with many more says nothing.
  package static let statusLimit = 16

  /// Decodes a `WaitForJobExecutionRequest`.
  package init(
    wire: Span<UInt8>, memoryLimit: Int = WireLimits.memoryBytes
  ) throws(WireError) {
    let call = try unsafe decode(
      wire, memoryLimit, jobs__wait_for_job_execution_request__unpack
    ) { message throws(WireError) in
      let request = unsafe message.pointee
      var call = unsafe WaitForJobExecution(
        thingName: try wireText(request.thing_name, field: "thing_name"),
        jobID: try wireText(request.job_id, field: "job_id"))
      guard unsafe request.n_statuses <= Self.statusLimit else {
        let rule = "must have \(Self.statusLimit) states at most"
        throw .invalid([FieldViolation(field: "statuses", rule: rule)])
      }
      for index in unsafe 0..<request.n_statuses {
        let number = unsafe request.statuses[index].rawValue
        call.statuses.append(JobExecutionStatus(wireNumber: number))
      }
      if unsafe request._execution_number_case.rawValue != 0 {
        call.executionNumber = unsafe request.execution_number
      }
      if unsafe request._version_above_case.rawValue != 0 {
        call.versionAbove = unsafe request.version_above
      }
      return call
    }
    let violations = call.violations().map { violation in
      let field = violation.field == "status" ? "statuses" : violation.field
      return FieldViolation(field: field, rule: violation.rule)
    }
    guard violations.isEmpty else { throw .invalid(violations) }
    self = call
  }
}

extension WireResponse {
  /// Appends a `WatchPendingJobExecutionsResponse`.
  package static func append(
    _ news: PendingNews, resumeToken: [UInt8], to output: inout [UInt8]
  ) {
    var arena = WireArena(expecting: 1_024)
    var response = unsafe Jobs__WatchPendingJobExecutionsResponse()
    unsafe jobs__watch_pending_job_executions_response__init(&response)
    unsafe response.resume_token = arena.place(resumeToken)
    switch news {
    case .snapshot(let thingName, let pending):
      unsafe response.snapshot = arena.place(pending, of: thingName)
      unsafe response.news_case = JOBS__WATCH_PENDING_JOB_EXECUTIONS_RESPONSE__NEWS_SNAPSHOT
    case .change(let thingName, let change):
      unsafe response.change = arena.place(change, of: thingName)
      unsafe response.news_case = JOBS__WATCH_PENDING_JOB_EXECUTIONS_RESPONSE__NEWS_CHANGE
    case .heartbeat(let seconds):
      var heartbeat = unsafe Jobs__WatchHeartbeat()
      unsafe jobs__watch_heartbeat__init(&heartbeat)
      if let seconds {
        unsafe heartbeat.seconds_since_answer = seconds
        unsafe heartbeat._seconds_since_answer_case =
          JOBS__WATCH_HEARTBEAT___SECONDS_SINCE_ANSWER_SECONDS_SINCE_ANSWER
      }
      unsafe response.heartbeat = arena.place(heartbeat)
      unsafe response.news_case = JOBS__WATCH_PENDING_JOB_EXECUTIONS_RESPONSE__NEWS_HEARTBEAT
    }
    _ = unsafe arena.pack(&response, into: &output)
  }

  /// Appends a `WaitForJobExecutionResponse`.
  package static func append(_ awaited: AwaitedExecution, to output: inout [UInt8]) {
    var arena = WireArena(expecting: 64)
    var response = unsafe Jobs__WaitForJobExecutionResponse()
    unsafe jobs__wait_for_job_execution_response__init(&response)
    unsafe response.terminal = awaited.isTerminal ? 1 : 0
    // A state that the .proto has no value for is as good as none.
    if let status = awaited.status, status.wireNumber != 0 {
      unsafe response.status = Jobs__JobExecutionStatus(rawValue: status.wireNumber)
      unsafe response._status_case = JOBS__WAIT_FOR_JOB_EXECUTION_RESPONSE___STATUS_STATUS
    }
    if let version = awaited.versionNumber {
      unsafe response.version_number = version
      unsafe response._version_number_case =
        JOBS__WAIT_FOR_JOB_EXECUTION_RESPONSE___VERSION_NUMBER_VERSION_NUMBER
    }
    if let number = awaited.executionNumber {
      unsafe response.execution_number = number
      unsafe response._execution_number_case =
        JOBS__WAIT_FOR_JOB_EXECUTION_RESPONSE___EXECUTION_NUMBER_EXECUTION_NUMBER
    }
    _ = unsafe arena.pack(&response, into: &output)
  }
}

extension WireArena {
  fileprivate mutating func place(
    _ pending: PendingJobExecutions, of thingName: String
  ) -> UnsafeMutablePointer<Jobs__PendingJobExecutionsSnapshot> {
    var snapshot = unsafe Jobs__PendingJobExecutionsSnapshot()
    unsafe jobs__pending_job_executions_snapshot__init(&snapshot)
    unsafe snapshot.thing_name = self.place(thingName)
    unsafe snapshot.n_in_progress_jobs = pending.inProgress.count
    unsafe snapshot.in_progress_jobs = self.place(pending.inProgress) { arena, summary in
      unsafe arena.place(summary)
    }
    unsafe snapshot.n_queued_jobs = pending.queued.count
    unsafe snapshot.queued_jobs = self.place(pending.queued) { arena, summary in
      unsafe arena.place(summary)
    }
    return unsafe self.place(snapshot)
  }

  fileprivate mutating func place(
    _ change: PendingChange, of thingName: String
  ) -> UnsafeMutablePointer<Jobs__PendingJobExecutionChange> {
    var message = unsafe Jobs__PendingJobExecutionChange()
    unsafe jobs__pending_job_execution_change__init(&message)
    unsafe message.thing_name = self.place(thingName)
    unsafe message.kind = Jobs__PendingJobExecutionChangeKind(rawValue: change.kind.wireNumber)
    unsafe message.execution = self.place(change.execution)
    unsafe message.status = Jobs__JobExecutionStatus(rawValue: change.status?.wireNumber ?? 0)
    return unsafe self.place(message)
  }
}

extension PendingChange.Kind {
  /// The number of the .proto's `PendingJobExecutionChangeKind`.
  var wireNumber: UInt32 {
    switch self {
    case .added: 1
    case .started: 2
    case .updated: 3
    case .left: 4
    }
  }

  /// Nil for a number that is not known here.
  init?(wireNumber: UInt32) {
    guard let kind = Self.allCases.first(where: { $0.wireNumber == wireNumber }) else { return nil }
    self = kind
  }
}

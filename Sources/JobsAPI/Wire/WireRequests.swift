// SPDX-License-Identifier: Apache-2.0

internal import CJobsProto
internal import CProtobufC

/// The request messages of `JobsDataPlaneService`, decoded and checked.
///
/// What these initialisers return satisfies every constraint of AWS's model. Text is taken with its
/// length, so a NUL does not end it, and must be UTF-8. Unknown fields are skipped; groups, which
/// proto3 cannot express, are refused. Of a field or a map key that comes twice the last one wins.
/// `memoryLimit` bounds what a decode may allocate, in bytes.
package enum WireLimits {
  /// Enough for the densest legal message of 64 KiB, which is the default limit on messages.
  package static let memoryBytes = 2 << 20
}

extension DescribeJobExecution {
  /// Decodes a `DescribeJobExecutionRequest`.
  package init(
    wire: Span<UInt8>, memoryLimit: Int = WireLimits.memoryBytes
  ) throws(WireError) {
    self = try unsafe decodeAndCheck(
      wire, memoryLimit, jobs__describe_job_execution_request__unpack
    ) { message throws(WireError) in try unsafe DescribeJobExecution(message.pointee) }
  }

  /// Takes what a decoded message holds, and checks nothing but text.
  init(_ request: Jobs__DescribeJobExecutionRequest) throws(WireError) {
    unsafe self.init(
      thingName: try wireText(request.thing_name, field: "thing_name"),
      jobID: try wireText(request.job_id, field: "job_id"))
    if unsafe request._execution_number_case.rawValue != 0 {
      self.executionNumber = unsafe request.execution_number
    }
    if unsafe request._include_job_document_case.rawValue != 0 {
      self.includeJobDocument = unsafe request.include_job_document != 0
    }
  }
}

extension GetPendingJobExecutions {
  /// Decodes a `GetPendingJobExecutionsRequest`.
  package init(
    wire: Span<UInt8>, memoryLimit: Int = WireLimits.memoryBytes
  ) throws(WireError) {
    self = try unsafe decodeAndCheck(
      wire, memoryLimit, jobs__get_pending_job_executions_request__unpack
    ) { message throws(WireError) in try unsafe GetPendingJobExecutions(message.pointee) }
  }

  /// Takes what a decoded message holds, and checks nothing but text.
  init(_ request: Jobs__GetPendingJobExecutionsRequest) throws(WireError) {
    unsafe self.init(
      thingName: try wireText(request.thing_name, field: "thing_name"))
  }
}

extension StartNextPendingJobExecution {
  /// Decodes a `StartNextPendingJobExecutionRequest`.
  package init(
    wire: Span<UInt8>, memoryLimit: Int = WireLimits.memoryBytes
  ) throws(WireError) {
    self = try unsafe decodeAndCheck(
      wire, memoryLimit, jobs__start_next_pending_job_execution_request__unpack
    ) { message throws(WireError) in try unsafe StartNextPendingJobExecution(message.pointee) }
  }

  /// Takes what a decoded message holds, and checks nothing but text.
  init(_ request: Jobs__StartNextPendingJobExecutionRequest) throws(WireError) {
    unsafe self.init(
      thingName: try wireText(request.thing_name, field: "thing_name"))
    self.statusDetails = try unsafe details(
      count: request.n_status_details, clear: request.clear_status_details != 0
    ) { index in
      let entry = unsafe request.status_details[index]?.pointee
      return unsafe entry.map { entry in unsafe (entry.key, entry.value) }
    }
    if unsafe request._step_timeout_in_minutes_case.rawValue != 0 {
      self.stepTimeoutMinutes = unsafe request.step_timeout_in_minutes
    }
  }
}

extension UpdateJobExecution {
  /// Decodes an `UpdateJobExecutionRequest`.
  package init(
    wire: Span<UInt8>, memoryLimit: Int = WireLimits.memoryBytes
  ) throws(WireError) {
    self = try unsafe decodeAndCheck(
      wire, memoryLimit, jobs__update_job_execution_request__unpack
    ) { message throws(WireError) in try unsafe UpdateJobExecution(message.pointee) }
  }

  /// Takes what a decoded message holds, and checks nothing but text.
  init(_ request: Jobs__UpdateJobExecutionRequest) throws(WireError) {
    unsafe self.init(
      thingName: try wireText(request.thing_name, field: "thing_name"),
      jobID: try wireText(request.job_id, field: "job_id"),
      status: JobExecutionStatus(wireNumber: request.status.rawValue))
    self.statusDetails = try unsafe details(
      count: request.n_status_details, clear: request.clear_status_details != 0
    ) { index in
      let entry = unsafe request.status_details[index]?.pointee
      return unsafe entry.map { entry in unsafe (entry.key, entry.value) }
    }
    unsafe self.readOptionalFields(of: request)
  }

  private mutating func readOptionalFields(of request: Jobs__UpdateJobExecutionRequest) {
    if unsafe request._expected_version_case.rawValue != 0 {
      self.expectedVersion = unsafe request.expected_version
    }
    if unsafe request._include_job_execution_state_case.rawValue != 0 {
      self.includeJobExecutionState = unsafe request.include_job_execution_state != 0
    }
    if unsafe request._include_job_document_case.rawValue != 0 {
      self.includeJobDocument = unsafe request.include_job_document != 0
    }
    if unsafe request._execution_number_case.rawValue != 0 {
      self.executionNumber = unsafe request.execution_number
    }
    if unsafe request._step_timeout_in_minutes_case.rawValue != 0 {
      self.stepTimeoutMinutes = unsafe request.step_timeout_in_minutes
    }
  }
}

/// Decodes a request and checks what it asks for.
private func decodeAndCheck<Message, Call: ConstrainedCall>(
  _ wire: Span<UInt8>, _ memoryLimit: Int, _ unpack: WireUnpack<Message>,
  _ read: (UnsafeMutablePointer<Message>) throws(WireError) -> Call
) throws(WireError) -> Call {
  let call = unsafe try decode(wire, memoryLimit, unpack, read)
  let violations = call.violations()
  guard violations.isEmpty else { throw .invalid(violations) }
  return call
}

/// Nil when the map is empty and there is no wish to clear.
private func details(
  count: Int, clear: Bool,
  entry: (Int) -> (key: ProtobufCBinaryData, value: ProtobufCBinaryData)?
) throws(WireError) -> StatusDetails? {
  guard count > 0 else { return clear ? .empty : nil }
  if clear { throw .invalid([ConstraintBreach(.detailsAndClear, .exclusive).violation]) }
  var pairs: [(String, String)] = []
  pairs.reserveCapacity(count)
  for index in 0..<count {
    guard let data = unsafe entry(index) else { continue }
    guard let name = unsafe wireString(data.key), let value = unsafe wireString(data.value) else {
      let rule = "names and values must be valid UTF-8"
      throw .invalid([FieldViolation(field: "status_details", rule: rule)])
    }
    pairs.append((name, value))
  }
  return StatusDetails(pairs)
}

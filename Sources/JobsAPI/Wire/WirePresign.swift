// SPDX-License-Identifier: Apache-2.0

internal import CJobsProto
internal import CProtobufC

/// The messages of `JobsPresignService`. What ``WireRequest`` and ``WireResponse`` say of theirs holds
/// here too.

extension PresignRequest {
  /// Decodes a `GeneratePresignedUrlRequest`. What breaks a rule within the operation's own message is
  /// named with the path to it.
  package init(
    wire: Span<UInt8>, memoryLimit: Int = WireLimits.memoryBytes
  ) throws(WireError) {
    self = try unsafe decode(wire, memoryLimit, jobs__generate_presigned_url_request__unpack) {
      message throws(WireError) in
      let request = unsafe message.pointee
      let call: JobsCall?
      do throws(WireError) {
        call = unsafe try JobsCall.read(request)
      } catch .invalid(let violations) {
        throw .invalid(violations.map { unsafe $0.within(request.operation_case) })
      }
      guard let call else {
        throw .invalid([FieldViolation(field: "operation", rule: "must be set")])
      }
      var presign = PresignRequest(call)
      if unsafe request._expires_in_case.rawValue != 0 {
        presign.expiresInSeconds = unsafe request.expires_in
      }
      if unsafe request._http_method_case.rawValue != 0 {
        presign.httpMethod = unsafe try wireText(request.http_method, field: "http_method")
      }
      let violations =
        call.violations().map { unsafe $0.within(request.operation_case) } + presign.violations()
      guard violations.isEmpty else { throw .invalid(violations) }
      return presign
    }
  }
}

extension JobsCall {
  /// Nil if there is none.
  fileprivate static func read(
    _ request: Jobs__GeneratePresignedUrlRequest
  ) throws(WireError) -> JobsCall? {
    switch unsafe request.operation_case {
    case JOBS__GENERATE_PRESIGNED_URL_REQUEST__OPERATION_DESCRIBE_JOB_EXECUTION:
      guard let call = unsafe request.describe_job_execution?.pointee else { return nil }
      return unsafe .describe(try DescribeJobExecution(call))
    case JOBS__GENERATE_PRESIGNED_URL_REQUEST__OPERATION_GET_PENDING_JOB_EXECUTIONS:
      guard let call = unsafe request.get_pending_job_executions?.pointee else { return nil }
      return unsafe .getPending(try GetPendingJobExecutions(call))
    case JOBS__GENERATE_PRESIGNED_URL_REQUEST__OPERATION_START_NEXT_PENDING_JOB_EXECUTION:
      guard let call = unsafe request.start_next_pending_job_execution?.pointee else { return nil }
      return unsafe .startNext(try StartNextPendingJobExecution(call))
    case JOBS__GENERATE_PRESIGNED_URL_REQUEST__OPERATION_UPDATE_JOB_EXECUTION:
      guard let call = unsafe request.update_job_execution?.pointee else { return nil }
      return unsafe .update(try UpdateJobExecution(call))
    default: return nil
    }
  }
}

extension FieldViolation {
  /// The same, named with the path through the member that is set.
  fileprivate func within(
    _ member: Jobs__GeneratePresignedUrlRequest__OperationCase
  ) -> FieldViolation {
    let field =
      switch member {
      case JOBS__GENERATE_PRESIGNED_URL_REQUEST__OPERATION_DESCRIBE_JOB_EXECUTION:
        "describe_job_execution"
      case JOBS__GENERATE_PRESIGNED_URL_REQUEST__OPERATION_GET_PENDING_JOB_EXECUTIONS:
        "get_pending_job_executions"
      case JOBS__GENERATE_PRESIGNED_URL_REQUEST__OPERATION_START_NEXT_PENDING_JOB_EXECUTION:
        "start_next_pending_job_execution"
      default: "update_job_execution"
      }
    return FieldViolation(field: "\(field).\(self.field)", rule: self.rule)
  }
}

extension WireResponse {
  /// Appends a `GeneratePresignedUrlResponse`.
  package static func appendPresigned(_ presigned: PresignedRequest, to output: inout [UInt8]) {
    var arena = WireArena(expecting: 2_048 + (presigned.body?.count ?? 0))
    var response = unsafe Jobs__GeneratePresignedUrlResponse()
    unsafe jobs__generate_presigned_url_response__init(&response)
    unsafe response.url = arena.place(presigned.url)
    unsafe response.http_method = arena.place(presigned.method)
    unsafe response.n_headers = presigned.headers.count
    unsafe response.headers = arena.place(presigned.headers) { arena, field in
      var header = unsafe Jobs__PresignedHeader()
      unsafe jobs__presigned_header__init(&header)
      unsafe header.name = arena.place(field.name)
      unsafe header.value = arena.place(field.value)
      return unsafe arena.place(header)
    }
    if let body = presigned.body {
      unsafe response.body = arena.place(String(decoding: body, as: UTF8.self))
      unsafe response._body_case = JOBS__GENERATE_PRESIGNED_URL_RESPONSE___BODY_BODY
    }
    unsafe response.expires_at = presigned.expiresAtSeconds
    unsafe response.expires_in = presigned.expiresInSeconds
    unsafe response.expiry_shortened = presigned.isCutShort ? 1 : 0
    _ = unsafe arena.pack(&response, into: &output)
  }
}

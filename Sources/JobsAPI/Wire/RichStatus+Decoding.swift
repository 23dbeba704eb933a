// SPDX-License-Identifier: Apache-2.0

internal import CJobsProto
internal import CProtobufC

extension RichStatus {
  /// What a `google.rpc.Status` may take in memory.
  package static let memoryBytes = 1 << 20

  /// Reads a `google.rpc.Status` with those of its details that are known here; others are skipped,
  /// and so is one that is malformed: the status itself says more than its loss would.
  package init(
    wire: Span<UInt8>, memoryLimit: Int = RichStatus.memoryBytes
  ) throws(WireError) {
    self = try unsafe decode(wire, memoryLimit, google__rpc__status__unpack) {
      message throws(WireError) in
      let status = unsafe message.pointee
      var rich = RichStatus(
        code: unsafe status.code, message: unsafe try wireText(status.message, field: "message"))
      for index in unsafe 0..<status.n_details {
        guard let any = unsafe status.details[index]?.pointee,
          let type = unsafe wireString(any.type_url)
        else { continue }
        let value = unsafe Span(
          _unsafeElements: UnsafeBufferPointer(start: any.value.data, count: any.value.len))
        // The last part of a type's URL is its name (google/protobuf/any.proto).
        let name = type.split(separator: "/").last.map(String.init) ?? type
        try? rich.read(name, value, memoryLimit)
      }
      return rich
    }
  }

  private mutating func read(
    _ type: String, _ value: Span<UInt8>, _ memoryLimit: Int
  ) throws(WireError) {
    switch type {
    case "google.rpc.ErrorInfo": self.errorInfo = try ErrorInfo(wire: value, memoryLimit)
    case "google.rpc.RetryInfo":
      self.retryDelayMilliseconds = try unsafe decode(
        value, memoryLimit, google__rpc__retry_info__unpack
      ) { message in
        unsafe message.pointee.retry_delay.map { delay in
          // What no clock could wait for is cut, so that nothing overflows.
          let seconds = unsafe min(max(delay.pointee.seconds, 0), 86_400 * 365)
          return unsafe seconds * 1_000 + Int64(max(delay.pointee.nanos, 0)) / 1_000_000
        }
      }
    case "google.rpc.BadRequest": self.violations = try Self.violations(wire: value, memoryLimit)
    case "google.rpc.PreconditionFailure":
      self.precondition = try Self.precondition(wire: value, memoryLimit)
    case "google.rpc.QuotaFailure":
      self.quotaSubject = try unsafe decode(
        value, memoryLimit, google__rpc__quota_failure__unpack
      ) { message throws(WireError) in
        guard unsafe message.pointee.n_violations > 0,
          let violation = unsafe message.pointee.violations[0]?.pointee
        else { return nil }
        return unsafe try wireText(violation.subject, field: "subject")
      }
    case "google.rpc.RequestInfo":
      self.requestID = try unsafe decode(value, memoryLimit, google__rpc__request_info__unpack) {
        message throws(WireError) in
        unsafe try wireText(message.pointee.request_id, field: "request_id")
      }
    case "iot.jobs.dataplane.v1.JobExecutionState":
      self.executionState = try unsafe decode(
        value, memoryLimit, jobs__job_execution_state__unpack
      ) { message throws(WireError) in unsafe try JobExecutionState(message.pointee) }
    default: break
    }
  }

  private static func violations(
    wire: Span<UInt8>, _ memoryLimit: Int
  ) throws(WireError) -> [FieldViolation] {
    try unsafe decode(wire, memoryLimit, google__rpc__bad_request__unpack) {
      message throws(WireError) in
      var violations: [FieldViolation] = []
      for index in unsafe 0..<message.pointee.n_field_violations {
        guard let entry = unsafe message.pointee.field_violations[index]?.pointee else { continue }
        violations.append(
          FieldViolation(
            field: unsafe try wireText(entry.field, field: "field"),
            rule: unsafe try wireText(entry.description, field: "description")))
      }
      return violations
    }
  }

  private static func precondition(
    wire: Span<UInt8>, _ memoryLimit: Int
  ) throws(WireError) -> Precondition? {
    try unsafe decode(wire, memoryLimit, google__rpc__precondition_failure__unpack) {
      message throws(WireError) in
      guard unsafe message.pointee.n_violations > 0,
        let entry = unsafe message.pointee.violations[0]?.pointee
      else { return nil }
      return Precondition(
        type: unsafe try wireText(entry.type, field: "type"),
        subject: unsafe try wireText(entry.subject, field: "subject"),
        description: unsafe try wireText(entry.description, field: "description"))
    }
  }
}

extension RichStatus.ErrorInfo {
  fileprivate init(wire: Span<UInt8>, _ memoryLimit: Int) throws(WireError) {
    self = try unsafe decode(wire, memoryLimit, google__rpc__error_info__unpack) {
      message throws(WireError) in
      let info = unsafe message.pointee
      var metadata: [(name: String, value: String)] = []
      for index in unsafe 0..<info.n_metadata {
        guard let entry = unsafe info.metadata[index]?.pointee else { continue }
        metadata.append(
          unsafe (
            try wireText(entry.key, field: "metadata"),
            try wireText(entry.value, field: "metadata")
          ))
      }
      return RichStatus.ErrorInfo(
        reason: unsafe try wireText(info.reason, field: "reason"),
        domain: unsafe try wireText(info.domain, field: "domain"), metadata: metadata)
    }
  }
}

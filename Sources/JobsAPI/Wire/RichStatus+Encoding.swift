// SPDX-License-Identifier: Apache-2.0

internal import CJobsProto
internal import CProtobufC

extension RichStatus {
  /// The encoding, whatever its length.
  func encoded() -> [UInt8] {
    var arena = WireArena(expecting: 2048)
    var details = unsafe [Detail]()
    unsafe details.reserveCapacity(7)
    if let info = self.errorInfo { unsafe details.append(arena.detail(info)) }
    if let delay = self.retryDelayMilliseconds { unsafe details.append(arena.detail(delay)) }
    if !self.violations.isEmpty { unsafe details.append(arena.detail(self.violations)) }
    if let precondition = self.precondition {
      unsafe details.append(arena.detail(precondition))
    }
    if let subject = self.quotaSubject {
      unsafe details.append(arena.detail(subject: subject, description: self.message))
    }
    if let id = self.requestID { unsafe details.append(arena.detail(requestID: id)) }
    if let state = self.executionState { unsafe details.append(arena.detail(state)) }

    var status = unsafe Google__Rpc__Status()
    unsafe google__rpc__status__init(&status)
    unsafe status.code = self.code
    unsafe status.message = arena.place(self.message)
    unsafe status.n_details = details.count
    unsafe status.details = arena.place(details) { arena, detail in
      var any = unsafe Google__Protobuf__Any()
      unsafe google__protobuf__any__init(&any)
      unsafe any.type_url = arena.place(detail.typeURL)
      unsafe any.value = detail.value
      return unsafe arena.place(any)
    }
    var bytes: [UInt8] = []
    _ = unsafe arena.pack(&status, into: &bytes)
    return bytes
  }
}

/// The URL of a detail message's type and its encoding within an arena.
@unsafe private struct Detail {
  var typeURL: String
  var value: ProtobufCBinaryData
}

extension WireArena {
  fileprivate mutating func detail(_ info: RichStatus.ErrorInfo) -> Detail {
    var message = unsafe Google__Rpc__ErrorInfo()
    unsafe google__rpc__error_info__init(&message)
    unsafe message.reason = self.place(info.reason)
    unsafe message.domain = self.place(info.domain)
    unsafe message.n_metadata = info.metadata.count
    unsafe message.metadata = self.place(info.metadata) { arena, pair in
      var entry = unsafe Google__Rpc__ErrorInfo__MetadataEntry()
      unsafe google__rpc__error_info__metadata_entry__init(&entry)
      unsafe entry.key = arena.place(pair.name)
      unsafe entry.value = arena.place(pair.value)
      return unsafe arena.place(entry)
    }
    return unsafe Detail(
      typeURL: "type.googleapis.com/google.rpc.ErrorInfo", value: self.packed(&message))
  }

  fileprivate mutating func detail(_ retryDelayMilliseconds: Int64) -> Detail {
    let delay = max(0, retryDelayMilliseconds)
    var duration = unsafe Google__Protobuf__Duration()
    unsafe google__protobuf__duration__init(&duration)
    unsafe duration.seconds = delay / 1000
    unsafe duration.nanos = Int32(delay % 1000) * 1_000_000
    var message = unsafe Google__Rpc__RetryInfo()
    unsafe google__rpc__retry_info__init(&message)
    unsafe message.retry_delay = self.place(duration)
    return unsafe Detail(
      typeURL: "type.googleapis.com/google.rpc.RetryInfo", value: self.packed(&message))
  }

  fileprivate mutating func detail(_ violations: [FieldViolation]) -> Detail {
    var message = unsafe Google__Rpc__BadRequest()
    unsafe google__rpc__bad_request__init(&message)
    unsafe message.n_field_violations = violations.count
    unsafe message.field_violations = self.place(violations) { arena, violation in
      var entry = unsafe Google__Rpc__BadRequest__FieldViolation()
      unsafe google__rpc__bad_request__field_violation__init(&entry)
      unsafe entry.field = arena.place(violation.field)
      unsafe entry.description = arena.place(violation.rule)
      return unsafe arena.place(entry)
    }
    return unsafe Detail(
      typeURL: "type.googleapis.com/google.rpc.BadRequest", value: self.packed(&message))
  }

  fileprivate mutating func detail(_ precondition: RichStatus.Precondition) -> Detail {
    var message = unsafe Google__Rpc__PreconditionFailure()
    unsafe google__rpc__precondition_failure__init(&message)
    unsafe message.n_violations = 1
    unsafe message.violations = self.place([precondition]) { arena, precondition in
      var entry = unsafe Google__Rpc__PreconditionFailure__Violation()
      unsafe google__rpc__precondition_failure__violation__init(&entry)
      unsafe entry.type = arena.place(precondition.type)
      unsafe entry.subject = arena.place(precondition.subject)
      unsafe entry.description = arena.place(precondition.description)
      return unsafe arena.place(entry)
    }
    return unsafe Detail(
      typeURL: "type.googleapis.com/google.rpc.PreconditionFailure", value: self.packed(&message))
  }

  fileprivate mutating func detail(subject: String, description: String) -> Detail {
    var message = unsafe Google__Rpc__QuotaFailure()
    unsafe google__rpc__quota_failure__init(&message)
    unsafe message.n_violations = 1
    unsafe message.violations = self.place([subject]) { arena, subject in
      var entry = unsafe Google__Rpc__QuotaFailure__Violation()
      unsafe google__rpc__quota_failure__violation__init(&entry)
      unsafe entry.subject = arena.place(subject)
      unsafe entry.description = arena.place(description)
      return unsafe arena.place(entry)
    }
    return unsafe Detail(
      typeURL: "type.googleapis.com/google.rpc.QuotaFailure", value: self.packed(&message))
  }

  fileprivate mutating func detail(requestID: String) -> Detail {
    var message = unsafe Google__Rpc__RequestInfo()
    unsafe google__rpc__request_info__init(&message)
    unsafe message.request_id = self.place(requestID)
    return unsafe Detail(
      typeURL: "type.googleapis.com/google.rpc.RequestInfo", value: self.packed(&message))
  }

  fileprivate mutating func detail(_ state: JobExecutionState) -> Detail {
    let message = unsafe self.place(state)
    return unsafe Detail(
      typeURL: "type.googleapis.com/iot.jobs.dataplane.v1.JobExecutionState",
      value: self.packed(&message.pointee))
  }
}

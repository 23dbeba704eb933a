// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import JobsAPI

struct RichStatusTests {
  private var full: RichStatus {
    var status = RichStatus(code: 10, message: "stale – 😀")
    status.errorInfo = .init(
      reason: "VERSION_MISMATCH", domain: "iotjobs.amazonaws.com",
      metadata: [("httpStatus", "409"), ("currentVersion", "4")])
    status.retryDelayMilliseconds = 1250
    status.violations = [FieldViolation(field: "thing_name", rule: "must be short")]
    status.precondition = .init(
      type: "VERSION_MISMATCH", subject: "thing:a/job:b", description: "it is at version 4")
    status.requestID = "id-1"
    status.quotaSubject = "thing:a"
    var state = JobExecutionState()
    state.status = .inProgress
    state.versionNumber = 4
    state.statusDetails = StatusDetails([("p", "50%")])
    status.executionState = state
    return status
  }

  /// The details by the last part of their type's name.
  private func details(_ bytes: [UInt8]) -> [String: ProtoFields] {
    let pairs = ProtoFields(bytes).all(3).map { bytes in
      let any = ProtoFields(bytes)
      return (any.text(1) ?? "", ProtoFields(any.all(2).last ?? []))
    }
    return Dictionary(pairs, uniquingKeysWith: { $1 })
  }

  @Test func `every detail is written under its type`() {
    let bytes = self.full.wireBytes()
    let fields = ProtoFields(bytes)
    #expect(fields.number(1) == 10)
    #expect(fields.text(2) == "stale – 😀")
    let details = self.details(bytes)
    #expect(details.count == 7)
    let google = "type.googleapis.com/google.rpc."
    let info = details[google + "ErrorInfo"]
    #expect(info?.text(1) == "VERSION_MISMATCH")
    #expect(info?.text(2) == "iotjobs.amazonaws.com")
    #expect(info?.pairs(3) == ["httpStatus": "409", "currentVersion": "4"])
    let delay = details[google + "RetryInfo"]?.message(1)
    #expect(delay?.number(1) == 1)
    #expect(delay?.number(2) == 250_000_000)
    let violation = details[google + "BadRequest"]?.message(1)
    #expect(violation?.text(1) == "thing_name")
    #expect(violation?.text(2) == "must be short")
    let precondition = details[google + "PreconditionFailure"]?.message(1)
    #expect(precondition?.text(1) == "VERSION_MISMATCH")
    #expect(precondition?.text(2) == "thing:a/job:b")
    #expect(precondition?.text(3) == "it is at version 4")
    #expect(details[google + "RequestInfo"]?.text(1) == "id-1")
    #expect(details[google + "QuotaFailure"]?.message(1)?.text(1) == "thing:a")
    let state = details["type.googleapis.com/iot.jobs.dataplane.v1.JobExecutionState"]
    #expect(state?.number(1) == 2)
    #expect(state?.pairs(3) == ["p": "50%"])
    #expect(state?.number(4) == 4)
  }

  @Test func `a bare status is its code and message`() {
    let fields = ProtoFields(RichStatus(code: 14, message: "later").wireBytes())
    #expect(fields.number(1) == 14)
    #expect(fields.text(2) == "later")
    #expect(fields.all(3).isEmpty)
  }

  @Test func `large details of the execution go first`() {
    var status = self.full
    status.executionState?.statusDetails = StatusDetails([
      ("p", String(repeating: "é", count: 4096))
    ])
    let bytes = status.wireBytes()
    #expect(bytes.count <= 4096)
    let details = self.details(bytes)
    #expect(details.count == 7)
    let state = details["type.googleapis.com/iot.jobs.dataplane.v1.JobExecutionState"]
    #expect(state?.pairs(3) == [:])
    #expect(state?.number(4) == 4)
  }

  @Test func `no status is longer than its limit`() {
    var status = self.full
    status.message = String(repeating: "€", count: 5000)
    status.violations = (0..<100).map { index in
      FieldViolation(field: "f\(index)", rule: String(repeating: "r", count: 300))
    }
    status.precondition?.subject = String(repeating: "s", count: 2_000)
    status.errorInfo?.metadata = (0..<50).map { ("key\($0)", String(repeating: "v", count: 100)) }
    status.executionState?.statusDetails = StatusDetails([
      ("p", String(repeating: "x", count: 9000))
    ])
    for limit in [200, 500, 1000, 2000, 4096, 8192] {
      let bytes = status.wireBytes(limit: limit)
      #expect(bytes.count <= limit)
      let info = self.details(bytes)["type.googleapis.com/google.rpc.ErrorInfo"]
      #expect(info?.text(1) == "VERSION_MISMATCH")
      #expect(ProtoFields(bytes).number(1) == 10)
    }
  }

  @Test func `text is cut between characters`() {
    #expect("aé€😀".prefix(utf8Count: 100) == "aé€😀")
    let cuts = (0...10).map { "aé€😀".prefix(utf8Count: $0) }
    #expect(cuts == ["", "a", "a", "aé", "aé", "aé", "aé€", "aé€", "aé€", "aé€", "aé€😀"])
  }
}

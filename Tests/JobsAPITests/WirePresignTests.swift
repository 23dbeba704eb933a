// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import JobsAPI

struct WirePresignTests {
  private func read(_ bytes: ProtoBytes) throws(WireError) -> PresignRequest {
    try PresignRequest(wire: bytes.bytes.span)
  }

  private func member(_ field: Int, _ message: ProtoBytes) -> ProtoBytes {
    ProtoBytes().data(field, message.bytes)
  }

  @Test func `each operation arrives with its own members`() throws {
    let thing = ProtoBytes().text(1, "t")
    var describe = DescribeJobExecution(thingName: "t", jobID: "$next")
    describe.includeJobDocument = false
    #expect(
      try self.read(self.member(1, thing.text(2, "$next").number(4, 0)))
        == PresignRequest(.describe(describe)))
    #expect(
      try self.read(self.member(2, thing).number(5, 60).text(6, "HEAD"))
        == PresignRequest(
          .getPending(GetPendingJobExecutions(thingName: "t")), expiresInSeconds: 60,
          httpMethod: "HEAD"))
    var start = StartNextPendingJobExecution(thingName: "t")
    start.statusDetails = StatusDetails([("a", "1")])
    #expect(
      try self.read(self.member(3, thing.pair(2, "a", "1"))) == PresignRequest(.startNext(start)))
    var update = UpdateJobExecution(thingName: "t", jobID: "j", status: .failed)
    update.expectedVersion = 3
    #expect(
      try self.read(self.member(4, thing.text(2, "j").number(3, 4).number(6, 3)))
        == PresignRequest(.update(update)))
  }

  @Test func `what breaks a rule is named with the path to it`() {
    for (bytes, fields) in [
      (ProtoBytes(), ["operation"]),
      (ProtoBytes().number(5, 60), ["operation"]),
      (self.member(2, ProtoBytes()), ["get_pending_job_executions.thing_name"]),
      (
        self.member(1, ProtoBytes().text(1, "/")).number(5, 0).text(6, "g"),
        [
          "describe_job_execution.thing_name", "describe_job_execution.job_id", "expires_in",
          "http_method",
        ]
      ),
      (
        self.member(3, ProtoBytes().data(1, [0xFF])),
        ["start_next_pending_job_execution.thing_name"]
      ),
      (self.member(4, ProtoBytes().text(1, "t").text(2, "j")), ["update_job_execution.status"]),
      (
        self.member(2, ProtoBytes().text(1, "t")).data(6, [0xFF]), ["http_method"]
      ),
    ] {
      let error = #expect(throws: WireError.self) { try self.read(bytes) }
      guard case .invalid(let violations)? = error else {
        Issue.record("\(fields): \(String(describing: error))")
        continue
      }
      var named: [String] = []
      for violation in violations where named.last != violation.field {
        named.append(violation.field)
      }
      #expect(named == fields)
    }
    #expect(throws: WireError.malformed) { try self.read(ProtoBytes().data(1, [0x0A])) }
  }

  @Test func `an answer holds all that must be sent`() {
    let presigned = PresignedRequest(
      url: "http://h/p?q", method: "POST", headers: [("content-type", "application/json")],
      body: Array("{}".utf8), expiresAtSeconds: 1_000, expiresInSeconds: 60, isCutShort: true)
    var bytes: [UInt8] = []
    WireResponse.appendPresigned(presigned, to: &bytes)
    let header = ProtoBytes().text(1, "content-type").text(2, "application/json")
    #expect(
      bytes
        == ProtoBytes().text(1, "http://h/p?q").text(2, "POST").data(3, header.bytes)
        .text(4, "{}").number(5, 1_000).number(6, 60).number(7, 1).bytes)
  }

  @Test func `another verb is another operation where AWS takes it for one`() {
    func other(_ call: JobsCall, _ method: String?) -> JobsOperation? {
      PresignRequest(call, httpMethod: method).otherOperation
    }
    let describe = JobsCall.describe(DescribeJobExecution(thingName: "t", jobID: "$next"))
    let pending = JobsCall.getPending(GetPendingJobExecutions(thingName: "t"))
    let start = JobsCall.startNext(StartNextPendingJobExecution(thingName: "t"))
    let update = JobsCall.update(UpdateJobExecution(thingName: "t", jobID: "j", status: .failed))
    for (call, own) in [(describe, "GET"), (pending, "GET"), (start, "PUT"), (update, "POST")] {
      #expect(other(call, nil) == nil)
      #expect(other(call, own) == nil)
      #expect(other(call, "HEAD") == nil)
    }
    #expect(other(describe, "PUT") == .startNext)
    #expect(other(describe, "POST") == .update)
    #expect(other(start, "GET") == .describe)
    #expect(other(start, "POST") == .update)
    #expect(other(update, "GET") == .describe)
    #expect(other(update, "PUT") == .startNext)
    #expect(other(pending, "PUT") == nil)
  }
}

// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import JobsAPI

struct WireResponsesTests {
  private var execution: JobExecution {
    var execution = JobExecution()
    execution.jobID = "job"
    execution.thingName = "a:b"
    execution.status = .timedOut
    execution.statusDetails = StatusDetails([("k", "é\u{0}😀"), ("", "")])
    execution.queuedAtSeconds = 1
    execution.startedAtSeconds = 0
    execution.lastUpdatedAtSeconds = .max
    execution.approximateSecondsBeforeTimedOut = -1
    execution.versionNumber = .min
    execution.executionNumber = 7
    execution.jobDocument = String(repeating: "x", count: 40_000)
    return execution
  }

  private func expectWhole(_ fields: ProtoFields?) throws {
    let fields = try #require(fields)
    #expect(fields.text(1) == "job")
    #expect(fields.text(2) == "a:b")
    #expect(fields.number(3) == 5)
    #expect(fields.text(4) == "TIMED_OUT")
    #expect(fields.pairs(5) == ["k": "é\u{0}😀", "": ""])
    #expect((6...11).map { fields.number($0) } == [1, 0, .max, -1, .min, 7])
    #expect(fields.text(12)?.count == 40_000)
  }

  @Test func `an execution is appended behind what is there`() throws {
    var output: [UInt8] = [9, 9, 9, 9, 9]
    let count = WireResponse.appendDescribe(self.execution, to: &output)
    #expect(output.count == 5 + count)
    #expect(output.prefix(5) == [9, 9, 9, 9, 9])
    try self.expectWhole(ProtoFields(Array(output.dropFirst(5))).message(1))

    var started: [UInt8] = []
    WireResponse.appendStartNext(self.execution, to: &started)
    try self.expectWhole(ProtoFields(started).message(1))
  }

  @Test func `the size of an encoding is told to the byte`() {
    var executions: [JobExecution?] = [nil, JobExecution(), self.execution]
    for (index, length) in [0, 1, 120, 127, 128, 16_383, 16_384].enumerated() {
      var execution = self.execution
      execution.jobDocument = String(repeating: "y", count: length)
      execution.status = index % 2 == 0 ? .unrecognized("ODD") : nil
      execution.statusDetails = StatusDetails([(String(repeating: "n", count: length), "v")])
      execution.versionNumber = index % 2 == 0 ? nil : Int64(1) << (7 * index)
      execution.executionNumber = (Int64(1) << (7 * index)) - 1
      executions.append(execution)
    }
    for execution in executions {
      var output: [UInt8] = []
      WireResponse.appendDescribe(execution, to: &output)
      #expect(WireResponse.describeBytes(execution) == output.count)
    }
  }

  @Test func `no execution is an empty message and an empty one is not`() {
    var output: [UInt8] = []
    #expect(WireResponse.appendDescribe(nil, to: &output) == 0)
    #expect(WireResponse.appendStartNext(nil, to: &output) == 0)
    #expect(output.isEmpty)
    WireResponse.appendDescribe(JobExecution(), to: &output)
    #expect(output == [0x0A, 0])
  }

  @Test func `zero and empty are sent when AWS sent them`() {
    var execution = JobExecution()
    execution.jobDocument = ""
    execution.versionNumber = 0
    var output: [UInt8] = []
    WireResponse.appendDescribe(execution, to: &output)
    let fields = ProtoFields(output).message(1)
    #expect(fields?.text(12) == "")
    #expect(fields?.number(10) == 0)
    #expect(fields?.text(4) == nil)
    #expect(fields?.number(6) == nil)
  }

  @Test func `a state that is not ours keeps its word`() {
    var execution = JobExecution()
    execution.status = .unrecognized("PAUSED")
    var output: [UInt8] = []
    WireResponse.appendDescribe(execution, to: &output)
    let fields = ProtoFields(output).message(1)
    #expect(fields?.number(3) == nil)
    #expect(fields?.text(4) == "PAUSED")
  }

  @Test func `both lists keep their order`() {
    func summary(_ id: String, _ number: Int64) -> JobExecutionSummary {
      var summary = JobExecutionSummary()
      summary.jobID = id
      summary.queuedAtSeconds = number
      summary.lastUpdatedAtSeconds = number + 2
      summary.versionNumber = number + 3
      summary.executionNumber = number + 4
      return summary
    }
    var started = summary("s", 10)
    started.startedAtSeconds = 11
    let pending = PendingJobExecutions(
      inProgress: [started], queued: (0..<100).map { summary("q\($0)", Int64($0)) })
    var output: [UInt8] = []
    WireResponse.appendGetPending(pending, to: &output)
    let fields = ProtoFields(output)
    let inProgress = fields.all(1).map { ProtoFields($0) }
    let queued = fields.all(2).map { ProtoFields($0) }
    #expect(inProgress.map { $0.text(1) } == ["s"])
    #expect((2...6).map { inProgress[0].number($0) } == [10, 11, 12, 13, 14])
    #expect(queued.map { $0.text(1) } == (0..<100).map { "q\($0)" })
    #expect((2...6).map { queued[7].number($0) } == [7, nil, 9, 10, 11])

    output = []
    #expect(WireResponse.appendGetPending(PendingJobExecutions(), to: &output) == 0)
  }

  @Test func `an update shows what it was asked for`() {
    var output: [UInt8] = []
    #expect(WireResponse.appendUpdate(UpdatedJobExecution(), to: &output) == 0)

    var state = JobExecutionState()
    state.status = .succeeded
    state.statusDetails = StatusDetails([("a", "b")])
    state.versionNumber = 3
    WireResponse.appendUpdate(
      UpdatedJobExecution(executionState: state, jobDocument: "{}"), to: &output)
    let fields = ProtoFields(output)
    let written = fields.message(1)
    #expect(written?.number(1) == 3)
    #expect(written?.text(2) == "SUCCEEDED")
    #expect(written?.pairs(3) == ["a": "b"])
    #expect(written?.number(4) == 3)
    #expect(fields.text(2) == "{}")
  }
}

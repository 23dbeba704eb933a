// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import JobsAPI

/// What a caller writes and reads, held against what the gateway reads and writes.
@Suite struct WireClientTests {
  private static let details = StatusDetails([("a", "1"), ("b:c", "é 😀")])

  @Test func `requests are read as they were meant`() throws {
    var describe = DescribeJobExecution(thingName: "t:1", jobID: "$next")
    for includes in [nil, true, false] {
      describe.includeJobDocument = includes
      describe.executionNumber = includes == nil ? nil : 0
      var bytes: [UInt8] = []
      WireRequest.append(describe, to: &bytes)
      #expect(try DescribeJobExecution(wire: bytes.span) == describe)
    }
    let pending = GetPendingJobExecutions(thingName: "t")
    var bytes: [UInt8] = []
    WireRequest.append(pending, to: &bytes)
    #expect(try GetPendingJobExecutions(wire: bytes.span) == pending)
  }

  @Test(arguments: [nil, StatusDetails.empty, Self.details])
  func `writes keep their details`(details: StatusDetails?) throws {
    var start = StartNextPendingJobExecution(thingName: "t")
    start.statusDetails = details
    start.stepTimeoutMinutes = details == nil ? nil : 10_080
    var bytes: [UInt8] = []
    WireRequest.append(start, to: &bytes)
    #expect(try StartNextPendingJobExecution(wire: bytes.span) == start)

    var update = UpdateJobExecution(thingName: "t", jobID: "j", status: .rejected)
    update.statusDetails = details
    if details != nil {
      update.expectedVersion = .max
      update.includeJobExecutionState = true
      update.includeJobDocument = false
      update.executionNumber = 1
      update.stepTimeoutMinutes = -1
    }
    bytes = []
    WireRequest.append(update, to: &bytes)
    #expect(try UpdateJobExecution(wire: bytes.span) == update)
  }

  private static var execution: JobExecution {
    var execution = JobExecution()
    execution.jobID = "j"
    execution.thingName = "t"
    execution.status = .unrecognized("PAUSED")
    execution.statusDetails = Self.details
    execution.queuedAtSeconds = 1
    execution.startedAtSeconds = .max
    execution.lastUpdatedAtSeconds = 0
    execution.approximateSecondsBeforeTimedOut = -1
    execution.versionNumber = 3
    execution.executionNumber = 4
    execution.jobDocument = "{\"é\": \"\\u0000\"}"
    return execution
  }

  @Test(arguments: [nil, JobExecution(), Self.execution])
  func `executions are read as they were sent`(execution: JobExecution?) throws {
    var bytes: [UInt8] = []
    WireResponse.appendDescribe(execution, to: &bytes)
    #expect(try WireResponse.describe(wire: bytes.span) == execution)
    bytes = []
    WireResponse.appendStartNext(execution, to: &bytes)
    #expect(try WireResponse.startNext(wire: bytes.span) == execution)
  }

  @Test func `lists and states are read as they were sent`() throws {
    var summary = JobExecutionSummary()
    summary.jobID = "j"
    summary.queuedAtSeconds = 1
    summary.startedAtSeconds = 2
    summary.lastUpdatedAtSeconds = 3
    summary.versionNumber = 4
    summary.executionNumber = 5
    let pending = PendingJobExecutions(
      inProgress: [summary], queued: [JobExecutionSummary(), summary])
    var bytes: [UInt8] = []
    WireResponse.appendGetPending(pending, to: &bytes)
    #expect(try WireResponse.getPending(wire: bytes.span) == pending)

    var state = JobExecutionState()
    state.status = .timedOut
    state.statusDetails = Self.details
    state.versionNumber = 9
    for updated in [
      UpdatedJobExecution(), UpdatedJobExecution(executionState: state, jobDocument: "{}"),
    ] {
      bytes = []
      WireResponse.appendUpdate(updated, to: &bytes)
      #expect(try WireResponse.update(wire: bytes.span) == updated)
    }
  }

  @Test func `a status is read with all its details`() throws {
    var status = RichStatus(code: 10, message: "not \u{0} that version")
    status.errorInfo = RichStatus.ErrorInfo(
      reason: "VERSION_MISMATCH", domain: "d", metadata: [("thing", "t"), ("job", "j")])
    status.retryDelayMilliseconds = 1_250
    status.violations = [
      FieldViolation(field: "f", rule: "r"), FieldViolation(field: "g", rule: ""),
    ]
    status.precondition = RichStatus.Precondition(type: "T", subject: "S", description: "D")
    status.requestID = "id"
    status.quotaSubject = "thing:t"
    var state = JobExecutionState()
    state.status = .inProgress
    state.versionNumber = 2
    status.executionState = state
    #expect(try RichStatus(wire: status.wireBytes().span) == status)
  }

  @Test func `bytes that are no answer are refused, whatever they are`() throws {
    var bytes: [UInt8] = []
    WireResponse.appendDescribe(Self.execution, to: &bytes)
    for count in 1..<bytes.count {
      // A message that is cut between its fields is one with fewer of them.
      if let read = try? WireResponse.describe(wire: Array(bytes[..<count]).span) {
        #expect(read != Self.execution)
      }
    }
    #expect(throws: WireError.malformed) { try WireResponse.describe(wire: [0x0A, 0x05].span) }
    #expect(throws: WireError.tooComplex(limit: 64)) {
      try WireResponse.describe(wire: bytes.span, memoryLimit: 64)
    }
    // A thing name of one byte that is no UTF-8.
    #expect(throws: WireError.self) {
      try WireResponse.describe(wire: [0x0A, 0x03, 0x12, 0x01, 0xFF].span)
    }
  }
}

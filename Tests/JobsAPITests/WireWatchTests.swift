// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import JobsAPI

/// What a server writes and reads of watches, held against what a caller reads and writes.
@Suite struct WireWatchTests {
  private static var row: JobExecutionSummary {
    var row = JobExecutionSummary()
    row.jobID = "j"
    row.queuedAtSeconds = 1
    row.startedAtSeconds = 0
    row.lastUpdatedAtSeconds = .max
    row.versionNumber = -1
    row.executionNumber = 7
    return row
  }

  @Test(
    arguments: [
      .snapshot(thingName: "t", PendingJobExecutions(inProgress: [row], queued: [row, row])),
      .snapshot(thingName: "t", PendingJobExecutions()),
      .change(thingName: "t:1", PendingChange(.added, row, status: .queued)),
      .change(thingName: "t", PendingChange(.started, row, status: .inProgress)),
      .change(thingName: "t", PendingChange(.updated, JobExecutionSummary(), status: .inProgress)),
      .change(thingName: "t", PendingChange(.left, row)),
      .heartbeat(secondsSinceAnswer: nil), .heartbeat(secondsSinceAnswer: 0),
    ] as [PendingNews])
  func `news are read as they were meant`(news: PendingNews) throws {
    var bytes: [UInt8] = []
    WireResponse.append(news, resumeToken: [1, 0, 255], to: &bytes)
    let read = try WireResponse.watched(wire: bytes.span)
    #expect(read == WatchedNews(resumeToken: [1, 0, 255], news: news))
  }

  @Test(arguments: [
    AwaitedExecution(isTerminal: true),
    AwaitedExecution(isTerminal: true, status: .timedOut),
    AwaitedExecution(isTerminal: false, status: .queued, versionNumber: 0, executionNumber: 1),
  ])
  func `how far an execution has come is read as it was meant`(awaited: AwaitedExecution) throws {
    var bytes: [UInt8] = []
    WireResponse.append(awaited, to: &bytes)
    #expect(try WireResponse.awaited(wire: bytes.span) == awaited)
  }

  @Test func `a state without a number is told as none`() throws {
    var bytes: [UInt8] = []
    WireResponse.append(
      AwaitedExecution(isTerminal: false, status: .unrecognized("PAUSED")), to: &bytes)
    #expect(try WireResponse.awaited(wire: bytes.span) == AwaitedExecution(isTerminal: false))
  }

  @Test func `a watch names each thing once, and no more than it may`() throws {
    var bytes: [UInt8] = []
    let token = [UInt8](repeating: 7, count: WatchPendingJobExecutions.tokenBytes)
    let call = WatchPendingJobExecutions(thingNames: ["a", "b", "a"], resumeToken: token)
    WireRequest.append(call, to: &bytes)
    let read = try WatchPendingJobExecutions(wire: bytes.span, thingLimit: 2)
    #expect(read == WatchPendingJobExecutions(thingNames: ["a", "b"], resumeToken: token))
    let refusal = WireError.invalid([
      FieldViolation(field: "thing_names", rule: "must have 1 to 1 names")
    ])
    #expect(throws: refusal) { try WatchPendingJobExecutions(wire: bytes.span, thingLimit: 1) }
    let none: [UInt8] = []
    #expect(throws: refusal) { try WatchPendingJobExecutions(wire: none.span, thingLimit: 1) }
  }

  @Test(arguments: [
    (["a b"], 0, "thing_names"), ([""], 0, "thing_names"),
    (["a"], WatchPendingJobExecutions.tokenBytes + 1, "resume_token"),
  ])
  func `what is wrong with a watch is told by its field`(
    names: [String], tokenBytes: Int, field: String
  ) {
    var bytes: [UInt8] = []
    let token = [UInt8](repeating: 0, count: tokenBytes)
    WireRequest.append(
      WatchPendingJobExecutions(thingNames: names, resumeToken: token), to: &bytes)
    #expect(
      self.fields { try WatchPendingJobExecutions(wire: bytes.span, thingLimit: 9) } == [field])
  }

  @Test func `a wait is read as it was meant`() throws {
    var wait = WaitForJobExecution(thingName: "t", jobID: "j")
    for _ in 0..<2 {
      var bytes: [UInt8] = []
      WireRequest.append(wait, to: &bytes)
      #expect(try WaitForJobExecution(wire: bytes.span) == wait)
      wait.executionNumber = 0
      wait.statuses = [.queued, .inProgress, .succeeded]
      wait.versionAbove = -1
    }
  }

  @Test(
    arguments: [
      ("$next", [], "job_id"), ("", [], "job_id"),
      ("j", [.unrecognized("0")], "statuses"), ("j", [.queued, .unrecognized("9")], "statuses"),
      ("j", Array(repeating: .queued, count: 17), "statuses"),
    ] as [(String, [JobExecutionStatus], String)])
  func `what is wrong with a wait is told by its field`(
    jobID: String, statuses: [JobExecutionStatus], field: String
  ) {
    var wait = WaitForJobExecution(thingName: "t", jobID: jobID)
    wait.statuses = statuses
    var bytes: [UInt8] = []
    WireRequest.append(wait, to: &bytes)
    let fields = self.fields { try WaitForJobExecution(wire: bytes.span) }
    #expect(Set(fields) == [field])
  }

  private func fields<Call>(_ decode: () throws -> Call) -> [String] {
    do {
      _ = try decode()
      return []
    } catch WireError.invalid(let violations) {
      return violations.map(\.field)
    } catch {
      return ["\(error)"]
    }
  }
}

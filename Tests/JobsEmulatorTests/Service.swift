// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import JobsEmulator
import Testing

/// A service with its own time, in the short words of tests. Jobs are created in order.
struct Service {
  static let start: Int64 = 1_700_000_000

  var state: JobsState
  var now = Service.start

  init(rules: EmulatorRules = EmulatorRules(), limits: EmulatorLimits = EmulatorLimits()) {
    self.state = JobsState(rules: rules, limits: limits)
  }

  static func arn(_ thing: String) -> String {
    "arn:aws:iot:us-east-1:123456789012:thing/\(thing)"
  }

  mutating func wait(minutes: Int64) {
    self.now += minutes * 60
  }

  // MARK: Control plane

  mutating func create(
    _ jobID: String, on things: [String] = ["t"],
    _ edit: (inout CreateJob) -> Void = { _ in }
  ) throws {
    var call = CreateJob(jobID: jobID, targets: things.map(Self.arn), document: "{\"a\":1}")
    edit(&call)
    _ = try self.state.createJob(call, now: self.now)
  }

  mutating func job(_ jobID: String) throws -> Job {
    try self.state.describeJob(DescribeJob(jobID: jobID), now: self.now)
  }

  mutating func managed(
    _ jobID: String, on thing: String = "t", number: Int64? = nil
  ) throws -> ManagedJobExecution {
    try self.state.describeExecution(
      DescribeManagedJobExecution(thingName: thing, jobID: jobID, executionNumber: number),
      now: self.now)
  }

  mutating func cancel(_ jobID: String, on thing: String = "t", force: Bool? = nil) throws {
    try self.state.cancelExecution(
      CancelJobExecution(thingName: thing, jobID: jobID, force: force), now: self.now)
  }

  // MARK: Data plane

  mutating func describe(
    _ jobID: String, on thing: String = "t",
    _ edit: (inout DescribeJobExecution) -> Void = { _ in }
  ) throws -> JobExecution? {
    var call = DescribeJobExecution(thingName: thing, jobID: jobID)
    edit(&call)
    return try self.state.describe(call, now: self.now)
  }

  mutating func pending(_ thing: String = "t") throws -> PendingJobExecutions {
    try self.state.getPending(GetPendingJobExecutions(thingName: thing), now: self.now)
  }

  @discardableResult
  mutating func startNext(
    _ thing: String = "t", _ edit: (inout StartNextPendingJobExecution) -> Void = { _ in }
  ) throws -> JobExecution? {
    var call = StartNextPendingJobExecution(thingName: thing)
    edit(&call)
    return try self.state.startNext(call, now: self.now)
  }

  @discardableResult
  mutating func update(
    _ jobID: String, _ status: JobExecutionStatus, on thing: String = "t",
    _ edit: (inout UpdateJobExecution) -> Void = { _ in }
  ) throws -> UpdatedJobExecution {
    var call = UpdateJobExecution(thingName: thing, jobID: jobID, status: status)
    call.includeJobExecutionState = true
    edit(&call)
    return try self.state.update(call, now: self.now)
  }
}

/// Runs what must be refused by AWS's name and status, and checks that it changed nothing.
@discardableResult
func expectRefusal(
  _ name: String, _ httpStatus: Int, of service: inout Service,
  sourceLocation: SourceLocation = #_sourceLocation,
  _ body: (inout Service) throws -> Void
) -> AWSRefusal? {
  service.state.advance(to: service.now)
  let before = service.state
  do {
    try body(&service)
    Issue.record("was not refused", sourceLocation: sourceLocation)
  } catch let failure as JobsFailure {
    #expect(service.state == before, "a refusal changed the state", sourceLocation: sourceLocation)
    guard case .refused(let refusal) = failure.cause else {
      Issue.record("another cause: \(failure.cause)", sourceLocation: sourceLocation)
      return nil
    }
    #expect(refusal.name == name, sourceLocation: sourceLocation)
    #expect(refusal.httpStatus == httpStatus, sourceLocation: sourceLocation)
    return refusal
  } catch {
    Issue.record("another error: \(error)", sourceLocation: sourceLocation)
  }
  return nil
}

// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import Testing

@testable import GatewayServer

struct PreconditionTests {
  private static let describe = JobsCall.describe(DescribeJobExecution(thingName: "t", jobID: "j"))
  private static let startNext = JobsCall.startNext(StartNextPendingJobExecution(thingName: "t"))

  private static func update(expecting version: Int64?) -> JobsCall {
    var update = UpdateJobExecution(thingName: "t", jobID: "j", status: .succeeded)
    update.expectedVersion = version
    return .update(update)
  }

  private static func details(
    _ kind: AWSErrorKind, _ state: JobExecutionState?, _ call: JobsCall
  ) -> RichStatus {
    var refusal = StatusMappingTests.refusal(kind)
    refusal.executionState = state
    return StatusMapping.failure(for: JobsFailure(.refused(refusal)), of: call).details
  }

  private static func state(_ status: JobExecutionStatus, version: Int64) -> JobExecutionState {
    var state = JobExecutionState()
    state.status = status
    state.versionNumber = version
    return state
  }

  @Test func `a lost race tells the versions`() {
    let state = Self.state(.inProgress, version: 5)
    let known = Self.details(.versionMismatch, state, Self.update(expecting: 4))
    #expect(
      known.precondition
        == .init(
          type: "VERSION_MISMATCH", subject: "thing:t/job:j",
          description: "the execution is at version 5, not 4"))
    #expect(known.executionState == state)
    let unknown = Self.details(.versionMismatch, nil, Self.update(expecting: 4))
    #expect(
      unknown.precondition?.description == "the execution is not at the expected version")
  }

  @Test(arguments: [
    (AWSErrorKind.terminalState, "TERMINAL_STATE"),
    (.invalidStateTransition, "INVALID_STATE_TRANSITION"),
  ])
  func `a state that forbids the call is told`(kind: AWSErrorKind, type: String) {
    let ended = Self.details(
      kind, Self.state(.succeeded, version: 2), Self.update(expecting: nil))
    #expect(
      ended.precondition
        == .init(type: type, subject: "thing:t/job:j", description: "the execution is SUCCEEDED"))
    let unknown = Self.details(kind, nil, Self.describe)
    #expect(
      unknown.precondition?.description == "the execution's state does not allow the call")
    #expect(Self.details(kind, nil, Self.startNext).precondition?.subject == "thing:t")
  }

  @Test func `an update that was overtaken tells what it met`() {
    let failure = JobsFailure(.overtaken(Self.state(.canceled, version: 7)))
    let versioned = StatusMapping.failure(for: failure, of: Self.update(expecting: 6)).details
    #expect(versioned.precondition?.description == "the execution is at version 7, not 6")
    let unversioned = StatusMapping.failure(for: failure, of: Self.update(expecting: nil)).details
    #expect(unversioned.precondition?.type == "INVALID_STATE_TRANSITION")
    #expect(unversioned.precondition?.description == "the execution is CANCELED")
  }

  @Test func `only the state of an execution is a precondition`() {
    let wanted: Set<FailureReason> = [.terminalState, .invalidStateTransition, .versionMismatch]
    for row in StatusMappingTests.table {
      let call = Self.update(expecting: nil)
      let failure = StatusMapping.failure(for: JobsFailure(row.cause), of: call)
      #expect((failure.details.precondition != nil) == wanted.contains(failure.reason))
    }
  }

  @Test func `a quota of AWS's is the account's`() {
    #expect(Self.details(.throttled, nil, Self.describe).quotaSubject == "account:reads")
    #expect(Self.details(.throttled, nil, Self.startNext).quotaSubject == "account:writes")
    #expect(Self.details(.quotaExceeded, nil, Self.startNext).quotaSubject == "account")
  }
}

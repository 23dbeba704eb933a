// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import Synchronization

/// A backend that answers each call with the next of its turns, and fails for good after the last.
final class TurnJobs: JobsBackend {
  enum Turn: Sendable {
    case answer
    case execution(JobExecution?)
    case fail(JobsFailure.Cause)
  }

  struct Seen: Equatable, Sendable {
    var operation: JobsOperation
    var number: Int?
    var maximum: Int?
    var invocation: RandomUUID?
  }

  private let script: Mutex<(turns: [Turn], seen: [Seen])>
  /// Requests that each turn says it took.
  private let requests: Int

  init(_ turns: [Turn], requests: Int = 1) {
    self.script = Mutex((turns, []))
    self.requests = requests
  }

  var seen: [Seen] { self.script.withLock { $0.seen } }
  var operations: [JobsOperation] { self.seen.map(\.operation) }
  /// The turns that nobody has taken.
  var turnsLeft: Int { self.script.withLock { $0.turns.count } }

  private func turn(
    _ operation: JobsOperation, _ context: CallContext
  ) throws(JobsFailure) -> JobsReply<JobExecution?> {
    let (turn, number) = self.script.withLock { script in
      script.seen.append(
        Seen(
          operation: operation, number: context.attempt?.number,
          maximum: context.attempt?.maximum, invocation: context.attempt?.invocation))
      let turn = script.turns.isEmpty ? Turn.fail(.draining) : script.turns.removeFirst()
      return (turn, script.seen.count)
    }
    let trace = UpstreamTrace(awsRequestID: "aws-\(number)", attempts: self.requests)
    switch turn {
    case .answer: return JobsReply(nil, trace: trace)
    case .execution(let execution): return JobsReply(execution, trace: trace)
    case .fail(let cause):
      let isSent =
        switch cause {
        case .unreachable, .circuitOpen, .budgetExhausted, .draining: false
        default: true
        }
      throw JobsFailure(cause, trace: isSent ? trace : UpstreamTrace())
    }
  }

  func describe(
    _ call: DescribeJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<JobExecution?> {
    try self.turn(.describe, context)
  }

  func getPending(
    _ call: GetPendingJobExecutions, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<PendingJobExecutions> {
    JobsReply(PendingJobExecutions(), trace: try self.turn(.getPending, context).trace)
  }

  func startNext(
    _ call: StartNextPendingJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<JobExecution?> {
    try self.turn(.startNext, context)
  }

  func update(
    _ call: UpdateJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<UpdatedJobExecution> {
    JobsReply(UpdatedJobExecution(), trace: try self.turn(.update, context).trace)
  }
}

/// Ends of attempts.
enum Ends {
  static let refusedConnection = JobsFailure.Cause.unreachable("connection refused")
  static let reset = JobsFailure.Cause.interrupted("closed")
  static let timeout = JobsFailure.Cause.attemptTimedOut(requestSent: true)
  static let throttled = Self.refused(.throttled, "ThrottlingException", 429)
  static let unavailable = Self.refused(.serviceUnavailable, "ServiceUnavailableException", 503)
  static let internalFailure = Self.refused(.internalFailure, "InternalFailure", 500)
  static let badGateway = Self.refused(.unknown, "502", 502)
  static let notFound = Self.refused(.resourceNotFound, "ResourceNotFoundException", 404)
  static let invalid = Self.refused(.invalidRequest, "InvalidRequestException", 400)
  static let denied = Self.refused(.accessDenied, "AccessDeniedException", 403)
  static let terminal = Self.refused(.terminalState, "TerminalStateException", 410)

  static func refused(
    _ kind: AWSErrorKind, _ name: String, _ status: Int, state: JobExecutionState? = nil,
    retryAfterMilliseconds: Int64? = nil
  ) -> JobsFailure.Cause {
    var refusal = AWSRefusal(name: name, httpStatus: status, message: "", kind: kind)
    refusal.executionState = state
    refusal.retryAfterMilliseconds = retryAfterMilliseconds
    return .refused(refusal)
  }

  static func mismatch(_ state: JobExecutionState? = nil) -> JobsFailure.Cause {
    self.refused(.versionMismatch, "VersionMismatchException", 409, state: state)
  }

  static func transition(_ state: JobExecutionState? = nil) -> JobsFailure.Cause {
    self.refused(
      .invalidStateTransition, "InvalidStateTransitionException", 409, state: state)
  }

  static func state(
    _ status: JobExecutionStatus?, _ version: Int64?, _ details: [(String, String)]? = nil
  ) -> JobExecutionState {
    var state = JobExecutionState()
    state.status = status
    state.versionNumber = version
    state.statusDetails = details.map { StatusDetails($0) }
    return state
  }

  static func execution(_ state: JobExecutionState) -> JobExecution {
    var execution = JobExecution()
    execution.status = state.status
    execution.versionNumber = state.versionNumber
    execution.statusDetails = state.statusDetails
    return execution
  }

  static func update(
    _ status: JobExecutionStatus, expecting version: Int64? = nil,
    _ details: [(String, String)]? = nil, number: Int64? = nil
  ) -> UpdateJobExecution {
    var update = UpdateJobExecution(thingName: "door", jobID: "job", status: status)
    update.expectedVersion = version
    update.statusDetails = details.map { StatusDetails($0) }
    update.executionNumber = number
    return update
  }
}

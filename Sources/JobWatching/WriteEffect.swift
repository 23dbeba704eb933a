// SPDX-License-Identifier: Apache-2.0

package import JobsAPI

/// What an own write tells of the executions of its thing.
package enum WriteEffect: Equatable, Sendable {
  /// Surely nothing has changed.
  case none
  /// Something may have changed, and what is for a poll to find out.
  case unclear
  /// Nothing is pending, says AWS.
  case nothingPending
  case started(JobExecution)
  /// An execution that goes on is in this state.
  case progressed(ExecutionKey, AwaitedExecution)
  /// An execution is in this terminal state.
  case ended(ExecutionKey, AwaitedExecution)
}

extension WriteEffect {
  package init(startedNext execution: JobExecution?) {
    self = execution.map { .started($0) } ?? .nothingPending
  }

  package init(_ update: UpdateJobExecution, left state: JobExecutionState?) {
    let key = ExecutionKey(update.jobID, update.executionNumber)
    let next = update.expectedVersion.map { $0.addingClamped(1) }
    self.init(
      key, status: state?.status ?? update.status, version: state?.versionNumber ?? next)
  }

  package init(_ update: UpdateJobExecution, failed cause: JobsFailure.Cause) {
    let state: JobExecutionState? =
      switch cause {
      case .refused(let refusal): refusal.executionState
      case .overtaken(let state): state
      default: nil
      }
    if let state, let status = state.status {
      let key = ExecutionKey(update.jobID, update.executionNumber)
      self.init(key, status: status, version: state.versionNumber)
    } else {
      self.init(failed: cause)
    }
  }

  package init(failed cause: JobsFailure.Cause) {
    self = cause.writeOutcome == .uncertain ? .unclear : .none
  }

  private init(_ key: ExecutionKey, status: JobExecutionStatus, version: Int64?) {
    let awaited = AwaitedExecution(
      isTerminal: status.isTerminal, status: status, versionNumber: version,
      executionNumber: key.executionNumber)
    self = status.isTerminal ? .ended(key, awaited) : .progressed(key, awaited)
  }
}

extension JobsFailure.Cause {
  /// Whether the same read would fail again, so that those who wait for its answer must be told.
  var isPermanent: Bool {
    switch self {
    case .invalid: return true
    case .refused(let refusal):
      switch refusal.kind {
      case .invalidRequest, .resourceNotFound, .accessDenied, .invalidEndpoint: return true
      default: return false
      }
    default: return false
    }
  }

  /// When a refused read may be made again, in nanoseconds from now.
  var retryAfterNanoseconds: Int64? {
    let milliseconds: Int64? =
      switch self {
      case .thingLimited(_, let retryAfter), .budgetExhausted(_, let retryAfter),
        .circuitOpen(let retryAfter):
        retryAfter
      case .refused(let refusal): refusal.retryAfterMilliseconds
      default: nil
      }
    return milliseconds.map { Int64(min(Double($0) * 1e6, 9e18)) }
  }
}

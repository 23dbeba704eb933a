// SPDX-License-Identifier: Apache-2.0

/// Whoever can carry out the four operations: AWS behind the pool, the emulator, or a policy that
/// wraps another backend.
///
/// A backend runs in the isolation of its caller. One call gets one answer or one failure; a
/// cancelled task ends its call with ``JobsFailure/Cause/cancelled(mayHaveBeenApplied:)``.
package protocol JobsBackend: Sendable {
  /// Nil when `$next` was asked for and nothing is pending.
  func describe(
    _ call: DescribeJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<JobExecution?>

  func getPending(
    _ call: GetPendingJobExecutions, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<PendingJobExecutions>

  /// Nil when nothing is pending.
  func startNext(
    _ call: StartNextPendingJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<JobExecution?>

  func update(
    _ call: UpdateJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<UpdatedJobExecution>
}

/// The names of the operations, as AWS spells them and as metrics label them.
package enum JobsOperation: String, CaseIterable, Sendable {
  case describe = "DescribeJobExecution"
  case getPending = "GetPendingJobExecutions"
  case startNext = "StartNextPendingJobExecution"
  case update = "UpdateJobExecution"

  /// The position in `allCases`, for tables that are looked into on every call.
  package var index: Int {
    switch self {
    case .describe: 0
    case .getPending: 1
    case .startNext: 2
    case .update: 3
    }
  }

  /// True for what draws from AWS's write quota and changes state there.
  package var isWrite: Bool {
    switch self {
    case .describe, .getPending: false
    case .startNext, .update: true
    }
  }
}

/// What travels with a call besides its arguments.
package struct CallContext: Sendable {
  /// The caller's `x-request-id`, or one made here.
  package var requestID: String
  /// The instant at which the caller stops waiting; nil when it set none.
  package var deadline: ContinuousClock.Instant?
  /// W3C trace context, passed on as it came.
  package var traceparent: String?
  package var tracestate: String?

  package init(requestID: String, deadline: ContinuousClock.Instant? = nil) {
    self.requestID = requestID
    self.deadline = deadline
  }
}

/// An answer and the facts of how it was come by.
package struct JobsReply<Value: Sendable>: Sendable {
  package var value: Value
  package var trace: UpstreamTrace

  package init(_ value: Value, trace: UpstreamTrace = UpstreamTrace()) {
    self.value = value
    self.trace = trace
  }
}

extension JobsReply: Equatable where Value: Equatable {}

/// What is known of the upstream side of one call, whether it went well or not.
package struct UpstreamTrace: Equatable, Sendable {
  /// AWS's id of the last attempt, from `x-amzn-RequestId`.
  package var awsRequestID: String?
  /// Requests handed to the network.
  package var attempts: Int

  package init(awsRequestID: String? = nil, attempts: Int = 0) {
    self.awsRequestID = awsRequestID
    self.attempts = attempts
  }
}

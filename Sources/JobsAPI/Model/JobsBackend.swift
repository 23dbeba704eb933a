// SPDX-License-Identifier: Apache-2.0

package import Telemetry

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

  // The outcome of each call if it is at hand, so that nothing must be waited for: an answer that is
  // stored, or a refusal that is known before anything is sent. Nil if there is none, and then the
  // operation itself is to be called. Who answers here counts the call here.

  func outcomeAtHand(
    of call: DescribeJobExecution, in context: CallContext
  ) -> Result<StoredDescribe, JobsFailure>?

  func outcomeAtHand(
    of call: GetPendingJobExecutions, in context: CallContext
  ) -> Result<JobsReply<PendingJobExecutions>, JobsFailure>?

  func outcomeAtHand(
    of call: StartNextPendingJobExecution, in context: CallContext
  ) -> Result<JobsReply<JobExecution?>, JobsFailure>?

  func outcomeAtHand(
    of call: UpdateJobExecution, in context: CallContext
  ) -> Result<JobsReply<UpdatedJobExecution>, JobsFailure>?
}

/// Most backends have nothing at hand.
extension JobsBackend {
  package func outcomeAtHand(
    of call: DescribeJobExecution, in context: CallContext
  ) -> Result<StoredDescribe, JobsFailure>? { nil }

  package func outcomeAtHand(
    of call: GetPendingJobExecutions, in context: CallContext
  ) -> Result<JobsReply<PendingJobExecutions>, JobsFailure>? { nil }

  package func outcomeAtHand(
    of call: StartNextPendingJobExecution, in context: CallContext
  ) -> Result<JobsReply<JobExecution?>, JobsFailure>? { nil }

  package func outcomeAtHand(
    of call: UpdateJobExecution, in context: CallContext
  ) -> Result<JobsReply<UpdatedJobExecution>, JobsFailure>? { nil }
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
  package var isWrite: Bool { self.kind == .write }

  package var kind: CallKind {
    switch self {
    case .describe, .getPending: .read
    case .startNext, .update: .write
    }
  }
}

/// The two sorts of calls that AWS meters apart, each for the whole account.
/// Source: AWS IoT quotas L-62AE8B9D (reads) and L-C8F5F7B3 (writes).
package enum CallKind: String, CaseIterable, Sendable {
  case read
  case write

  /// The word for several calls. To have the case itself written into a text costs far more.
  package var plural: String {
    switch self {
    case .read: "reads"
    case .write: "writes"
    }
  }
}

/// What travels with a call besides its arguments.
package struct CallContext: Sendable {
  /// The caller's `x-request-id`, or one made here.
  package var requestID: String
  /// The instant at which the caller stops waiting; nil when it set none.
  package var deadline: ContinuousClock.Instant?
  /// The instant by which the call must have begun to be of use: a queue refuses at once what it
  /// will not let go on before. Nil: the deadline says it. It differs from the deadline for what
  /// several callers wait for, each with a deadline of its own.
  package var startBy: ContinuousClock.Instant?
  package var cacheControl = CacheControl.unspecified
  /// No caller waits for this very call: the gateway looks around for all who watch. Such calls have
  /// the least claim when the account's reads are short.
  package var isPoll = false
  /// Which of a call's attempts this is. Nil: it is the only one.
  package var attempt: CallAttempt?
  /// W3C trace context. It is passed on as it came, save that requests of a traced call have their
  /// own spans for parents.
  package var traceparent: String?
  package var tracestate: String?
  /// The work that this call is part of; nil unless the call is traced. What a layer does besides,
  /// and each request to AWS, is a child of it.
  package var span: CallSpan?

  package init(requestID: String, deadline: ContinuousClock.Instant? = nil) {
    self.requestID = requestID
    self.deadline = deadline
  }
}

/// One of the attempts that are made for one call.
package struct CallAttempt: Equatable, Sendable {
  /// Counted from one, and one more for every request that was sent before.
  package var number: Int
  /// The greatest number there may be.
  package var maximum: Int
  /// The call's `amz-sdk-invocation-id`: all of its attempts carry the same.
  package var invocation: RandomUUID

  package init(number: Int, maximum: Int, invocation: RandomUUID) {
    self.number = number
    self.maximum = maximum
    self.invocation = invocation
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

/// What is known of how one call was answered, whether it went well or not.
package struct UpstreamTrace: Equatable, Sendable {
  /// AWS's id of the last attempt that it answered, from `x-amzn-RequestId`.
  package var awsRequestID: String?
  /// Requests handed to the network.
  package var attempts: Int
  /// Nil for calls that no cache looks at.
  package var cache: CacheResult?
  /// An update's own answer was lost, and what AWS said afterwards proves that it was applied.
  package var isReplayed = false
  /// Where its time went, all attempts together.
  package var stages = StageTimes()

  package init(awsRequestID: String? = nil, attempts: Int = 0, cache: CacheResult? = nil) {
    self.awsRequestID = awsRequestID
    self.attempts = attempts
    self.cache = cache
  }

  /// What is known after one more attempt: requests and times add up, and the rest
  /// is the later one's.
  package func followed(by later: UpstreamTrace) -> UpstreamTrace {
    var sum = later
    sum.awsRequestID = later.awsRequestID ?? self.awsRequestID
    sum.attempts += self.attempts
    sum.stages = self.stages.followed(by: later.stages)
    return sum
  }
}

// SPDX-License-Identifier: Apache-2.0

import JobsAPI

/// What the four calls have in common on their way to AWS and back.
protocol UpstreamCall: Sendable {
  associatedtype Answer: Sendable

  static var operation: JobsOperation { get }

  var restRequest: RESTRequest { get }

  func readReply(
    _ head: RESTResponseHead, body: Span<UInt8>
  ) throws(JobsFailure) -> Answer
}

extension DescribeJobExecution: UpstreamCall {
  static var operation: JobsOperation { .describe }
}

extension GetPendingJobExecutions: UpstreamCall {
  static var operation: JobsOperation { .getPending }
}

extension StartNextPendingJobExecution: UpstreamCall {
  static var operation: JobsOperation { .startNext }
}

extension UpdateJobExecution: UpstreamCall {
  static var operation: JobsOperation { .update }
}

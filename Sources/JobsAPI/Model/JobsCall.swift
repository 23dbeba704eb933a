// SPDX-License-Identifier: Apache-2.0

/// One of the four calls, read and found valid by whoever took it in.
package enum JobsCall: Equatable, Sendable {
  case describe(DescribeJobExecution)
  case getPending(GetPendingJobExecutions)
  case startNext(StartNextPendingJobExecution)
  case update(UpdateJobExecution)

  package var operation: JobsOperation {
    switch self {
    case .describe: .describe
    case .getPending: .getPending
    case .startNext: .startNext
    case .update: .update
    }
  }

  package var thingName: String {
    switch self {
    case .describe(let call): call.thingName
    case .getPending(let call): call.thingName
    case .startNext(let call): call.thingName
    case .update(let call): call.thingName
    }
  }

  package var jobID: String? {
    switch self {
    case .describe(let call): call.jobID
    case .update(let call): call.jobID
    case .getPending, .startNext: nil
    }
  }

  package var expectedVersion: Int64? {
    guard case .update(let update) = self else { return nil }
    return update.expectedVersion
  }
}

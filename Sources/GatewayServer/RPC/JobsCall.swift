// SPDX-License-Identifier: Apache-2.0

import GRPCWire
package import JobsAPI

/// A request once it is decoded and found valid: one of the four calls.
package enum JobsCall: Equatable, Sendable {
  case describe(DescribeJobExecution)
  case getPending(GetPendingJobExecutions)
  case startNext(StartNextPendingJobExecution)
  case update(UpdateJobExecution)

  /// Decodes the request message of an operation and checks every field, so that nothing invalid
  /// costs anything upstream.
  init(_ operation: JobsOperation, wire: Span<UInt8>) throws(WireError) {
    switch operation {
    case .describe: self = .describe(try DescribeJobExecution(wire: wire))
    case .getPending: self = .getPending(try GetPendingJobExecutions(wire: wire))
    case .startNext: self = .startNext(try StartNextPendingJobExecution(wire: wire))
    case .update: self = .update(try UpdateJobExecution(wire: wire))
    }
  }

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

extension JobsOperation {
  /// The method that a request's path names; nil for any other.
  init?(path head: RequestHead) {
    if head.isPath("/iot.jobs.dataplane.v1.JobsDataPlaneService/DescribeJobExecution") {
      self = .describe
    } else if head.isPath("/iot.jobs.dataplane.v1.JobsDataPlaneService/UpdateJobExecution") {
      self = .update
    } else if head.isPath(
      "/iot.jobs.dataplane.v1.JobsDataPlaneService/StartNextPendingJobExecution")
    {
      self = .startNext
    } else if head.isPath("/iot.jobs.dataplane.v1.JobsDataPlaneService/GetPendingJobExecutions") {
      self = .getPending
    } else {
      return nil
    }
  }
}

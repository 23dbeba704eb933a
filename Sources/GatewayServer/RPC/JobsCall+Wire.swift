// SPDX-License-Identifier: Apache-2.0

import GRPCWire
import JobsAPI

extension JobsCall {
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

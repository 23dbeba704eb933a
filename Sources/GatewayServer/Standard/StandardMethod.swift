// SPDX-License-Identifier: Apache-2.0

import GRPCWire

/// The methods besides the operations: those that any gRPC server offers, health checking and
/// reflection, and this gateway's own. Their names are those of the metrics' `method`.
enum StandardMethod: String, CaseIterable {
  case healthCheck = "Check"
  case healthList = "List"
  case healthWatch = "Watch"
  /// Of grpc.reflection.v1 and v1alpha, whose messages are the same.
  case reflection = "ServerReflectionInfo"
  /// Of iot.jobs.dataplane.v1.JobsPresignService.
  case presign = "GeneratePresignedUrl"
  /// Of iot.jobs.dataplane.v1.JobsWatchService, as the next.
  case watchPending = "WatchPendingJobExecutions"
  case waitForExecution = "WaitForJobExecution"

  /// The method that a request's path names; nil for any other.
  init?(path head: RequestHead) {
    if head.isPath("/grpc.health.v1.Health/Check") {
      self = .healthCheck
    } else if head.isPath("/grpc.health.v1.Health/Watch") {
      self = .healthWatch
    } else if head.isPath("/grpc.health.v1.Health/List") {
      self = .healthList
    } else if head.isPath("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo")
      || head.isPath("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo")
    {
      self = .reflection
    } else if head.isPath("/iot.jobs.dataplane.v1.JobsPresignService/GeneratePresignedUrl") {
      self = .presign
    } else if head.isPath("/iot.jobs.dataplane.v1.JobsWatchService/WatchPendingJobExecutions") {
      self = .watchPending
    } else if head.isPath("/iot.jobs.dataplane.v1.JobsWatchService/WaitForJobExecution") {
      self = .waitForExecution
    } else {
      return nil
    }
  }

  /// The position in `allCases`.
  var index: Int {
    switch self {
    case .healthCheck: 0
    case .healthList: 1
    case .healthWatch: 2
    case .reflection: 3
    case .presign: 4
    case .watchPending: 5
    case .waitForExecution: 6
    }
  }

  /// Whether it watches jobs.
  var isWatching: Bool { self == .watchPending || self == .waitForExecution }

  var requests: StreamedCallState.Requests { self == .reflection ? .many : .one }

  /// Whether a drain ends the call: it would go on for as long as its caller likes.
  var endsOnDrain: Bool {
    switch self {
    case .healthWatch, .reflection, .watchPending, .waitForExecution: true
    case .healthCheck, .healthList, .presign: false
    }
  }
}

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
    }
  }

  var requests: StreamedCallState.Requests { self == .reflection ? .many : .one }

  /// Whether a drain ends the call: it would go on for as long as its caller likes.
  var endsOnDrain: Bool { self == .healthWatch || self == .reflection }
}

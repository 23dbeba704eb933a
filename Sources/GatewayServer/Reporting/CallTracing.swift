// SPDX-License-Identifier: Apache-2.0

import GRPCWire
import JobsAPI
package import Telemetry

/// The spans of the calls that come in, for those that are traced.
///
/// Names are those of OpenTelemetry's semantic conventions for servers of gRPC (semconv 1.40:
/// rpc/grpc.md); those of this project's own begin with its name.
package struct CallTracing: Sendable {
  private let recorder: SpanRecorder
  /// At the operations' indices.
  private let names: [String]

  package init(_ recorder: SpanRecorder) {
    self.recorder = recorder
    self.names = JobsOperation.allCases.map {
      "iot.jobs.dataplane.v1.JobsDataPlaneService/\($0.rawValue)"
    }
  }

  /// A call has begun. Nil if it is not to be traced.
  func began(
    _ operation: JobsOperation, over port: ServedProtocol, parent: String?,
    startedAt: ContinuousClock.Instant
  ) -> CallSpan? {
    let name = self.names[operation.index]
    let span = self.recorder.beginCall(name, parent: parent, startedAt: startedAt)
    span?.set("rpc.system.name", .text(port == .grpc ? "grpc" : "aws-api"))
    span?.set("rpc.method", .text(name))
    return span
  }

  /// A call that is traced is over.
  static func ended(_ span: CallSpan, _ report: CallReport) {
    if let status = report.httpStatus {
      span.set("http.response.status_code", .number(Int64(status)))
    } else {
      span.set("rpc.response.status_code", .text("\(report.code.name)"))
    }
    span.set("iot_jobs_gateway.request_id", .text(report.context.requestID))
    if let call = report.call {
      span.set("aws.iot.thing_name", .text(call.thingName))
      span.set("aws.iot.job_id", call.jobID)
    }
    span.set("aws.request_id", report.trace.awsRequestID)
    span.set("iot_jobs_gateway.cache", report.trace.cache?.outcome.rawValue)
    if report.trace.attempts > 0 {
      span.set("iot_jobs_gateway.attempts", .number(Int64(report.trace.attempts)))
    }
    if report.trace.isReplayed { span.set("iot_jobs_gateway.replayed", .truth(true)) }
    if let failure = report.failure {
      span.set("iot_jobs_gateway.reason", .text(failure.reason.rawValue))
      if report.code.isServersFault { span.fail("\(report.code.name)") }
    }
    span.end(at: report.endedAt)
  }
}

extension GRPCStatusCode {
  /// Servers' spans are errors for these alone: the others are answers to what callers did.
  fileprivate var isServersFault: Bool {
    switch self {
    case .unknown, .deadlineExceeded, .unimplemented, .internal, .unavailable, .dataLoss: true
    default: false
    }
  }
}

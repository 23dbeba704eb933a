// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import JobsAPI
import Telemetry

/// The span of one request to AWS, from its signature to the end of its answer. There is one only
/// for calls that are traced.
///
/// Names are those of OpenTelemetry's semantic conventions, for clients of HTTP and of AWS
/// (semconv 1.40: http/http-spans.md, cloud-providers/aws-sdk.md).
struct RequestSpan: Sendable {
  /// What is the same for all requests.
  struct Server: Sendable {
    let address: String
    let port: Int
    /// What stands before a request's target.
    let base: String
    let region: String

    init(_ endpoint: HTTPURL, region: String) {
      self.address = endpoint.host
      self.port = endpoint.port
      self.base =
        "\(endpoint.isSecure ? "https" : "http")://\(endpoint.hostHeader)\(endpoint.basePath)"
      self.region = region
    }
  }

  private let span: CallSpan
  private var handedOverAt: ContinuousClock.Instant?
  /// Microseconds that earlier requests of the call waited for a connection.
  private var queuedBefore: UInt32 = 0

  /// - Parameter resends: how many requests of the same call were sent before.
  init?(
    _ operation: JobsOperation, _ request: RESTRequest, resends: Int, to server: Server,
    startedAt: ContinuousClock.Instant, in context: CallContext
  ) {
    guard let call = context.span else { return nil }
    self.span = call.child(
      "IoTJobsDataPlane.\(operation.rawValue)", .client, startedAt: startedAt)
    self.span.set("rpc.system", .text("aws-api"))
    self.span.set("rpc.service", .text("IoTJobsDataPlane"))
    self.span.set("rpc.method", .text(operation.rawValue))
    self.span.set("cloud.region", .text(server.region))
    self.span.set("http.request.method", .text(request.method.rawValue))
    self.span.set("server.address", .text(server.address))
    self.span.set("server.port", .number(Int64(server.port)))
    self.span.set("url.full", .text(server.base + request.target))
    if resends > 0 { self.span.set("http.request.resend_count", .number(Int64(resends))) }
  }

  /// The context of whatever is called under this span.
  func context(from context: CallContext) -> CallContext {
    var inner = context
    inner.traceparent = self.span.context.traceparent
    return inner
  }

  /// The request is handed over now.
  ///
  /// - Parameter stages: of the call, up to this request.
  mutating func handedOver(_ stages: StageTimes, at instant: ContinuousClock.Instant = .now) {
    self.handedOverAt = instant
    self.queuedBefore = stages[.queue]
  }

  /// - Parameters:
  ///   - head: nil if no response came.
  ///   - errorName: nil for success; else a label of bounded variety.
  ///   - stages: of the call, with this request.
  func ended(
    _ head: RESTResponseHead?, errorName: String?, stages: StageTimes,
    at instant: ContinuousClock.Instant
  ) {
    let queued = stages[.queue] - min(stages[.queue], self.queuedBefore)
    if queued > 0, let start = self.handedOverAt {
      self.span.child("wait for a connection", startedAt: start)
        .end(at: min(instant, start.advanced(by: .microseconds(Int64(queued)))))
    }
    if let head {
      self.span.set("http.response.status_code", .number(Int64(head.status)))
      self.span.set("aws.request_id", head.requestID)
    }
    if let errorName { self.span.fail(errorName) }
    self.span.end(at: instant)
  }
}

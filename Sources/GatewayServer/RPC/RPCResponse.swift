// SPDX-License-Identifier: Apache-2.0

import GRPCWire
import HTTP2Engine
import JobsAPI

/// Puts outcomes into the headers and trailers of gRPC over HTTP/2.
///
/// Source: PROTOCOL-HTTP2.md, "Responses"; that of our own is listed in Callers.md.
enum RPCResponse {
  /// Of `grpc-message`, percent-encoded. With the details (4 KiB, in base64 5.5) and the rest it
  /// stays under the 8 KiB of trailers that many clients take.
  static let messageLimitBytes = 1_536

  static func reply(_ reply: RPCReply, requestID: String) -> HTTP2Response {
    var headers = self.headers()
    headers.append("x-request-id", text: requestID)
    self.append(reply.trace.cache, to: &headers)
    var trailers = self.okTrailers
    self.append(reply.trace, to: &trailers)
    return HTTP2Response(headers: headers, body: reply.frame, trailers: trailers)
  }

  /// One HEADERS frame with everything in it (Trailers-Only).
  static func failure(_ failure: RPCFailure, requestID: String) -> HTTP2Response {
    var headers = self.headers()
    headers.append("x-request-id", text: requestID)
    self.append(failure.trace.cache, to: &headers)
    self.append(failure, to: &headers)
    return HTTP2Response(headers: headers)
  }

  /// As ``failure(_:requestID:)``, for a `grpc-encoding` that is not understood: the caller is told
  /// which one is (compression.md of grpc/grpc).
  static func encodingRefused(_ failure: RPCFailure, requestID: String) -> HTTP2Response {
    var response = self.failure(failure, requestID: requestID)
    response.headers.append("grpc-accept-encoding", MessageEncoding.accepted)
    return response
  }

  /// Makes an answer suit a caller that sends gzip. It is told what is taken, since it may not have
  /// known (compression.md of grpc/grpc: such an encoding must be among those named).
  ///
  /// - Parameter limitBytes: A message larger than this is compressed; none if it is nil.
  static func encode(_ response: inout HTTP2Response, ifAbove limitBytes: Int?) {
    response.headers.append("grpc-accept-encoding", MessageEncoding.accepted)
    guard let limitBytes, response.body.count - MessageFraming.prefixBytes > limitBytes,
      let frame = MessageFraming.compressed(response.body)
    else { return }
    response.headers.append("grpc-encoding", MessageEncoding.gzip.name)
    response.body = frame
  }

  /// The answer to what is no gRPC request.
  static func rejection(_ rejection: HTTPRejection) -> HTTP2Response {
    var headers = HeaderFields()
    headers.append(":status", rejection.statusDigits)
    headers.append("content-type", "text/plain")
    if rejection == .methodNotAllowed || rejection == .headNotAllowed {
      headers.append("allow", "POST")
    }
    return HTTP2Response(headers: headers, body: Array("\(rejection.explanation)".utf8))
  }

  /// The one message of a call that is none of jobs.
  static func message(
    _ frame: [UInt8], requestID: String, to encoding: MessageEncoding
  ) -> HTTP2Response {
    let headers = self.streamHeaders(requestID: requestID, to: encoding)
    return HTTP2Response(headers: headers, body: frame, trailers: self.okTrailers)
  }

  /// What comes before the messages of a streamed call.
  ///
  /// - Parameter encoding: of the requests, see ``encode(_:ifAbove:)``.
  static func streamHeaders(requestID: String, to encoding: MessageEncoding) -> HeaderFields {
    var headers = self.headers()
    headers.append("x-request-id", text: requestID)
    if encoding == .gzip { headers.append("grpc-accept-encoding", MessageEncoding.accepted) }
    return headers
  }

  /// What comes after the messages of a streamed call that failed.
  static func trailers(for failure: RPCFailure) -> HeaderFields {
    var trailers = HeaderFields()
    self.append(failure, to: &trailers)
    return trailers
  }

  /// All the trailers there are when AWS was not asked, and so made once.
  static let okTrailers: HeaderFields = {
    var trailers = HeaderFields()
    trailers.append("grpc-status", "0")
    return trailers
  }()

  private static func headers() -> HeaderFields {
    var headers = HeaderFields(reservingBytes: 192, fields: 6)
    headers.append(":status", "200")
    headers.append("content-type", "application/grpc")
    return headers
  }

  private static func append(_ failure: RPCFailure, to fields: inout HeaderFields) {
    var failure = failure
    // Cut once for both of its places: clients hold the one in the details against this one, and
    // take neither if they differ.
    failure.message = PercentEncoding.prefix(
      of: failure.message, encodedLimitBytes: self.messageLimitBytes)
    var status = failure.details
    let details = Base64.encode(status.fit().span)
    self.append(GRPCStatus(failure.code, status.message), to: &fields)
    fields.append("grpc-status-details-bin", bytes: details.span)
    switch failure.retry {
    case .unspecified: break
    case .after(let milliseconds):
      fields.append("grpc-retry-pushback-ms", text: "\(milliseconds)")
    case .elsewhere: fields.append("grpc-retry-pushback-ms", "0")
    case .never: fields.append("grpc-retry-pushback-ms", "-1")
    }
    self.append(failure.trace, to: &fields)
  }

  private static func append(_ status: GRPCStatus, to fields: inout HeaderFields) {
    fields.append("grpc-status", status.code.digits)
    if !status.message.isEmpty {
      let message = status.encodedMessage(limitBytes: self.messageLimitBytes)
      fields.append("grpc-message", bytes: message.span)
    }
  }

  /// How the answer relates to stored ones; `age` is that of RFC 9111 §5.1.
  private static func append(_ cache: CacheResult?, to fields: inout HeaderFields) {
    guard let cache else { return }
    fields.append("x-cache", text: cache.outcome.rawValue, .repeated)
    if let age = cache.ageSeconds { fields.append("age", text: "\(age)") }
  }

  private static func append(_ trace: UpstreamTrace, to fields: inout HeaderFields) {
    // What AWS sends is bounded by its parser only, and a client resets a stream for one bad byte.
    if let awsRequestID = trace.awsRequestID, RequestIDs.isPlain(awsRequestID.utf8) {
      fields.append("x-amzn-requestid", text: awsRequestID)
    }
    switch trace.attempts {
    case 0: break
    case 1: fields.append("x-gateway-attempts", "1")
    default: fields.append("x-gateway-attempts", text: "\(trace.attempts)", .repeated)
    }
    if trace.isReplayed { fields.append("x-gateway-replayed", "true") }
  }
}

extension RPCFailure {
  /// The failure as `google.rpc.Status` carries it.
  var details: RichStatus {
    var status = RichStatus(code: Int32(self.code.rawValue), message: self.message)
    status.errorInfo = RichStatus.ErrorInfo(
      reason: self.reason.rawValue, domain: self.domain.rawValue,
      metadata: self.facts.map { (name: $0.name, value: $0.value) })
    if case .after(let milliseconds) = self.retry {
      status.retryDelayMilliseconds = milliseconds
    }
    status.violations = self.violations
    status.precondition = self.precondition.map { precondition in
      RichStatus.Precondition(
        type: self.reason.rawValue, subject: precondition.subject,
        description: precondition.description)
    }
    status.requestID = self.trace.awsRequestID
    status.executionState = self.executionState
    status.quotaSubject = self.quotaSubject
    return status
  }
}

// SPDX-License-Identifier: Apache-2.0

/// Why a request is not gRPC at all. It gets an HTTP status and no gRPC status, since nothing says
/// that its sender would understand one.
package enum HTTPRejection: Equatable, Sendable {
  /// 405: gRPC is POST only. The answer names it in `allow`.
  case methodNotAllowed
  /// 405 for a HEAD request, whose answer has no body (RFC 9110 §9.3.2).
  case headNotAllowed
  /// 415: the content type is not one of gRPC with protobuf.
  case unsupportedMediaType
  /// 431: the header list is over the limit.
  case headersTooLarge

  /// The value of `:status`.
  package var statusDigits: StaticString {
    switch self {
    case .methodNotAllowed, .headNotAllowed: "405"
    case .unsupportedMediaType: "415"
    case .headersTooLarge: "431"
    }
  }

  /// A sentence for the body, as `text/plain`. Empty where there must be no body.
  package var explanation: StaticString {
    switch self {
    case .methodNotAllowed: "gRPC calls are POST requests\n"
    case .headNotAllowed: ""
    case .unsupportedMediaType: "content-type must be application/grpc or application/grpc+proto\n"
    case .headersTooLarge: "the request's header fields are over the limit\n"
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

import AWSSigning
import GatewayServer
import GRPCWire
import JobsAPI
import RESTServer

/// Why a request has no answer, for both who hear of it: the caller in AWS's form, and those who keep
/// an account of calls in the words that they have for calls of gRPC.
struct DoorFailure: Error {
  var aws: AWSError
  var rpc: RPCFailure

  init(_ aws: AWSError, _ rpc: RPCFailure) {
    self.aws = aws
    self.rpc = rpc
  }
}

extension DoorFailure {
  /// The status of a write that may have been applied. Every SDK of AWS's repeats what ended with 500,
  /// 502, 503 or 504; none repeats what ended with this one, which means 500 to whoever does not know
  /// it (RFC 9110 §15).
  static let outcomeUnknownStatus = 520

  /// What the backend says.
  init(_ failure: JobsFailure, of call: JobsCall) {
    let rpc = StatusMapping.failure(for: failure, of: call)
    var aws = AWSError(failure)
    switch rpc.reason {
    case .outcomeUnknown:
      aws.status = Self.outcomeUnknownStatus
      if rpc.domain == .gateway {
        aws.name = "OutcomeUnknownException"
        aws.message = rpc.message
      }
    case .credentialsExpired:
      aws = Self.ownFault(503, "ServiceUnavailableException", rpc, failure)
    case .signingFailed, .clockSkew, .certificate, .wrongEndpoint:
      aws = Self.ownFault(500, "InternalFailure", rpc, failure)
    default: break
    }
    self.init(aws, rpc)
  }

  /// AWS does not know the gateway: its words in the caller's ears would be about the caller's own key
  /// and clock.
  private static func ownFault(
    _ status: Int, _ name: String, _ rpc: RPCFailure, _ failure: JobsFailure
  ) -> AWSError {
    var error = AWSError(
      status, name, "AWS refuses this gateway's own identity: \(rpc.message)")
    error.requestID = failure.trace.awsRequestID
    return error
  }

  /// The request has not the form of its operation.
  static func malformed(_ error: AWSError) -> DoorFailure {
    DoorFailure(error, RPCFailure(.invalidArgument, .malformedRequest, message: error.message))
  }

  /// A member breaks a rule of AWS's model.
  static func invalid(_ message: String) -> DoorFailure {
    DoorFailure(
      .invalidRequest(message), RPCFailure(.invalidArgument, .invalidField, message: message))
  }

  /// Nothing is served under the request's method and path.
  static func unknown(_ error: AWSError) -> DoorFailure {
    DoorFailure(error, RPCFailure(.unimplemented, .unimplemented, message: error.message))
  }

  /// Nobody here knows who signed, if anybody did.
  init(_ refusal: SignatureRefusal, _ rpc: RPCFailure) {
    self.init(AWSError(refusal.httpStatus, refusal.name, refusal.message), rpc)
  }

  /// The policy has its say.
  init(policy rpc: RPCFailure) {
    let name =
      rpc.code == .unauthenticated ? "UnrecognizedClientException" : "AccessDeniedException"
    self.init(AWSError(403, name, rpc.message), rpc)
  }

  /// The answer on the wire.
  var response: ServerResponse {
    var response = self.aws.response(form: .header)
    // Whoever reads AWS's errors cannot tell the gateway's from AWS's own.
    if self.rpc.domain == .gateway {
      response.headers.append(.init(name: "x-gateway-reason", value: self.rpc.reason.rawValue))
    }
    return response
  }
}

// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import JobsAPI

struct AWSErrorTableTests {
  @Test(
    arguments: [
      ("InvalidRequestException", 400, .invalidRequest),
      ("ValidationException", 400, .invalidRequest),
      ("ValidationError", 400, .invalidRequest),
      ("RequestEntityTooLargeException", 413, .invalidRequest),
      ("ResourceNotFoundException", 404, .resourceNotFound),
      ("TerminalStateException", 410, .terminalState),
      ("InvalidStateTransitionException", 409, .invalidStateTransition),
      ("VersionMismatch", 409, .versionMismatch),
      ("VersionMismatchException", 400, .versionMismatch),
      ("VersionConflictException", 409, .versionMismatch),
      ("ConflictException", 409, .conflict),
      ("ServiceQuotaExceededException", 402, .quotaExceeded),
      ("ThrottlingException", 400, .throttled),
      ("Throttling", 429, .throttled),
      ("TooManyRequestsException", 429, .throttled),
      ("ServiceUnavailableException", 503, .serviceUnavailable),
      ("InternalFailure", 500, .internalFailure),
      ("InternalServerException", 500, .internalFailure),
      ("RequestTimeout", 400, .requestTimeout),
      ("AccessDeniedException", 403, .accessDenied),
      ("ForbiddenException", 403, .accessDenied),
      ("ExpiredTokenException", 403, .credentialsExpired),
      ("UnrecognizedClientException", 403, .credentialsExpired),
      ("InvalidClientTokenId", 403, .credentialsExpired),
      ("SignatureDoesNotMatch", 403, .signingFailed),
      ("MissingAuthenticationTokenException", 403, .signingFailed),
      ("RequestTimeTooSkewed", 403, .clockSkew),
      ("CertificateValidationException", 400, .certificate),
      ("UnknownOperationException", 200, .wrongEndpoint),
      ("SomethingNew", 429, .unknown),
      ("Exception", 500, .unknown),
      (nil, 429, .throttled), (nil, 503, .serviceUnavailable), (nil, 500, .internalFailure),
      (nil, 408, .requestTimeout), (nil, 404, .unknown), (nil, 502, .unknown), (nil, 302, .unknown),
    ] as [(String?, Int, AWSErrorKind)])
  func `a name means the same under any status`(
    name: String?, status: Int, kind: AWSErrorKind
  ) {
    #expect(AWSErrorKind(name: name, httpStatus: status, message: "") == kind)
  }

  @Test func `some meanings are in the words alone`() {
    func kind(_ name: String, _ message: String) -> AWSErrorKind {
      AWSErrorKind(name: name, httpStatus: 403, message: message)
    }
    let endpoint = "Access Denied: Invalid endpoint. Use describe-endpoint API to get it"
    #expect(kind("AccessDeniedException", endpoint) == .invalidEndpoint)
    #expect(kind("AccessDeniedException", "not authorized") == .accessDenied)
    #expect(kind("InvalidSignatureException", "Signature expired: 20260102T") == .clockSkew)
    #expect(kind("InvalidSignatureException", "Signature not yet current: x") == .clockSkew)
    #expect(
      kind(
        "InvalidSignatureException", "Credential should be scoped to correct service: 'execute-api'"
      ) == .wrongEndpoint)
    #expect(kind("ResourceNotFoundException", "Signature expired") == .resourceNotFound)
  }
}

// SPDX-License-Identifier: Apache-2.0

/// What a verifier says of a request.
package enum SignatureVerdict: Equatable, Sendable {
  case verified(VerifiedCaller)
  case refused(SignatureRefusal)
}

/// Who signed a request, and how.
package struct VerifiedCaller: Equatable, Sendable {
  package enum Form: Equatable, Sendable {
    case header
    /// A presigned URL.
    case query
  }

  package let accessKeyID: String
  package let region: String
  package let form: Form

  package init(accessKeyID: String, region: String, form: Form) {
    self.accessKeyID = accessKeyID
    self.region = region
    self.form = form
  }
}

/// Why a request is not let in, in the words of AWS's front door for REST-JSON services.
///
/// Such a front door knows one name, `InvalidSignatureException`, for every signature that does not
/// hold, be it stale, wrongly scoped or wrong; the text tells them apart. (`SignatureDoesNotMatch`
/// and `RequestExpired` are the query protocol's and S3's words for the same.) All are 403: AWS's
/// page of common errors gives 400 for an incomplete signature, its REST-JSON services answer 403.
///
/// The texts repeat nothing that was sent but its time stamp and, in ``unsignedHeader(name:)``, a
/// header's name: no credential, token or signature.
package enum SignatureRefusal: Error, Equatable, Sendable {
  /// The request breaks a limit, or cannot be put into canonical form.
  case malformed(String)
  /// No signature at all.
  case missing
  /// A signature was begun and is not whole, or is given twice.
  case incomplete(String)
  /// The signature is for another region, service, day or protocol.
  case wrongScope(String)
  /// Nobody here has such a key, or the session token is not the key's.
  case unknownClient
  case expiredToken
  /// The time stamp is older than the skew allows, or the presigned URL's life is over.
  case signatureExpired(signed: SigningTime, now: SigningTime, allowedSeconds: Int64)
  case signatureNotYetCurrent(signed: SigningTime, now: SigningTime, allowedSeconds: Int64)
  /// A header that must be signed is not.
  case unsignedHeader(name: String)
  /// `x-amz-content-sha256` is not the body's hash.
  case payloadHashMismatch
  case mismatch
  /// The verifier itself failed.
  case internalFailure
}

extension SignatureRefusal {
  /// AWS's name for the error, as it goes into `x-amzn-ErrorType`.
  package var name: String {
    switch self {
    case .malformed: "MalformedHttpRequestException"
    case .missing: "MissingAuthenticationTokenException"
    case .incomplete: "IncompleteSignatureException"
    case .unknownClient: "UnrecognizedClientException"
    case .expiredToken: "ExpiredTokenException"
    case .wrongScope, .signatureExpired, .signatureNotYetCurrent, .unsignedHeader,
      .payloadHashMismatch, .mismatch:
      "InvalidSignatureException"
    case .internalFailure: "InternalFailure"
    }
  }

  package var httpStatus: Int {
    switch self {
    case .malformed: 400
    case .internalFailure: 500
    case .missing, .incomplete, .unknownClient, .expiredToken, .wrongScope, .signatureExpired,
      .signatureNotYetCurrent, .unsignedHeader, .payloadHashMismatch, .mismatch:
      403
    }
  }

  package var message: String {
    switch self {
    case .malformed(let text), .incomplete(let text), .wrongScope(let text):
      text
    case .missing:
      "Missing Authentication Token"
    case .unknownClient:
      "The security token included in the request is invalid."
    case .expiredToken:
      "The security token included in the request is expired"
    case .signatureExpired(let signed, let now, let allowed):
      "Signature expired: \(signed.text) is now earlier than "
        + "\(now.adding(seconds: -allowed).text) (\(now.text) - \(Self.span(allowed)))"
    case .signatureNotYetCurrent(let signed, let now, let allowed):
      "Signature not yet current: \(signed.text) is still later than "
        + "\(now.adding(seconds: allowed).text) (\(now.text) + \(Self.span(allowed)))"
    case .unsignedHeader(let name):
      "'\(name)' must be a 'SignedHeader' in the AWS Authorization."
    case .payloadHashMismatch:
      "The value of 'x-amz-content-sha256' does not match the SHA-256 of the request's payload."
    case .mismatch:
      "The request signature we calculated does not match the signature you provided. "
        + "Check your AWS Secret Access Key and signing method. "
        + "Consult the service documentation for details."
    case .internalFailure:
      "The signature could not be checked."
    }
  }

  private static func span(_ seconds: Int64) -> String {
    seconds % 60 == 0 ? "\(seconds / 60) min." : "\(seconds) sec."
  }
}

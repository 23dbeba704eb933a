// SPDX-License-Identifier: Apache-2.0

import CryptoEngine

/// The other side of ``RequestSigner``: tells whether a request was signed by a known key.
///
/// Like a signer it keeps buffers and keys, so it belongs to one owner and checks one request at a
/// time. Everything it reads comes from a stranger: sizes and counts are capped before any work,
/// and no key is derived before the claim fits what is expected.
///
/// The order of the checks decides which of several errors is shown: form, scope, key, token,
/// clock, signature. A stale request thus says so although its signature may be wrong as well, as
/// AWS's front door does.
package struct SignatureVerifier: ~Copyable {
  package struct Limits: Equatable, Sendable {
    /// Bytes of path and query.
    package var targetBytes = 16_384
    /// Parameters in a query.
    package var queryParameterCount = 100
    /// Headers in a request.
    package var headerCount = 100
    /// Bytes of all names and values. A session token alone may have 4 KiB.
    package var headerBytes = 32_768
    /// Names in a list of signed headers.
    package var signedHeaderCount = 50

    package init() {}
  }

  /// AWS's common-errors page allows 15 minutes either way.
  package static let defaultClockSkewSeconds: Int64 = 900

  private let credentials: [String: Credential]
  private let region: String?
  private let clockSkewSeconds: Int64
  private let limits: Limits
  private var calculator: SignatureCalculator

  /// - Parameters:
  ///   - credentials: who may sign. Of two with one access key id the last counts.
  ///   - region: the region that scopes must name; nil for any.
  ///   - clockSkewSeconds: how far a time stamp may lie from now, either way.
  package init(
    credentials: [Credential], region: String? = nil,
    clockSkewSeconds: Int64 = SignatureVerifier.defaultClockSkewSeconds,
    limits: Limits = Limits()
  ) throws(SigningError) {
    self.credentials = Dictionary(
      credentials.map { ($0.accessKeyID, $0) }, uniquingKeysWith: { _, last in last })
    self.region = region
    self.clockSkewSeconds = clockSkewSeconds
    self.limits = limits
    // Two services and the two days around midnight for a few keys; more only costs derivations.
    self.calculator = try SignatureCalculator(keyCapacity: 16)
  }

  /// Checks one request, signed in its headers or in its query.
  ///
  /// - Parameters:
  ///   - target: path and query exactly as they came in the request line.
  ///   - headers: all headers in the order they came, Host among them.
  ///   - body: the whole body.
  ///   - service: the signing name that the scope must hold: ``RequestSigner/jobsDataPlane`` or
  ///     ``RequestSigner/controlPlane``.
  package mutating func verify(
    method: String, target: String, headers: [(name: String, value: String)], body: Span<UInt8>,
    service: String, now: SigningTime
  ) -> SignatureVerdict {
    do throws(SignatureRefusal) {
      try self.checkRequestLine(method: method, target: target)
      let headers = try IncomingHeaders(headers, limits: self.limits)
      let claim = try self.claim(target: target, headers: headers)
      try self.checkScope(of: claim, service: service)
      let credential = try self.credential(of: claim, now: now)
      try self.checkClock(of: claim, now: now)
      try self.checkSignedHeaders(of: claim, headers: headers)
      let payloadHash = try self.payloadHash(of: body, headers: headers)
      try self.insert(headers, signedBy: claim)
      try self.checkSignature(
        of: claim, method: method, target: target, payloadHash: payloadHash,
        credential: credential)
      return .verified(
        VerifiedCaller(
          accessKeyID: credential.accessKeyID, region: claim.credential.region, form: claim.form))
    } catch {
      return .refused(error)
    }
  }
}

// The checks, in their order.
extension SignatureVerifier {
  private func checkRequestLine(
    method: String, target: String
  ) throws(SignatureRefusal) {
    guard 1...32 ~= method.utf8.count, method.utf8.allSatisfy(PercentEncoding.isUnreserved) else {
      throw .malformed("The request method is no method.")
    }
    guard target.utf8.count <= self.limits.targetBytes else {
      throw .malformed("The request target is too long.")
    }
    let separators = target.utf8.count { $0 == UInt8(ascii: "&") }
    guard separators < self.limits.queryParameterCount else {
      throw .malformed("The query has too many parameters.")
    }
  }

  private func claim(
    target: String, headers: IncomingHeaders
  ) throws(SignatureRefusal) -> SignatureClaim {
    let limit = self.limits.signedHeaderCount
    let authorization = try headers.single("authorization").flatMap { $0.isEmpty ? nil : $0 }
    let presigned = try SignatureClaim(target: target, signedHeaderLimit: limit)
    switch (authorization, presigned) {
    case (nil, nil):
      throw .missing
    case (_?, _?):
      throw .incomplete("Sign the headers or the query, not both.")
    case (nil, let presigned?):
      return presigned
    case (let authorization?, nil):
      return try SignatureClaim(
        authorization: authorization, headers: headers, signedHeaderLimit: limit)
    }
  }

  private func checkScope(
    of claim: SignatureClaim, service: String
  ) throws(SignatureRefusal) {
    let claimed = claim.credential
    guard claimed.terminator == CredentialScope.terminator else {
      throw .wrongScope(
        "Credential should be scoped with a valid terminator: '\(CredentialScope.terminator)'.")
    }
    guard claimed.date == claim.signedAt.dateText else {
      throw .wrongScope(
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from "
          + "HTTP: '\(claim.signedAt.dateText)', from '\(claim.signedAt.text)'.")
    }
    if let region = self.region, claimed.region != region {
      throw .wrongScope("Credential should be scoped to a valid region: '\(region)'.")
    }
    guard claimed.service == service else {
      throw .wrongScope("Credential should be scoped to correct service: '\(service)'.")
    }
  }

  private func credential(
    of claim: SignatureClaim, now: SigningTime
  ) throws(SignatureRefusal) -> Credential {
    guard let credential = self.credentials[claim.credential.accessKeyID] else {
      throw .unknownClient
    }
    switch (credential.sessionToken, claim.sessionToken) {
    case (nil, nil):
      break
    case (let held?, let claimed?)
    where constantTimeEqual(held.text.utf8.span, claimed.utf8.span):
      break
    default:
      throw .unknownClient
    }
    guard !credential.isExpired(atSeconds: now.epochSeconds) else { throw .expiredToken }
    return credential
  }

  private func checkClock(
    of claim: SignatureClaim, now: SigningTime
  ) throws(SignatureRefusal) {
    let skew = self.clockSkewSeconds
    let signed = claim.signedAt
    guard signed.epochSeconds <= now.adding(seconds: skew).epochSeconds else {
      throw .signatureNotYetCurrent(signed: signed, now: now, allowedSeconds: skew)
    }
    // A presigned URL lives as long as it says, to the second: no skew is added to its end.
    let allowed = claim.expiresInSeconds ?? skew
    guard signed.epochSeconds >= now.adding(seconds: -allowed).epochSeconds else {
      throw .signatureExpired(signed: signed, now: now, allowedSeconds: allowed)
    }
  }

  /// Host, the time stamp and whatever else begins with `x-amz-` must be signed: an unsigned one
  /// could be changed on the way.
  /// Source: AWS General Reference, "Create a canonical request", step 4.
  private func checkSignedHeaders(
    of claim: SignatureClaim, headers: IncomingHeaders
  ) throws(SignatureRefusal) {
    guard headers.count(of: "host") == 1 else {
      throw .malformed("A request must have one Host header.")
    }
    guard claim.signedHeaders.contains("host") else { throw .unsignedHeader(name: "host") }
    for (name, _) in headers.fields {
      let name = name.lowercased()
      if name.hasPrefix("x-amz-"), !claim.signedHeaders.contains(name[...]) {
        throw .unsignedHeader(name: String(name.prefix(64)))
      }
    }
  }

  private mutating func payloadHash(
    of body: Span<UInt8>, headers: IncomingHeaders
  ) throws(SignatureRefusal) -> SHA256Digest {
    let claimed = try headers.single("x-amz-content-sha256")
    let digest: SHA256Digest
    do {
      digest = try self.calculator.hash(body)
    } catch {
      throw .internalFailure
    }
    // The service never takes UNSIGNED-PAYLOAD, so any other text is a mismatch.
    if let claimed, !constantTimeEqual(claimed.utf8.span, digest.hex.span) {
      throw .payloadHashMismatch
    }
    return digest
  }

  private mutating func insert(
    _ headers: IncomingHeaders, signedBy claim: SignatureClaim
  ) throws(SignatureRefusal) {
    self.calculator.request.removeHeaders()
    for (name, value) in headers.fields where claim.signedHeaders.contains(name.lowercased()[...]) {
      do {
        try self.calculator.request.insertHeader(name, value)
      } catch {
        throw .malformed("A signed header holds a control character.")
      }
    }
  }

  private mutating func checkSignature(
    of claim: SignatureClaim, method: String, target: String, payloadHash: SHA256Digest,
    credential: Credential
  ) throws(SignatureRefusal) {
    do {
      try self.calculator.request.write(
        method: method, target: target.utf8.span,
        leavingOut: SignatureClaim.QueryParameter.signature.rawValue,
        payloadHash: .digest(payloadHash))
    } catch {
      throw .malformed("The request target is not in origin form.")
    }
    let scope = CredentialScope(
      time: claim.signedAt, region: claim.credential.region, service: claim.credential.service)
    let expected: SHA256Digest
    do {
      expected = try self.calculator.signature(scope: scope, credential: credential)
    } catch {
      throw .internalFailure
    }
    guard constantTimeEqual(expected.hex.span, claim.signature.utf8.span) else { throw .mismatch }
  }
}

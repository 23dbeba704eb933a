// SPDX-License-Identifier: Apache-2.0
//
// AWSSigning knows how a request becomes a signature and back, and what a credential is. It refuses
// to know sockets, HTTP stacks and the operations that are signed: targets, headers and bodies
// come as they go on the wire.

import CryptoEngine

/// Signs requests with SigV4 for one region and service.
///
/// A signer keeps its buffers, its digest and the signing key of the day, so it belongs to one
/// owner, say an event loop, and is not copied. One request is signed at a time, without waiting.
///
/// Requests in a row that differ in no more than method, target and body share what else goes into a
/// signature, until the second or the credential changes. Who sends requests with these headers and
/// requests with those by turns does well to have two signers.
package struct RequestSigner: ~Copyable {
  /// The signing name of the IoT Jobs Data Plane.
  package static let jobsDataPlane = "iot-jobs-data"
  /// The signing name of the IoT control plane.
  package static let controlPlane = "iot"

  package let region: String
  package let service: String
  var calculator: SignatureCalculator
  /// What was made for the last request, and for others like it.
  private var common: CommonPart?

  /// What the calculator's canonical headers stand for. A class, so that a call takes it with one
  /// reference.
  private final class CommonPart {
    let host: String
    let headers: [(name: String, value: String)]
    let credential: Credential
    let scope: CredentialScope
    /// What `x-amz-content-sha256` says, if it is among the headers.
    let payloadHash: String?
    let lines: SignatureLines

    init(
      host: String, headers: [(name: String, value: String)], credential: Credential,
      scope: CredentialScope, payloadHash: String?, lines: SignatureLines
    ) {
      self.host = host
      self.headers = headers
      self.credential = credential
      self.scope = scope
      self.payloadHash = payloadHash
      self.lines = lines
    }

    func serves(
      _ host: String, _ headers: [(name: String, value: String)], _ credential: Credential,
      _ time: SigningTime
    ) -> Bool {
      self.scope.time == time && self.host == host && self.credential == credential
        && self.headers.elementsEqual(headers, by: ==)
    }
  }

  /// Fetches the algorithms, which is all that may fail in a sane process.
  package init(
    region: String, service: String = RequestSigner.jobsDataPlane
  ) throws(SigningError) {
    self.region = region
    self.service = service
    self.calculator = try SignatureCalculator(keyCapacity: 1)
  }

  /// Signs one attempt. Each attempt of a call is signed anew, with its own time.
  ///
  /// - Parameters:
  ///   - target: path and query exactly as the request line will have them.
  ///   - host: the Host header exactly as it will be sent; see ``HostHeader``.
  ///   - headers: what else will be sent and is to be signed, in the order sent. Headers that
  ///     SigV4 must not sign, and those of an earlier signature, are passed over. For the four
  ///     operations: `content-type` if there is a body, else nothing.
  ///   - body: the exact bytes of the body.
  package mutating func sign(
    method: String, target: Span<UInt8>, host: String,
    headers: [(name: String, value: String)] = [], body: Span<UInt8>,
    credential: Credential, at time: SigningTime
  ) throws(SigningError) -> SignatureHeaders {
    let common = try self.common(host, headers, credential, time)
    let payloadHash: CanonicalRequest.PayloadHash =
      if let given = common.payloadHash { .text(given) } else {
        .digest(try self.calculator.hash(body))
      }
    try self.calculator.request.write(method: method, target: target, payloadHash: payloadHash)
    return SignatureHeaders(
      shared: common.lines,
      signature: try self.calculator.signature(scope: common.scope, credential: credential))
  }

  /// What the last signature was made of, for tests and for explaining a mismatch. Holds the
  /// session token: not for logs.
  package var lastCanonicalRequest: [UInt8] { self.calculator.request.bytes }
  package var lastStringToSign: [UInt8] { self.calculator.stringToSign }

  /// Refuses what would break the headers it ends up in. The session token is checked as a header.
  static func check(_ credential: Credential) throws(SigningError) {
    let isSound = credential.accessKeyID.utf8.allSatisfy { byte in
      0x21...0x7e ~= byte && byte != UInt8(ascii: "/") && byte != UInt8(ascii: ",")
    }
    guard isSound, !credential.accessKeyID.isEmpty else { throw .invalidCredential }
  }

  /// Begins another list of canonical headers with the caller's. The answer is the value of
  /// `x-amz-content-sha256`, which stands for the payload hash if the caller sends it.
  mutating func startHeaders(
    _ headers: [(name: String, value: String)]
  ) throws(SigningError) -> String? {
    self.common = nil
    self.calculator.request.removeHeaders()
    var payloadHash: String?
    for (name, value) in headers {
      switch HeaderRole(name) {
      case .signed: break
      case .notSigned: continue
      case .payloadHash: payloadHash = value
      }
      try self.calculator.request.insertHeader(name, value)
    }
    return payloadHash
  }

  private mutating func common(
    _ host: String, _ headers: [(name: String, value: String)], _ credential: Credential,
    _ time: SigningTime
  ) throws(SigningError) -> CommonPart {
    if let common = self.common, common.serves(host, headers, credential, time) { return common }
    try Self.check(credential)
    let payloadHash = try self.startHeaders(headers)
    try self.calculator.request.insertHeader("host", host)
    try self.calculator.request.insertHeader("x-amz-date", time.text)
    if let token = credential.sessionToken {
      try self.calculator.request.insertHeader("x-amz-security-token", token.text)
    }
    let scope = CredentialScope(time: time, region: self.region, service: self.service)
    let common = CommonPart(
      host: host, headers: headers, credential: credential, scope: scope, payloadHash: payloadHash,
      lines: SignatureLines(
        scope: scope, credential: credential,
        signedNames: self.calculator.request.signedNames))
    self.common = common
    return common
  }
}

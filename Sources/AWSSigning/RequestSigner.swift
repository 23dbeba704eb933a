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
package struct RequestSigner: ~Copyable {
  /// The signing name of the IoT Jobs Data Plane.
  package static let jobsDataPlane = "iot-jobs-data"
  /// The signing name of the IoT control plane.
  package static let controlPlane = "iot"

  package let region: String
  package let service: String
  var calculator: SignatureCalculator
  /// The last time stamp as text: calls within one second share it.
  private var lastDate: (time: SigningTime, text: String)?
  private var authorization: [UInt8] = []

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
    try Self.check(credential)
    let date = self.dateText(of: time)
    let token = credential.sessionToken?.text
    self.calculator.request.removeAll()
    let givenHash = try self.insert(headers)
    try self.calculator.request.headers.insert("host", host)
    try self.calculator.request.headers.insert("x-amz-date", date)
    if let token { try self.calculator.request.headers.insert("x-amz-security-token", token) }

    let payloadHash: CanonicalRequest.PayloadHash =
      if let givenHash { .text(givenHash) } else { .digest(try self.calculator.hash(body)) }
    try self.calculator.request.write(method: method, target: target, payloadHash: payloadHash)
    let scope = CredentialScope(time: time, region: self.region, service: self.service)
    let signature = try self.calculator.signature(scope: scope, credential: credential)
    return SignatureHeaders(
      date: date, securityToken: token,
      authorization: self.authorization(scope, credential.accessKeyID, signature))
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

  /// Puts the caller's headers in. The answer is the value of `x-amz-content-sha256`, which stands
  /// for the payload hash if the caller sends it.
  mutating func insert(
    _ headers: [(name: String, value: String)]
  ) throws(SigningError) -> String? {
    var payloadHash: String?
    for (name, value) in headers {
      switch HeaderRole(name) {
      case .signed: break
      case .notSigned: continue
      case .payloadHash: payloadHash = value
      }
      try self.calculator.request.headers.insert(name, value)
    }
    return payloadHash
  }

  private mutating func dateText(of time: SigningTime) -> String {
    if let lastDate = self.lastDate, lastDate.time == time { return lastDate.text }
    let text = time.text
    self.lastDate = (time, text)
    return text
  }

  private mutating func authorization(
    _ scope: CredentialScope, _ accessKeyID: String, _ signature: SHA256Digest
  ) -> String {
    self.authorization.removeAll(keepingCapacity: true)
    self.authorization.append(contentsOf: SignatureCalculator.algorithm.utf8)
    self.authorization.append(contentsOf: " Credential=".utf8)
    self.authorization.append(contentsOf: accessKeyID.utf8)
    self.authorization.append(UInt8(ascii: "/"))
    scope.append(to: &self.authorization)
    self.authorization.append(contentsOf: ", SignedHeaders=".utf8)
    let names = self.calculator.request.signedNames
    self.authorization.append(contentsOf: self.calculator.request.bytes[names])
    self.authorization.append(contentsOf: ", Signature=".utf8)
    signature.appendHex(to: &self.authorization)
    return String(decoding: self.authorization, as: UTF8.self)
  }
}

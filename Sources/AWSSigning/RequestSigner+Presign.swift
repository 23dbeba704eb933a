// SPDX-License-Identifier: Apache-2.0

import CryptoEngine

/// A URL that carries its own signature. Whoever holds it may use it until it expires, so it
/// prints redacted and is logged nowhere.
package struct PresignedURL: Equatable, Sendable {
  package let text: String
}

extension PresignedURL: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { "PresignedURL(<redacted>)" }
  package var debugDescription: String { self.description }
  package var customMirror: Mirror { Mirror(self, children: []) }
}

extension RequestSigner {
  /// AWS's range for the life of a URL, in seconds.
  package static let presignExpiryRange: ClosedRange<Int64> = 1...604_800

  /// Puts a signature into the query.
  ///
  /// A URL also dies with its session token. AWS's own client signs no body into a URL, and moves a
  /// write's members into the query as text that no service reads; here a write's URL stands for the
  /// body that is given, and for no other.
  /// Source: AWS General Reference, "Add signing information to the request", query string.
  ///
  /// - Parameters:
  ///   - origin: scheme and authority as they are to stand in the URL: `https://example.com:8443`.
  ///   - target: path and query. Its query is written anew in SigV4's encoding.
  ///   - host: the Host header that the user of the URL will send; see ``HostHeader``.
  ///   - headers: what the user of the URL must send besides, or the signature will not hold.
  ///   - body: the exact bytes that the user of the URL must send; none of most.
  package mutating func presign(
    method: String, origin: String, target: Span<UInt8>, host: String,
    headers: [(name: String, value: String)] = [], body: [UInt8] = [],
    expiresInSeconds: Int64, credential: Credential, at time: SigningTime
  ) throws(SigningError) -> PresignedURL {
    guard Self.presignExpiryRange ~= expiresInSeconds else {
      throw .expiryOutOfRange(seconds: expiresInSeconds)
    }
    try Self.check(credential)
    let givenHash = try self.startHeaders(headers)
    try self.calculator.request.insertHeader("host", host)

    let scope = CredentialScope(time: time, region: self.region, service: self.service)
    var signed = self.targetWithParameters(
      target, scope: scope, credential: credential, expiresInSeconds: expiresInSeconds)
    let payloadHash: CanonicalRequest.PayloadHash =
      if let givenHash { .text(givenHash) } else { .digest(try self.calculator.hash(body.span)) }
    try self.calculator.request.write(
      method: method, target: signed.span, payloadHash: payloadHash)
    let signature = try self.calculator.signature(scope: scope, credential: credential)
    signed.append(contentsOf: "&X-Amz-Signature=".utf8)
    signature.appendHex(to: &signed)
    return PresignedURL(text: origin + String(decoding: signed, as: UTF8.self))
  }

  /// The target with all that is signed: everything but the signature, in the order of AWS's own
  /// client.
  private func targetWithParameters(
    _ target: Span<UInt8>, scope: CredentialScope, credential: Credential, expiresInSeconds: Int64
  ) -> [UInt8] {
    var scopeText: [UInt8] = []
    scope.append(to: &scopeText)
    var query = QueryWriter(rewriting: target)
    query.append("X-Amz-Algorithm", SignatureCalculator.algorithm.utf8)
    query.append("X-Amz-Credential", Array("\(credential.accessKeyID)/".utf8) + scopeText)
    query.append("X-Amz-Date", scope.time.text.utf8)
    query.append("X-Amz-Expires", String(expiresInSeconds).utf8)
    query.append("X-Amz-SignedHeaders", self.calculator.request.signedNames)
    if let token = credential.sessionToken {
      query.append("X-Amz-Security-Token", token.text.utf8)
    }
    return query.bytes
  }
}

/// Writes a target anew, its query in SigV4's encoding, and adds parameters.
private struct QueryWriter {
  private(set) var bytes: [UInt8] = []
  private var separator = UInt8(ascii: "?")

  init(rewriting target: Span<UInt8>) {
    var pathEnd = 0
    while pathEnd < target.count, target[pathEnd] != UInt8(ascii: "?") {
      self.bytes.append(target[pathEnd])
      pathEnd += 1
    }
    var query = CanonicalQuery()
    query.read(target, from: pathEnd + 1)
    for pair in query.pairs {
      self.bytes.append(self.separator)
      self.separator = UInt8(ascii: "&")
      self.rewrite(target, pair.nameStart..<pair.nameEnd)
      self.bytes.append(UInt8(ascii: "="))
      self.rewrite(target, pair.valueStart..<pair.valueEnd)
    }
  }

  mutating func append(_ name: String, _ value: some Sequence<UInt8>) {
    self.bytes.append(self.separator)
    self.separator = UInt8(ascii: "&")
    self.bytes.append(contentsOf: name.utf8)
    self.bytes.append(UInt8(ascii: "="))
    for byte in value { PercentEncoding.append(byte, to: &self.bytes) }
  }

  /// Keeps whole escapes, in upper case, and encodes what should have been encoded.
  private mutating func rewrite(_ target: Span<UInt8>, _ range: Range<Int>) {
    var index = range.lowerBound
    while index < range.upperBound {
      if index + 2 < range.upperBound,
        let byte = PercentEncoding.escaped(target[index], target[index + 1], target[index + 2])
      {
        PercentEncoding.append(byte, to: &self.bytes)
        index += 3
      } else {
        PercentEncoding.append(target[index], to: &self.bytes)
        index += 1
      }
    }
  }
}

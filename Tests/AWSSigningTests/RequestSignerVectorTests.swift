// SPDX-License-Identifier: Apache-2.0

import AWSSigning
import Testing

struct RequestSignerVectorTests {
  static let headerVectors = Result { try SigningVector.load("sigv4-header.json") }
  static let presignVectors = Result { try SigningVector.load("sigv4-presign.json") }

  @Test func `the vector files hold all their cases`() throws {
    #expect(try Self.headerVectors.get().count == 126)
    #expect(try Self.presignVectors.get().count == 62)
  }

  @Test func `a request is signed byte for byte as AWS's client signs it`() throws {
    for vector in try Self.headerVectors.get() {
      let id = Comment(rawValue: vector.id)
      var signer = try RequestSigner(region: vector.region)
      let url = vector.split
      #expect(url.host == vector.expected.host, id)
      let signed = try signer.sign(
        method: vector.request.method, target: url.target.utf8.span, host: url.host,
        headers: vector.headers, body: vector.request.body.utf8.span,
        credential: vector.credential, at: vector.signingTime)

      #expect(signer.canonicalRequestText == vector.expected.canonicalRequest, id)
      #expect(signer.stringToSignText == vector.expected.stringToSign, id)
      #expect(signed.authorization == vector.expected.authorization, id)
      #expect(signed.date == vector.time, id)
      #expect(signed.securityToken == vector.credentials.sessionToken, id)
      #expect(signed.pairs == vector.expected.headers?.suffix(signed.pairs.count), id)
    }
  }

  @Test func `one signer serves all cases of a region in turn`() throws {
    var signers = 0
    for (region, vectors) in Dictionary(
      grouping: try Self.headerVectors.get(), by: \.region)
    {
      var signer = try RequestSigner(region: region)
      signers += 1
      for vector in vectors {
        let url = vector.split
        let signed = try signer.sign(
          method: vector.request.method, target: url.target.utf8.span, host: url.host,
          headers: vector.headers, body: vector.request.body.utf8.span,
          credential: vector.credential, at: vector.signingTime)
        #expect(signed.authorization == vector.expected.authorization, "\(vector.id)")
      }
    }
    #expect(signers > 5)
  }

  @Test func `a URL is presigned byte for byte as AWS's client does it`() throws {
    var count = 0
    for vector in try Self.presignVectors.get() where vector.isOurs {
      let id = Comment(rawValue: vector.id)
      var signer = try RequestSigner(region: vector.region)
      let url = try signer.presign(vector)
      #expect(signer.canonicalRequestText == vector.expected.canonicalRequest, id)
      #expect(signer.stringToSignText == vector.expected.stringToSign, id)
      #expect(url.text == vector.expected.url, id)
      count += 1
    }
    #expect(count == 57)
  }

  @Test func `a life that AWS would not grant is refused`() throws {
    var count = 0
    for vector in try Self.presignVectors.get() where vector.tags.contains("out-of-range") {
      var signer = try RequestSigner(region: vector.region)
      let seconds = try #require(vector.expires)
      #expect(throws: SigningError.expiryOutOfRange(seconds: seconds)) {
        try signer.presign(vector)
      }
      count += 1
    }
    #expect(count == 3)
  }
}

extension SigningVector {
  /// False for what AWS's client does and a gateway must not: see the vectors' own notes.
  var isOurs: Bool {
    !self.tags.contains("botocore-quirk") && !self.tags.contains("out-of-range")
  }
}

extension RequestSigner {
  var canonicalRequestText: String { String(decoding: self.lastCanonicalRequest, as: UTF8.self) }
  var stringToSignText: String { String(decoding: self.lastStringToSign, as: UTF8.self) }

  mutating func presign(_ vector: SigningVector) throws(SigningError) -> PresignedURL {
    let url = vector.split
    return try self.presign(
      method: vector.request.method, origin: url.origin, target: url.target.utf8.span,
      host: url.host, headers: vector.headers, expiresInSeconds: vector.expires ?? 0,
      credential: vector.credential, at: vector.signingTime)
  }
}

extension SignatureHeaders {
  /// In the order in which AWS's client adds them.
  var pairs: [[String]] {
    var pairs = [[Self.dateName, self.date]]
    if let token = self.securityToken { pairs.append([Self.securityTokenName, token]) }
    pairs.append([Self.authorizationName, self.authorization])
    return pairs
  }
}

// SPDX-License-Identifier: Apache-2.0

import AWSSigning
import Testing

/// A request on its way to a verifier, with everything that a test may spoil.
struct SignedRequest: Sendable {
  static let region = "us-east-1"
  static let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
  static let longTerm = Credential(accessKeyID: "AKIDEXAMPLE", secretAccessKey: secret)
  static let temporary = Credential(
    accessKeyID: "ASIDEXAMPLE", secretAccessKey: secret, sessionToken: "token/+=",
    expiresAtSeconds: 1_767_326_645)
  /// 2026-01-02T03:04:05Z.
  static let signedAt = SigningTime(epochSeconds: 1_767_323_045)

  var method = "POST"
  var target = "/things/a%3Ab/jobs/j1?executionNumber=3&includeJobDocument=false"
  var headers: [(name: String, value: String)] = []
  var body = #"{"status":"SUCCEEDED"}"#

  /// A POST signed in its headers.
  static func inHeaders(
    _ credential: Credential = longTerm, at time: SigningTime = signedAt,
    service: String = RequestSigner.jobsDataPlane, region: String = region
  ) throws -> SignedRequest {
    var request = SignedRequest()
    let sent: [(name: String, value: String)] = [
      ("Content-Type", "application/json"), ("X-Custom", "a  b"), ("User-Agent", "test"),
    ]
    var signer = try RequestSigner(region: region, service: service)
    let signed = try signer.sign(
      method: request.method, target: request.target.utf8.span, host: "example.com",
      headers: sent, body: request.body.utf8.span, credential: credential, at: time)
    request.headers = [("Host", "example.com")] + sent
    request.headers += signed.pairs.map { (name: $0[0], value: $0[1]) }
    return request
  }

  /// A GET signed in its query, good for a minute.
  static func inQuery(_ credential: Credential = longTerm) throws -> SignedRequest {
    var signer = try RequestSigner(region: self.region)
    let url = try signer.presign(
      method: "GET", origin: "http://example.com",
      target: "/things/t/jobs/%24next?b=2&a=1".utf8.span,
      host: "example.com", expiresInSeconds: 60, credential: credential, at: self.signedAt)
    var request = SignedRequest()
    request.method = "GET"
    request.target = String(url.text.dropFirst("http://example.com".count))
    request.headers = [("Host", "example.com"), ("Accept", "*/*")]
    request.body = ""
    return request
  }

  func value(of name: String) -> String? {
    self.headers.first { $0.name == name }?.value
  }

  mutating func set(_ name: String, to value: String?) {
    guard let index = self.headers.firstIndex(where: { $0.name == name }) else {
      if let value { self.headers.append((name, value)) }
      return
    }
    if let value { self.headers[index].value = value } else { self.headers.remove(at: index) }
  }

  /// Replaces within a header, or within the target if no name is given.
  mutating func replace(_ old: String, with new: String, in name: String? = nil) {
    if let name {
      self.set(name, to: self.value(of: name)?.replacing(old, with: new))
    } else {
      self.target = self.target.replacing(old, with: new)
    }
  }
}

extension SignatureVerifier {
  /// One that knows both of the requests' credentials, or one with another secret.
  static func make(
    _ credentials: [Credential] = [SignedRequest.longTerm, SignedRequest.temporary],
    region: String? = SignedRequest.region, clockSkewSeconds: Int64 = 300
  ) throws -> SignatureVerifier {
    try SignatureVerifier(
      credentials: credentials, region: region, clockSkewSeconds: clockSkewSeconds)
  }

  mutating func verify(
    _ request: SignedRequest, service: String = RequestSigner.jobsDataPlane,
    now: SigningTime = SignedRequest.signedAt
  ) -> SignatureVerdict {
    self.verify(
      method: request.method, target: request.target, headers: request.headers,
      body: request.body.utf8.span, service: service, now: now)
  }
}

struct SignatureVerifierTests {
  private static let caller = VerifiedCaller(
    accessKeyID: "AKIDEXAMPLE", region: SignedRequest.region, form: .header)

  @Test func `every request that AWS's client signed in its headers is let in`() throws {
    for vector in try RequestSignerVectorTests.headerVectors.get() {
      var verifier = try SignatureVerifier.make([vector.credential], region: vector.region)
      let verdict = verifier.verify(
        method: vector.request.method, target: vector.split.target,
        headers: [("Host", vector.split.host)]
          + (vector.expected.headers ?? []).map { (name: $0[0], value: $0[1]) },
        body: vector.request.body.utf8.span, service: RequestSigner.jobsDataPlane,
        now: vector.signingTime)
      let caller = VerifiedCaller(
        accessKeyID: vector.credentials.accessKeyId, region: vector.region, form: .header)
      #expect(verdict == .verified(caller), "\(vector.id)")
    }
  }

  @Test func `every URL that AWS's client presigned is let in, if its life is allowed`() throws {
    for vector in try RequestSignerVectorTests.presignVectors.get() {
      var verifier = try SignatureVerifier.make([vector.credential], region: vector.region)
      let verdict = verifier.verify(
        method: vector.request.method, target: SplitURL(vector.expected.url).target,
        headers: [("Host", vector.split.host)] + vector.headers, body: "".utf8.span,
        service: RequestSigner.jobsDataPlane, now: vector.signingTime)
      let caller = VerifiedCaller(
        accessKeyID: vector.credentials.accessKeyId, region: vector.region, form: .query)
      if vector.tags.contains("out-of-range") {
        #expect(verdict.refusal?.name == "IncompleteSignatureException", "\(vector.id)")
      } else {
        #expect(verdict == .verified(caller), "\(vector.id)")
      }
    }
  }

  @Test func `a sound request is let in as often as it comes`() throws {
    var verifier = try SignatureVerifier.make()
    let request = try SignedRequest.inHeaders()
    #expect(verifier.verify(request) == .verified(Self.caller))
    #expect(verifier.verify(request) == .verified(Self.caller))
    var spoiled = request
    spoiled.body += " "
    #expect(verifier.verify(spoiled) == .refused(.mismatch))
    #expect(verifier.verify(request) == .verified(Self.caller))
  }

  @Test func `a change anywhere in what was signed is a mismatch`() throws {
    var verifier = try SignatureVerifier.make()
    let changes: [(String, (inout SignedRequest) -> Void)] = [
      ("method", { $0.method = "PUT" }),
      ("path", { $0.replace("/j1", with: "/j2") }),
      ("path escape", { $0.replace("%3A", with: "%3a") }),
      ("query value", { $0.replace("=3", with: "=4") }),
      ("query name", { $0.replace("executionNumber", with: "executionNumbes") }),
      ("query removed", { $0.replace("executionNumber=3&", with: "") }),
      ("signed header", { $0.set("X-Custom", to: "a c") }),
      ("signed header gone", { $0.set("X-Custom", to: nil) }),
      ("signed header twice", { $0.headers.append(("x-custom", "a b")) }),
      ("host", { $0.set("Host", to: "example.org") }),
      ("content type", { $0.set("Content-Type", to: "text/plain") }),
      ("body", { $0.body = #"{"status":"SUCCEEDEE"}"# }),
      ("body gone", { $0.body = "" }),
      ("time", { $0.set("X-Amz-Date", to: "20260102T030406Z") }),
    ]
    for (what, change) in changes {
      var request = try SignedRequest.inHeaders()
      change(&request)
      #expect(verifier.verify(request) == .refused(.mismatch), "\(what)")
    }
  }

  @Test func `what is not signed may change`() throws {
    var verifier = try SignatureVerifier.make()
    var request = try SignedRequest.inHeaders()
    request.set("User-Agent", to: "another")
    request.set("X-Forwarded-For", to: "10.0.0.1")
    request.set("X-Custom", to: "  a b\t")
    #expect(verifier.verify(request) == .verified(Self.caller))
  }

  @Test func `each byte of a presigned URL counts`() throws {
    var verifier = try SignatureVerifier.make()
    let request = try SignedRequest.inQuery(SignedRequest.temporary)
    #expect(
      verifier.verify(request)
        == .verified(
          VerifiedCaller(accessKeyID: "ASIDEXAMPLE", region: "us-east-1", form: .query)))
    let bytes = Array(request.target.utf8)
    for index in bytes.indices.dropFirst() {
      var changed = bytes
      changed[index] = changed[index] == UInt8(ascii: "1") ? UInt8(ascii: "2") : UInt8(ascii: "1")
      var spoiled = request
      spoiled.target = String(decoding: changed, as: UTF8.self)
      #expect(verifier.verify(spoiled).refusal != nil, "\(index)")
      spoiled.target = String(decoding: bytes[..<index], as: UTF8.self)
      #expect(verifier.verify(spoiled).refusal != nil, "cut at \(index)")
    }
  }

  @Test func `each byte of an authorization header counts`() throws {
    var verifier = try SignatureVerifier.make()
    let request = try SignedRequest.inHeaders()
    let bytes = Array(try #require(request.value(of: "Authorization")).utf8)
    for index in bytes.indices {
      for replacement in [UInt8(ascii: "x"), 0x00, UInt8(ascii: ","), UInt8(ascii: "/")]
      where replacement != bytes[index] {
        var changed = bytes
        changed[index] = replacement
        var spoiled = request
        spoiled.set("Authorization", to: String(decoding: changed, as: UTF8.self))
        #expect(verifier.verify(spoiled).refusal != nil, "\(index)")
      }
      var cut = request
      cut.set("Authorization", to: String(decoding: bytes[..<index], as: UTF8.self))
      #expect(verifier.verify(cut).refusal != nil, "cut at \(index)")
    }
  }
}

extension SignatureVerdict {
  var refusal: SignatureRefusal? {
    switch self {
    case .verified: nil
    case .refused(let refusal): refusal
    }
  }
}

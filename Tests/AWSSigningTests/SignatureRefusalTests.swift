// SPDX-License-Identifier: Apache-2.0

import AWSSigning
import Testing

/// Which of AWS's errors each failing has.
struct SignatureRefusalTests {
  private func verdict(
    of request: SignedRequest, by credentials: [Credential]? = nil, region: String? = "us-east-1",
    service: String = RequestSigner.jobsDataPlane, seconds: Int64 = 0
  ) throws -> SignatureVerdict {
    var verifier = try SignatureVerifier.make(
      credentials ?? [SignedRequest.longTerm, SignedRequest.temporary], region: region)
    return verifier.verify(
      request, service: service, now: SignedRequest.signedAt.adding(seconds: seconds))
  }

  @Test func `a request without a signature lacks its token`() throws {
    var request = try SignedRequest.inHeaders()
    request.set("Authorization", to: nil)
    #expect(try self.verdict(of: request) == .refused(.missing))
    request.set("Authorization", to: "  ")
    #expect(try self.verdict(of: request) == .refused(.missing))
  }

  @Test func `another secret is a mismatch`() throws {
    let other = Credential(accessKeyID: "AKIDEXAMPLE", secretAccessKey: "other")
    #expect(try self.verdict(of: .inHeaders(), by: [other]) == .refused(.mismatch))
    #expect(try self.verdict(of: .inQuery(), by: [other]) == .refused(.mismatch))
  }

  @Test func `an unknown key is an unrecognised client`() throws {
    #expect(try self.verdict(of: .inHeaders(), by: []) == .refused(.unknownClient))
    #expect(try self.verdict(of: .inQuery(), by: []) == .refused(.unknownClient))
  }

  @Test func `a session token must be the key's own`() throws {
    let request = try SignedRequest.inHeaders(SignedRequest.temporary)
    #expect(try self.verdict(of: request).refusal == nil)
    var without = request
    without.set("X-Amz-Security-Token", to: nil)
    #expect(try self.verdict(of: without) == .refused(.unknownClient))
    var other = request
    other.set("X-Amz-Security-Token", to: "token/+-")
    #expect(try self.verdict(of: other) == .refused(.unknownClient))
    // And a long-term key has none.
    var extra = try SignedRequest.inHeaders()
    extra.set("X-Amz-Security-Token", to: "token")
    #expect(try self.verdict(of: extra) == .refused(.unknownClient))
  }

  @Test func `a temporary credential expires`() throws {
    let last = try SignedRequest.inHeaders(
      SignedRequest.temporary, at: SignedRequest.signedAt.adding(seconds: 3_599))
    #expect(try self.verdict(of: last, seconds: 3_599).refusal == nil)
    #expect(try self.verdict(of: last, seconds: 3_600) == .refused(.expiredToken))
  }

  @Test func `a time stamp may be off by the skew and no more`() throws {
    let request = try SignedRequest.inHeaders()
    let signed = SignedRequest.signedAt
    #expect(try self.verdict(of: request, seconds: 300).refusal == nil)
    #expect(try self.verdict(of: request, seconds: -300).refusal == nil)
    let late = try #require(try self.verdict(of: request, seconds: 301).refusal)
    #expect(
      late
        == .signatureExpired(
          signed: signed, now: signed.adding(seconds: 301), allowedSeconds: 300))
    #expect(
      late.message
        == "Signature expired: 20260102T030405Z is now earlier than 20260102T030406Z "
        + "(20260102T030906Z - 5 min.)")
    let early = try #require(try self.verdict(of: request, seconds: -301).refusal)
    #expect(
      early.message
        == "Signature not yet current: 20260102T030405Z is still later than 20260102T030404Z "
        + "(20260102T025904Z + 5 min.)")
  }

  @Test func `a presigned URL lives as long as it says`() throws {
    let request = try SignedRequest.inQuery()
    #expect(try self.verdict(of: request, seconds: 60).refusal == nil)
    #expect(try self.verdict(of: request, seconds: 61).refusal?.name == "InvalidSignatureException")
    #expect(try self.verdict(of: request, seconds: -300).refusal == nil)
    #expect(
      try self.verdict(of: request, seconds: -301).refusal?.message.hasPrefix(
        "Signature not yet current") == true)
  }

  @Test func `a stale request says so although its signature is wrong as well`() throws {
    var request = try SignedRequest.inHeaders()
    request.body = ""
    #expect(
      try self.verdict(of: request, seconds: 301).refusal?.message.hasPrefix("Signature expired")
        == true)
  }

  @Test(arguments: [
    ("/us-east-1/", "/us-west-2/"), ("/iot-jobs-data/", "/iot/"),
    ("/aws4_request", "/aws5_request"), ("/20260102/", "/20260103/"),
  ])
  func `a scope must be the expected one`(old: String, new: String) throws {
    var request = try SignedRequest.inHeaders()
    request.replace(old, with: new, in: "Authorization")
    let refusal = try self.verdict(of: request).refusal
    guard case .wrongScope(let text)? = refusal else {
      Issue.record("\(String(describing: refusal))")
      return
    }
    #expect(text.contains("Credential"))
    #expect(refusal?.name == "InvalidSignatureException")
  }

  @Test func `service and region are the verifier's to choose`() throws {
    let request = try SignedRequest.inHeaders(service: "iot", region: "eu-north-1")
    #expect(try self.verdict(of: request, region: nil, service: "iot").refusal == nil)
    #expect(
      try self.verdict(of: request, region: nil)
        == .refused(
          .wrongScope("Credential should be scoped to correct service: 'iot-jobs-data'.")))
    #expect(
      try self.verdict(of: request, service: "iot")
        == .refused(.wrongScope("Credential should be scoped to a valid region: 'us-east-1'.")))
  }

  @Test func `one verifier keeps the keys of services, regions and days apart`() throws {
    var verifier = try SignatureVerifier.make(region: nil)
    for _ in 0..<2 {
      for service in ["iot", "iot-jobs-data"] {
        // More scopes than a verifier keeps keys for.
        for region in (0..<6).map({ "region-\($0)" }) {
          for day in [0, 86_400] {
            let now = SignedRequest.signedAt.adding(seconds: Int64(day))
            let request = try SignedRequest.inHeaders(at: now, service: service, region: region)
            let verdict = verifier.verify(request, service: service, now: now)
            #expect(verdict.refusal == nil, "\(service) \(region) \(day)")
          }
        }
      }
    }
  }

  @Test(arguments: [
    "AWS4-HMAC-SHA256", "Bearer abc", "AWS4-HMAC-SHA512 Credential=a/b/c/d/e",
    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE", "AWS4-HMAC-SHA256 ,,,,,,",
    "AWS4-HMAC-SHA256 Credential=a/20260102/c/d/e, SignedHeaders=host",
    "AWS4-HMAC-SHA256 Credential=a/20260102/c/d/e, SignedHeaders=host, Signature=",
    "AWS4-HMAC-SHA256 Credential=a/20260102/c/d, SignedHeaders=host, Signature=0",
    "AWS4-HMAC-SHA256 Credential=a/20260102/c/d/e/f, SignedHeaders=host, Signature=0",
    "AWS4-HMAC-SHA256 Credential=////, SignedHeaders=host, Signature=0",
    "AWS4-HMAC-SHA256 Credential=a/20260102/c/d/e, SignedHeaders=host;Date, Signature=0",
    "AWS4-HMAC-SHA256 Credential=a/20260102/c/d/e, SignedHeaders=host;date, Signature=0",
    "AWS4-HMAC-SHA256 Credential=a/20260102/c/d/e, SignedHeaders=host;host, Signature=0",
    "AWS4-HMAC-SHA256 Credential=a/20260102/c/d/e, SignedHeaders=;host, Signature=0",
    "AWS4-HMAC-SHA256 Credential=a/20260102/c/d/e, SignedHeaders=host, Signature=0, Signature=0",
    "AWS4-HMAC-SHA256 Credential=a/20260102/c/d/e, SignedHeaders=host, Signature=0, X=1",
  ])
  func `a header that is not whole is an incomplete signature`(authorization: String) throws {
    var request = try SignedRequest.inHeaders()
    request.set("Authorization", to: authorization)
    let refusal = try self.verdict(of: request).refusal
    #expect(refusal?.name == "IncompleteSignatureException")
  }

  @Test(arguments: [
    ("X-Amz-Algorithm=", "X-Amz-Algorithn="), ("X-Amz-Credential=", "x-amz-credential="),
    ("X-Amz-Date=", "Date="), ("X-Amz-Expires=", "Expires="),
    ("X-Amz-SignedHeaders=", "SignedHeaders="), ("X-Amz-Signature=", "Signature="),
    ("Expires=60", "Expires=0"), ("Expires=60", "Expires=-60"), ("Expires=60", "Expires=%2B60"),
    ("Expires=60", "Expires=604801"), ("Expires=60", "Expires=99999999999999999999"),
    ("Expires=60", "Expires=6%"), ("Expires=60", "Expires=60&X-Amz-Expires=60"),
    ("Date=20260102T030405Z", "Date=2026"), ("Credential=AKID", "Credential=%FF"),
    ("%2F20260102", "%2"), ("SHA256", "SHA1"), ("SignedHeaders=host", "SignedHeaders=Host"),
  ])
  func `a query that is not whole is an incomplete signature`(old: String, new: String) throws {
    var request = try SignedRequest.inQuery()
    request.replace(old, with: new)
    #expect(try self.verdict(of: request).refusal?.name == "IncompleteSignatureException")
  }

  @Test(arguments: ["Authorization", "X-Amz-Date", "X-Amz-Security-Token"])
  func `a header of the signature may come once`(name: String) throws {
    var request = try SignedRequest.inHeaders(SignedRequest.temporary)
    request.headers.append((name.lowercased(), request.value(of: name) ?? ""))
    #expect(try self.verdict(of: request).refusal?.name == "IncompleteSignatureException")
  }

  @Test func `headers and query may not both be signed`() throws {
    var request = try SignedRequest.inQuery()
    request.set("Authorization", to: try SignedRequest.inHeaders().value(of: "Authorization"))
    #expect(try self.verdict(of: request).refusal?.name == "IncompleteSignatureException")
  }

  @Test func `what AWS acts on must be signed`() throws {
    var request = try SignedRequest.inHeaders()
    request.set("X-Amz-Meta", to: "1")
    #expect(try self.verdict(of: request) == .refused(.unsignedHeader(name: "x-amz-meta")))
    request = try SignedRequest.inHeaders()
    request.replace("host;", with: "", in: "Authorization")
    #expect(try self.verdict(of: request) == .refused(.unsignedHeader(name: "host")))
    request = try SignedRequest.inHeaders()
    request.replace("x-amz-date;", with: "", in: "Authorization")
    #expect(try self.verdict(of: request) == .refused(.unsignedHeader(name: "x-amz-date")))
  }

  @Test(arguments: ["x-amz-\0", "x-amz-\u{7F}", "x y", "x-amz-ä"])
  func `a header's name is told to nobody unless it is a name`(name: String) throws {
    var request = try SignedRequest.inHeaders()
    request.set(name, to: "1")
    #expect(try self.verdict(of: request).refusal?.name == "MalformedHttpRequestException")
  }

  @Test func `a hash that is sent must be the body's`() throws {
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    for (text, isSound) in [(empty, true), ("UNSIGNED-PAYLOAD", false), ("", false)] {
      var signer = try RequestSigner(region: "us-east-1")
      var request = SignedRequest(method: "GET", target: "/", body: "")
      let sent: [(name: String, value: String)] = [("x-amz-content-sha256", text)]
      let signed = try signer.sign(
        method: "GET", target: "/".utf8.span, host: "h", headers: sent, body: "".utf8.span,
        credential: SignedRequest.longTerm, at: SignedRequest.signedAt)
      request.headers = [("Host", "h")] + sent + signed.pairs.map { (name: $0[0], value: $0[1]) }
      let refusal = try self.verdict(of: request).refusal
      #expect(refusal == (isSound ? nil : .payloadHashMismatch))
    }
  }

  @Test func `a request over a limit, or none that HTTP knows, is malformed`() throws {
    let changes: [(String, (inout SignedRequest) -> Void)] = [
      ("target", { $0.target += String(repeating: "a", count: 16_384) }),
      ("parameters", { $0.target += String(repeating: "&", count: 100) }),
      ("headers", { $0.headers += Array(repeating: ("a", "b"), count: 100) }),
      ("header bytes", { $0.set("X", to: String(repeating: "a", count: 32_768)) }),
      ("no host", { $0.set("Host", to: nil) }),
      ("two hosts", { $0.headers.append(("host", "example.com")) }),
      ("absolute form", { $0.target = "http://example.com" + $0.target }),
      ("space in target", { $0.replace("/j1", with: "/j 1") }),
      ("no ASCII in target", { $0.replace("/j1", with: "/ü") }),
      ("line feed in header", { $0.set("X-Custom", to: "a\nb") }),
      ("line feed in method", { $0.method = "GET\n" }),
      ("no method", { $0.method = "" }),
      (
        "signed headers",
        {
          let names = (100...150).map { "a\($0)" }.joined(separator: ";")
          $0.replace("content-type;", with: names + ";", in: "Authorization")
        }
      ),
    ]
    for (what, change) in changes {
      var request = try SignedRequest.inHeaders()
      change(&request)
      let refusal = try self.verdict(of: request).refusal
      #expect(refusal?.name == "MalformedHttpRequestException", "\(what)")
      #expect(refusal?.httpStatus == 400, "\(what)")
    }
  }

  @Test func `names and statuses are those of AWS's REST-JSON front door`() {
    let time = SignedRequest.signedAt
    let table: [(SignatureRefusal, String, Int)] = [
      (.malformed(""), "MalformedHttpRequestException", 400),
      (.missing, "MissingAuthenticationTokenException", 403),
      (.incomplete(""), "IncompleteSignatureException", 403),
      (.wrongScope(""), "InvalidSignatureException", 403),
      (.unknownClient, "UnrecognizedClientException", 403),
      (.expiredToken, "ExpiredTokenException", 403),
      (
        .signatureExpired(signed: time, now: time, allowedSeconds: 1),
        "InvalidSignatureException", 403
      ),
      (
        .signatureNotYetCurrent(signed: time, now: time, allowedSeconds: 1),
        "InvalidSignatureException", 403
      ),
      (.unsignedHeader(name: "host"), "InvalidSignatureException", 403),
      (.payloadHashMismatch, "InvalidSignatureException", 403),
      (.mismatch, "InvalidSignatureException", 403),
      (.internalFailure, "InternalFailure", 500),
    ]
    for (refusal, name, status) in table {
      #expect(refusal.name == name)
      #expect(refusal.httpStatus == status)
    }
  }
}

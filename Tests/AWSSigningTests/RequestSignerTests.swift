// SPDX-License-Identifier: Apache-2.0

import AWSSigning
import Testing

/// What the vectors leave open.
struct RequestSignerTests {
  static let credential = Credential(accessKeyID: "AKIDEXAMPLE", secretAccessKey: "secret")

  private func canonicalLines(
    method: String = "GET", target: String, headers: [(name: String, value: String)] = []
  ) throws -> [Substring] {
    var signer = try RequestSigner(region: "us-east-1")
    _ = try signer.sign(
      method: method, target: target.utf8.span, host: "example.com", headers: headers,
      body: "".utf8.span, credential: Self.credential, at: SigningTime(epochSeconds: 0))
    return signer.canonicalRequestText.split(separator: "\n", omittingEmptySubsequences: false)
  }

  @Test(arguments: [
    ("/", "/"), ("//", "/"), ("/.", "/"), ("/..", "/"), ("/../..", "/"), ("/./", "/"),
    ("/a", "/a"), ("/a/", "/a/"), ("/a//", "/a/"), ("/a/.", "/a"), ("/a/..", "/"),
    ("/a/../", "/"), ("/a/b/../c", "/a/c"), ("/a/b/..", "/a"), ("/...", "/..."), ("/.a", "/.a"),
    ("/base//x/../things/t/jobs", "/base/things/t/jobs"),
    ("/b%2Fc/../d", "/d"), ("/b%2Fc/things", "/b%252Fc/things"), ("/%2e%2e/a", "/%252e%252e/a"),
    ("/things/t/jobs/$next", "/things/t/jobs/%24next"), ("/a~b_c-d.e", "/a~b_c-d.e"),
    ("/a+b,c;d=e@f", "/a%2Bb%2Cc%3Bd%3De%40f"),
  ])
  func `a path is normalised, then encoded once more`(path: String, canonical: String) throws {
    #expect(try self.canonicalLines(target: path)[1] == canonical)
    #expect(try self.canonicalLines(target: path + "?a=/../")[1] == canonical)
  }

  @Test(arguments: [
    ("", ""), ("?", ""), ("?b&a=&a=%2F&a=1", "a=&a=%2F&a=1&b="), ("?a", "a="), ("?=", "="),
    ("?&", "=&="), ("?a=1&", "=&a=1"), ("?&&a", "=&=&a="),
    ("?a=b=c", "a=b=c"), ("?a=2&a=10", "a=10&a=2"), ("?ab=1&a=2", "a=2&ab=1"),
    ("?a-=1&a=2", "a=2&a-=1"), ("?B=1&a=2&A=3", "A=3&B=1&a=2"), ("?a?=/", "a?=/"),
    ("?includeJobDocument=false&executionNumber=3", "executionNumber=3&includeJobDocument=false"),
  ])
  func `a query is sorted by name, then by value`(query: String, canonical: String) throws {
    #expect(try self.canonicalLines(target: "/p" + query)[2] == canonical)
  }

  @Test func `a repeated header is one line and one name`() throws {
    let lines = try self.canonicalLines(
      target: "/",
      headers: [("X-B", " 2 "), ("x-a", "1\t 1"), ("X-b", ""), ("x-B", "3"), ("X-ab", "4")])
    #expect(
      lines[3...] == [
        "host:example.com", "x-a:1 1", "x-ab:4", "x-amz-date:19700101T000000Z", "x-b:2,,3", "",
        "host;x-a;x-ab;x-amz-date;x-b",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      ])
  }

  @Test func `signing what was signed before gives the same signature`() throws {
    var signer = try RequestSigner(region: "us-east-1")
    let credential = Credential(
      accessKeyID: "AKID", secretAccessKey: "secret", sessionToken: "token")
    let time = SigningTime(epochSeconds: 1_767_323_045)
    let first = try signer.sign(
      method: "GET", target: "/".utf8.span, host: "h", body: "".utf8.span,
      credential: credential, at: time)
    let again = try signer.sign(
      method: "GET", target: "/".utf8.span, host: "h",
      headers: [("Host", "h")] + first.pairs.map { (name: $0[0], value: $0[1]) },
      body: "".utf8.span, credential: credential, at: time)
    #expect(again == first)
  }

  @Test func `midnight changes the scope with the stamp, and the key with both`() throws {
    var signer = try RequestSigner(region: "us-east-1")
    let midnight: Int64 = 1_767_225_600
    var authorizations: [String] = []
    for seconds in [midnight - 1, midnight, midnight - 1] {
      let signed = try signer.sign(
        method: "GET", target: "/".utf8.span, host: "h", body: "".utf8.span,
        credential: Self.credential, at: SigningTime(epochSeconds: seconds))
      #expect(signed.authorization.contains("AKIDEXAMPLE/\(signed.date.prefix(8))/us-east-1/"))
      authorizations.append(signed.authorization)
      // A signer that never saw another day agrees.
      var fresh = try RequestSigner(region: "us-east-1")
      let expected = try fresh.sign(
        method: "GET", target: "/".utf8.span, host: "h", body: "".utf8.span,
        credential: Self.credential, at: SigningTime(epochSeconds: seconds))
      #expect(signed == expected)
    }
    #expect(authorizations[0] == authorizations[2])
    #expect(authorizations[0].contains("/20251231/"))
    #expect(authorizations[1].contains("/20260101/"))
  }

  @Test func `each call has its own second`() throws {
    var signer = try RequestSigner(region: "us-east-1")
    for seconds: Int64 in [0, 0, 1, 0] {
      let signed = try signer.sign(
        method: "GET", target: "/".utf8.span, host: "h", body: "".utf8.span,
        credential: Self.credential, at: SigningTime(epochSeconds: seconds))
      #expect(signed.date == "19700101T00000\(seconds)Z")
    }
  }

  @Test func `another secret under the same id is another key`() throws {
    var signer = try RequestSigner(region: "us-east-1")
    let time = SigningTime(epochSeconds: 0)
    var seen: Set<String> = []
    for secret in ["one", "two", "one"] {
      let signed = try signer.sign(
        method: "GET", target: "/".utf8.span, host: "h", body: "".utf8.span,
        credential: Credential(accessKeyID: "A", secretAccessKey: secret), at: time)
      seen.insert(signed.authorization)
    }
    #expect(seen.count == 2)
  }

  /// What requests in a row may differ in, each from the one before.
  private struct Request {
    var host = "h"
    var headers: [(name: String, value: String)] = []
    var body = ""
    var token: String? = nil
    var seconds: Int64 = 0
    var presigned = false
  }

  @Test func `whatever was signed before, a signature is that of a fresh signer`() throws {
    let requests = [
      Request(), Request(), Request(body: "{}"),
      Request(headers: [("content-type", "application/json")], body: "{}"),
      Request(headers: [("content-type", "text/plain")]), Request(host: "i"),
      Request(presigned: true), Request(), Request(token: "t"), Request(token: "u"),
      Request(seconds: 1), Request(seconds: 86_400), Request(),
      Request(headers: [("x-amz-content-sha256", "UNSIGNED-PAYLOAD")], body: "{}"), Request(),
    ]
    func sign(_ request: Request, _ signer: inout RequestSigner) throws -> String {
      let credential = Credential(
        accessKeyID: "A", secretAccessKey: "s", sessionToken: request.token)
      let time = SigningTime(epochSeconds: request.seconds)
      if request.presigned {
        return try signer.presign(
          method: "GET", origin: "", target: "/p".utf8.span, host: request.host,
          expiresInSeconds: 60, credential: credential, at: time
        ).text
      }
      let signed = try signer.sign(
        method: "GET", target: "/p".utf8.span, host: request.host, headers: request.headers,
        body: request.body.utf8.span, credential: credential, at: time)
      return signed.pairs.description
    }
    var signer = try RequestSigner(region: "us-east-1")
    for request in requests {
      var fresh = try RequestSigner(region: "us-east-1")
      #expect(try sign(request, &signer) == sign(request, &fresh))
    }
  }

  @Test func `a signer that refused signs the next request as if nothing was`() throws {
    var signer = try RequestSigner(region: "us-east-1")
    func sign(_ headers: [(name: String, value: String)]) throws -> SignatureHeaders {
      try signer.sign(
        method: "GET", target: "/".utf8.span, host: "h", headers: headers, body: "".utf8.span,
        credential: Self.credential, at: SigningTime(epochSeconds: 0))
    }
    let first = try sign([])
    #expect(throws: SigningError.invalidHeader(name: "a")) { try sign([("b", "1"), ("a", "\n")]) }
    #expect(try sign([]) == first)
  }

  @Test(arguments: [nil, "to/ken+="])
  func `lines and values of a signature say the same`(token: String?) throws {
    var signer = try RequestSigner(region: "us-east-1")
    let signed = try signer.sign(
      method: "GET", target: "/".utf8.span, host: "h", body: "".utf8.span,
      credential: Credential(accessKeyID: "A", secretAccessKey: "s", sessionToken: token),
      at: SigningTime(epochSeconds: 0))
    var lines = Array("Host: h\r\n".utf8)
    signed.appendLines(to: &lines)
    let expected = [["Host", "h"]] + signed.pairs
    #expect(
      String(decoding: lines, as: UTF8.self)
        == expected.map { "\($0[0]): \($0[1])\r\n" }.joined())
  }

  @Test(arguments: ["", "a", "?a", "*", "http://h/", "/a b", "/a\nb", "/ü", "/a?b=\u{7f}", "/\0"])
  func `a target that no request line can carry is refused`(target: String) throws {
    var signer = try RequestSigner(region: "us-east-1")
    #expect(throws: SigningError.invalidTarget) {
      try signer.sign(
        method: "GET", target: target.utf8.span, host: "h", body: "".utf8.span,
        credential: Self.credential, at: SigningTime(epochSeconds: 0))
    }
  }

  @Test(arguments: [
    ("", "v"), ("a b", "v"), ("a:b", "v"), ("a;b", "v"), ("ä", "v"), ("a", "1\r\nb: 2"),
  ])
  func `a header that could pass for two is refused`(name: String, value: String) throws {
    var signer = try RequestSigner(region: "us-east-1")
    #expect(throws: SigningError.invalidHeader(name: name)) {
      try signer.sign(
        method: "GET", target: "/".utf8.span, host: "h", headers: [(name, value)],
        body: "".utf8.span, credential: Self.credential, at: SigningTime(epochSeconds: 0))
    }
  }

  @Test(arguments: ["", "A B", "A\n", "A/B", "A,B", "Ä"])
  func `an access key id that would break its header is refused`(accessKeyID: String) throws {
    var signer = try RequestSigner(region: "us-east-1")
    let credential = Credential(accessKeyID: accessKeyID, secretAccessKey: "s")
    #expect(throws: SigningError.invalidCredential) {
      try signer.sign(
        method: "GET", target: "/".utf8.span, host: "h", body: "".utf8.span,
        credential: credential, at: SigningTime(epochSeconds: 0))
    }
  }

  @Test func `a presigned target's own query is written anew`() throws {
    var signer = try RequestSigner(region: "us-east-1")
    let url = try signer.presign(
      method: "GET", origin: "https://h", target: "/p?b&a=%2f%4&c=$&c=%41+%zz".utf8.span,
      host: "h", expiresInSeconds: 60, credential: Self.credential,
      at: SigningTime(epochSeconds: 0))
    #expect(url.text.hasPrefix("https://h/p?b=&a=%2F%254&c=%24&c=A%2B%25zz&X-Amz-Algorithm="))
  }

  @Test(arguments: [
    ("https", "Example.COM", nil, "example.com"), ("https", "h", 443, "h"),
    ("http", "h", 80, "h"), ("http", "h", 443, "h:443"), ("https", "h", 80, "h:80"),
    ("http", "::1", 8080, "[::1]:8080"), ("http", "[::1]", 80, "[::1]"),
    ("https", "2001:DB8::1", nil, "[2001:db8::1]"),
  ])
  func `a host has one spelling`(scheme: String, host: String, port: Int?, value: String) {
    #expect(HostHeader.value(scheme: scheme, host: host, port: port) == value)
  }
}

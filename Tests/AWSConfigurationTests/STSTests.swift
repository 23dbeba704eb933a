// SPDX-License-Identifier: Apache-2.0

import AWSSigning
import Testing

@testable import AWSConfiguration

@Suite struct STSRequestTests {
  private static let role = "arn:aws:iam::123456789012:role/r"

  private func text(_ request: STSRequest) -> String {
    String(decoding: request.body, as: UTF8.self)
  }

  @Test func `a web identity's form is as AWS's client sends it`() {
    let plan = WebIdentityPlan(
      roleARN: Self.role, sessionName: nil, tokenFile: "/t",
      origin: .environment(variable: "AWS_WEB_IDENTITY_TOKEN_FILE"))
    let request = STSRequest.assumeRole(
      plan, token: Secret("head.body-_.tail=="),
      sessionName: STSRequest.sessionName(atSeconds: 1_767_323_045))
    #expect(
      self.text(request) == "Action=AssumeRoleWithWebIdentity&Version=2011-06-15"
        + "&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fr"
        + "&RoleSessionName=iot-jobs-gateway-1767323045"
        + "&WebIdentityToken=head.body-_.tail%3D%3D")
    #expect(!request.isSigned)
    var dumped = "\(request)"
    dump(request, to: &dumped)
    #expect(!dumped.contains("tail"))
  }

  @Test func `a role's form has what its profile says`() {
    let plan = AssumeRolePlan(
      profile: "p", roleARN: Self.role, sessionName: "a b+c=d,@\u{1}é", externalID: "x:/y~",
      durationSeconds: 900, source: .environment(Credential(accessKeyID: "A", secretAccessKey: "s"))
    )
    let request = STSRequest.assumeRole(plan, sessionName: "unused")
    #expect(
      self.text(request) == "Action=AssumeRole&Version=2011-06-15"
        + "&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fr"
        + "&RoleSessionName=a+b%2Bc%3Dd%2C%40%01%C3%A9&DurationSeconds=900"
        + "&ExternalId=x%3A%2Fy~")
    #expect(request.isSigned)
  }

  @Test func `the session's name that is made is one that STS takes`() {
    for seconds in [0, 1_767_323_045, Int64.max, Int64.min] {
      let name = STSRequest.sessionName(atSeconds: seconds)
      #expect(2...64 ~= name.utf8.count && name.utf8.allSatisfy(STSLimits.isSessionNameByte))
    }
  }

  @Test func `a token's file holds 4 to 20000 characters on one line`() {
    #expect(STSRequest.token(fileText: "abcd\n")?.text == "abcd")
    #expect(STSRequest.token(fileText: "abc") == nil)
    #expect(STSRequest.token(fileText: String(repeating: "a", count: 20_000)) != nil)
    #expect(STSRequest.token(fileText: String(repeating: "a", count: 20_001)) == nil)
    #expect(STSRequest.token(fileText: "abcd\nefgh") == nil)
  }
}

@Suite struct STSAnswerTests {
  static let answer = """
    <?xml version="1.0" encoding="UTF-8"?>
    <AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
      <AssumeRoleWithWebIdentityResult>
        <Credentials>
          <AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>SECRET&amp;+/</SecretAccessKey>
          <SessionToken>
            TOKEN==
          </SessionToken><Expiration>2026-01-02T04:04:05Z</Expiration>
        </Credentials>
        <SubjectFromWebIdentityToken>system:serviceaccount:ns:sa</SubjectFromWebIdentityToken>
        <AssumedRoleUser><Arn>arn</Arn><AssumedRoleId>id</AssumedRoleId></AssumedRoleUser>
      </AssumeRoleWithWebIdentityResult>
      <ResponseMetadata><RequestId>request</RequestId></ResponseMetadata>
    </AssumeRoleWithWebIdentityResponse>

    """
  static let credential = Credential(
    accessKeyID: "ASIA", secretAccessKey: "SECRET&+/", sessionToken: "TOKEN==",
    expiresAtSeconds: 1_767_326_645)

  private func read(_ text: String) throws(CredentialAnswerError) -> Credential {
    try STSAnswer.credential(Array(text.utf8))
  }

  @Test func `credentials are read from either answer`() throws {
    #expect(try self.read(Self.answer) == Self.credential)
    let signed = Self.answer.replacing("WithWebIdentity", with: "")
    #expect(try self.read(signed) == Self.credential)
  }

  @Test(arguments: ["AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration", "Credentials"])
  func `a member that is missing or empty is named`(member: String) {
    #expect(throws: CredentialAnswerError.missing(member: member)) {
      try self.read(Self.answer.replacing("\(member)>", with: "Other>"))
    }
    guard member != "Credentials" else { return }
    let parts = Self.answer.split(separator: "<\(member)>", maxSplits: 1)
    let rest = parts[1].drop { $0 != "<" }
    for empty in ["<\(member)>\(rest)", "<\(member)> \n\(rest)"] {
      #expect(throws: CredentialAnswerError.missing(member: member)) {
        try self.read("\(parts[0])\(empty)")
      }
    }
  }

  @Test func `a value that no header takes is refused`() {
    for value in ["SEC RET", "SECRET&#10;x", "SECRETä", "SECRET<b/>\u{7f}"] {
      #expect(
        throws: CredentialAnswerError.invalid(
          member: "SecretAccessKey", rule: "printable ASCII without white space")
      ) { try self.read(Self.answer.replacing("SECRET&amp;+/", with: value)) }
    }
    #expect(throws: CredentialAnswerError.self) {
      try self.read(Self.answer.replacing("2026-01-02T04:04:05Z", with: "soon"))
    }
  }

  @Test func `every cut is refused, and every changed byte is read or refused`() {
    let bytes = Array(Self.answer.utf8)
    for position in bytes.indices {
      let cut = Array(bytes[..<position])
      if String(decoding: bytes[position...], as: UTF8.self) != "\n" {
        #expect(throws: CredentialAnswerError.self) { try STSAnswer.credential(cut) }
      }
      for byte in Array("<>/&;\"'=!?- #x".utf8) + [0, 0x80, 0xff] {
        var changed = bytes
        changed[position] = byte
        do throws(CredentialAnswerError) {
          _ = try STSAnswer.credential(changed)
        } catch {
          #expect(!"\(error)".contains("SECRET") && !"\(error)".contains("TOKEN"))
        }
      }
    }
  }

  @Test func `an answer has a limit`() throws {
    let bytes = Array(Self.answer.utf8)
    _ = try STSAnswer.credential(bytes, limit: bytes.count)
    #expect(throws: CredentialAnswerError.tooLong(limitBytes: bytes.count - 1)) {
      try STSAnswer.credential(bytes, limit: bytes.count - 1)
    }
  }
}

@Suite struct STSRefusalTests {
  private static func body(_ code: String, _ message: String = "why") -> [UInt8] {
    let text = """
      <ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
        <Error><Type>Sender</Type><Code>\(code)</Code><Message>\(message)</Message></Error>
        <RequestId>the-request</RequestId>
      </ErrorResponse>
      """
    return Array(text.utf8)
  }

  @Test func `a refusal is read`() {
    let refusal = STSRefusal(Self.body("AccessDenied", "not &quot;you&quot;\n"), httpStatus: 403)
    #expect(refusal.code == "AccessDenied" && refusal.message == "not \"you\"")
    #expect(refusal.httpStatus == 403 && refusal.requestID == "the-request")
    #expect("\(refusal)" == "STS answered 403 AccessDenied: not \"you\"")
  }

  @Test(arguments: ["", "{}", "<html>busy", "\u{0}", "<a/>", "<ErrorResponse></ErrorResponse>"])
  func `what cannot be read is a refusal by its status`(body: String) {
    let refusal = STSRefusal(Array(body.utf8), httpStatus: 503)
    #expect(refusal.code == "503" && refusal.message == "" && refusal.requestID == nil)
    #expect(refusal.remedy == .repeatLater)
    #expect("\(refusal)" == "STS answered 503 503")
  }

  @Test func `words of a peer are cut and kept on one line`() {
    let refusal = STSRefusal(
      Self.body(String(repeating: "c", count: 99), String(repeating: "m\n", count: 999)),
      httpStatus: 400)
    #expect(refusal.code.count == 64 && refusal.message.count == 200)
    #expect(!refusal.description.contains("\n"))
  }

  @Test(arguments: [
    ("IDPCommunicationError", 400, STSRefusal.Remedy.repeatLater),
    ("InvalidIdentityToken", 400, .readTokenAgain), ("ExpiredTokenException", 400, .readTokenAgain),
    ("IDPRejectedClaim", 403, .none), ("MalformedPolicyDocument", 400, .none),
    ("PackedPolicyTooLarge", 400, .none), ("RegionDisabledException", 403, .none),
    ("AccessDenied", 403, .none), ("Throttling", 400, .repeatLater),
    ("InternalFailure", 500, .repeatLater), ("ServiceUnavailable", 503, .repeatLater),
    ("Unheard", 400, .none), ("Unheard", 429, .repeatLater),
  ])
  func `a refusal says what may help`(code: String, status: Int, remedy: STSRefusal.Remedy) {
    #expect(STSRefusal(Self.body(code), httpStatus: status).remedy == remedy)
  }
}

@Suite struct XMLElementTests {
  private func parse(_ text: String) -> XMLElement? { XMLElement(parsing: Array(text.utf8)) }

  @Test(arguments: [
    ("<r><a>x</a></r>", "x"), ("<r><a> x </a></r>", "x"),
    ("<r a='>' b=\"/>\"><a c = '<'>x</a></r>", "x"),
    ("<r><a>x<b>no</b>y</a></r>", "xy"), ("<r><b/><a>x</a></r>", "x"),
    ("<r><a>&lt;&gt;&amp;&quot;&apos;</a></r>", "<>&\"'"),
    ("<r><a>&#65;&#x42;&#x1F600;</a></r>", "AB😀"),
    ("<r><a>&amp;lt;</a></r>", "&lt;"), ("<!-- <r> --><r><a>x<!-- y -->z</a></r><!-- -->", "xz"),
    ("<?xml version='1.0'?><r><a><?pi <a> ?>x</a></r>\n", "x"), ("<r><a>1</a><a>2</a></r>", "1"),
    ("<r ><a\n>x</a\n></r >", "x"), ("<r><a>é</a></r>", "é"), ("<r>\u{1}<a>x</a></r>", "x"),
  ])
  func `the text of an element is read`(text: String, content: String) throws {
    #expect(try #require(self.parse(text)).text("a") == content)
  }

  @Test(arguments: [
    "", " ", "x", "<", "<r", "<r>", "<r/", "</r>", "<r></s>", "<r></r></r>", "<r></r><s></s>",
    "<r></r>x", "x<r></r>", "<r><a></r></a>", "<r>&a;</r>", "<r>&</r>", "<r>&amp</r>", "<r>&;</r>",
    "<r>&#;</r>", "<r>&#x;</r>", "<r>&#0;</r>", "<r>&#xD800;</r>", "<r>&#x110000;</r>",
    "<r>&#+65;</r>", "<r>&#-1;</r>", "<r>&#x+41;</r>", "<r>&#99999999999;</r>", "<1></1>",
    "<-a></-a>", "< r></r>",
    "<r a='></r>", "<r a=<b>></r>", "<r/ ></r>", "<!-- <r></r>", "<?xml <r></r>",
    "<!DOCTYPE r><r></r>", "<r><![CDATA[x]]></r>", "<!ELEMENT r><r></r>",
    "<!DOCTYPE r [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><r>&b;</r>",
    "<!DOCTYPE r SYSTEM \"file:///etc/passwd\"><r></r>",
  ])
  func `what is not well formed or not needed is refused`(text: String) {
    #expect(self.parse(text) == nil)
  }

  @Test func `bytes that are no UTF-8 are refused`() {
    #expect(XMLElement(parsing: Array("<r>".utf8) + [0xff] + Array("</r>".utf8)) == nil)
  }

  @Test func `depth and number of elements have a limit`() {
    func nested(_ depth: Int) -> String {
      String(repeating: "<a>", count: depth) + String(repeating: "</a>", count: depth)
    }
    #expect(self.parse(nested(16)) != nil && self.parse(nested(17)) == nil)
    func row(_ count: Int) -> String { "<r>\(String(repeating: "<a/>", count: count))</r>" }
    #expect(self.parse(row(255)) != nil && self.parse(row(256)) == nil)
    #expect(self.parse(String(repeating: "<a>", count: 1_000_000)) == nil)
  }
}

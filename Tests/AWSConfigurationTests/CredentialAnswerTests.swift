// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import AWSSigning
import Testing

@Suite struct CredentialAnswerTests {
  static let container = #"""
    {"RoleArn": "r", "AccessKeyId": "ASIA", "SecretAccessKey": "SECRET", "Token": "TOKEN",
     "Expiration": "2026-01-02T03:04:05Z", "AccountId": "123456789012"}
    """#
  static let metadata = #"""
    {"Code": "Success", "LastUpdated": "2026-01-02T00:00:00Z", "Type": "AWS-HMAC",
     "AccessKeyId": "ASIA", "SecretAccessKey": "SECRET", "Token": "TOKEN",
     "Expiration": "2026-01-02T03:04:05Z"}
    """#
  static let process = #"""
    {"Version": 1, "AccessKeyId": "ASIA", "SecretAccessKey": "SECRET", "SessionToken": "TOKEN",
     "Expiration": "2026-01-02T03:04:05Z"}
    """#
  static let credential = Credential(
    accessKeyID: "ASIA", secretAccessKey: "SECRET", sessionToken: "TOKEN",
    expiresAtSeconds: 1_767_323_045)

  enum Reader: String, CaseIterable, Sendable {
    case container, metadata, process

    func read(_ text: String, limit: Int = 65_536) throws(CredentialAnswerError) -> Credential {
      let body = Array(text.utf8)
      return switch self {
      case .container: try CredentialAnswer.container(body, limit: limit)
      case .metadata: try CredentialAnswer.instanceMetadata(body, limit: limit)
      case .process: try CredentialAnswer.process(body, limit: limit)
      }
    }

    var sample: String {
      switch self {
      case .container: CredentialAnswerTests.container
      case .metadata: CredentialAnswerTests.metadata
      case .process: CredentialAnswerTests.process
      }
    }

    var token: String { self == .process ? "SessionToken" : "Token" }
  }

  @Test(arguments: Reader.allCases)
  func `an answer in full is read`(reader: Reader) throws {
    #expect(try reader.read(reader.sample) == Self.credential)
  }

  @Test(arguments: [
    ("2026-01-02T03:04:05Z", 1_767_323_045), ("2026-01-02T03:04:05.678Z", 1_767_323_045),
    ("2026-01-02T03:04:05+00:00", 1_767_323_045), ("2026-01-02T05:04:05+02:00", 1_767_323_045),
    ("1970-01-01T00:00:00Z", 0),
  ])
  func `an expiration is read in each form, be it past`(text: String, seconds: Int64) throws {
    for reader in Reader.allCases {
      let body = reader.sample.replacing("2026-01-02T03:04:05Z", with: text)
      #expect(try reader.read(body).expiresAtSeconds == seconds)
    }
  }

  @Test(arguments: ["soon", "1767323045", "2026-01-02", "2026-13-02T03:04:05Z"])
  func `another expiration is an error`(text: String) {
    for reader in Reader.allCases {
      let body = reader.sample.replacing("2026-01-02T03:04:05Z", with: text)
      #expect(
        throws: CredentialAnswerError.invalid(
          member: "Expiration", rule: "a time such as 2026-01-02T03:04:05Z")
      ) { try reader.read(body) }
    }
  }

  @Test(arguments: Reader.allCases, ["AccessKeyId", "SecretAccessKey", "TOKEN", "Expiration"])
  func `a member that is missing, empty or null is named`(reader: Reader, word: String) throws {
    let member = word == "TOKEN" ? reader.token : word
    let isOptional =
      reader == .process && (member == "SessionToken" || member == "Expiration")
    for body in [
      reader.sample.replacing("\"\(member)\"", with: "\"other\""),
      Self.value(of: member, in: reader.sample, to: #""""#),
      Self.value(of: member, in: reader.sample, to: "null"),
    ] {
      if isOptional {
        _ = try reader.read(body)
      } else {
        #expect(throws: CredentialAnswerError.missing(member: member)) { try reader.read(body) }
      }
    }
  }

  @Test(arguments: Reader.allCases, ["AccessKeyId", "SecretAccessKey", "TOKEN", "Expiration"])
  func `a member of another type or with odd characters is named`(
    reader: Reader, word: String
  ) throws {
    let member = word == "TOKEN" ? reader.token : word
    for value in ["1", "[]", "{}", "true"] {
      #expect(throws: CredentialAnswerError.invalid(member: member, rule: "a string")) {
        try reader.read(Self.value(of: member, in: reader.sample, to: value))
      }
    }
    for value in [#""a\r\nb: c""#, #""a b""#, #""ä""#, #""\u0000""#] {
      #expect(throws: CredentialAnswerError.self) {
        try reader.read(Self.value(of: member, in: reader.sample, to: value))
      }
    }
  }

  /// The text with the string under a member's name replaced.
  private static func value(of member: String, in text: String, to value: String) -> String {
    let parts = text.split(separator: "\"\(member)\": \"", maxSplits: 1)
    let rest = parts[1].drop { $0 != "\"" }.dropFirst()
    return "\(parts[0])\"\(member)\": \(value)\(rest)"
  }

  @Test(arguments: Reader.allCases, ["", "{", "[]", "1", "null", "\"a\"", "<html>", "{}x"])
  func `what is no object is malformed`(reader: Reader, body: String) {
    #expect(throws: CredentialAnswerError.malformed("not a JSON object")) {
      try reader.read(body)
    }
  }

  @Test(arguments: Reader.allCases)
  func `an answer has a limit`(reader: Reader) throws {
    let count = reader.sample.utf8.count
    _ = try reader.read(reader.sample, limit: count)
    #expect(throws: CredentialAnswerError.tooLong(limitBytes: count - 1)) {
      try reader.read(reader.sample, limit: count - 1)
    }
    #expect(throws: CredentialAnswerError.tooLong(limitBytes: 65_536)) {
      try reader.read(String(repeating: " ", count: 65_537))
    }
  }

  @Test(arguments: Reader.allCases)
  func `every cut of an answer is refused, and shows no secret`(reader: Reader) {
    let bytes = Array(reader.sample.utf8)
    for end in bytes.indices.dropLast() {
      do throws(CredentialAnswerError) {
        _ = try reader.read(String(decoding: bytes[..<end], as: UTF8.self))
        Issue.record("read when cut at \(end)")
      } catch {
        #expect(!"\(error)".contains("SECRET") && !"\(error)".contains("TOKEN"))
      }
    }
  }

  @Test(arguments: ["2", "\"1\"", "1.0", "null", "[1]", "true"])
  func `a process must speak version 1`(version: String) {
    let body = Self.process.replacing(#""Version": 1"#, with: #""Version": \#(version)"#)
    #expect(throws: CredentialAnswerError.self) { try Reader.process.read(body) }
  }

  @Test func `keys from a process may stay`() throws {
    let found = try Reader.process.read(
      #"{"Version": 1, "AccessKeyId": "AKIA", "SecretAccessKey": "s"}"#)
    #expect(found == Credential(accessKeyID: "AKIA", secretAccessKey: "s"))
  }

  @Test func `metadata that refuses in a 200 says why`() {
    let body = #"{"Code": "AssumeRoleUnauthorizedAccess", "Message": "no\ntrust"}"#
    #expect(
      throws: CredentialAnswerError.refused(
        code: "AssumeRoleUnauthorizedAccess", message: "no trust")
    ) { try Reader.metadata.read(body) }
    #expect(
      "\(CredentialAnswerError.refused(code: "a", message: "b"))" == "a: b")
  }

  @Test func `a container's refusal is read if it is one`() {
    func refusal(_ text: String) -> CredentialAnswerError? {
      CredentialAnswer.containerRefusal(Array(text.utf8))
    }
    #expect(
      refusal(#"{"code": "AccessDenied", "message": "m"}"#)
        == .refused(code: "AccessDenied", message: "m"))
    #expect(refusal(#"{"message": "m"}"#) == .refused(code: "no code", message: "m"))
    #expect(refusal(#"{"Code": "A", "Message": 1}"#) == .refused(code: "A", message: ""))
    #expect(refusal("{}") == nil && refusal("x") == nil && refusal("") == nil)
    let long = refusal(#"{"code": "\#(String(repeating: "c", count: 999))"}"#)
    #expect(long == .refused(code: String(repeating: "c", count: 64), message: ""))
  }
}

@Suite struct DescribeEndpointTests {
  private func read(_ text: String) throws(CredentialAnswerError) -> ServiceEndpoint {
    try DescribeEndpoint.endpoint(Array(text.utf8), signingRegion: "us-west-2")
  }

  @Test func `the account's endpoint is a bare host behind TLS`() throws {
    let found = try self.read(
      #"{"endpointAddress": "a1b2c3d4e5f6g7.jobs.iot.us-west-2.amazonaws.com"}"#)
    #expect(found.url.text == "https://a1b2c3d4e5f6g7.jobs.iot.us-west-2.amazonaws.com")
    #expect(found.signingRegion == "us-west-2" && found.signingName == "iot-jobs-data")
    #expect(found.origin == .describeEndpoint && "\(found.origin)" == "iot:DescribeEndpoint")
    #expect(try self.read(#"{"endpointAddress": "127.0.0.1:8443"}"#).url.port == 8443)
  }

  @Test(arguments: [
    "https://a.example", "a.example/x", "a.example?x", "a@b", "u:p@b", "", "a b", "a\\nb", "a_b",
    "a.example:0", "a#b",
  ])
  func `an address that is more or less than a host is refused`(address: String) {
    #expect(
      throws: CredentialAnswerError.invalid(member: "endpointAddress", rule: "the name of a host")
    ) { try self.read(#"{"endpointAddress": "\#(address)"}"#) }
  }

  @Test(arguments: ["", "[]", "{}", #"{"endpointAddress": null}"#, #"{"endpointAddress": 1}"#])
  func `an answer without an address is refused`(body: String) {
    #expect(throws: CredentialAnswerError.self) { try self.read(body) }
  }
}

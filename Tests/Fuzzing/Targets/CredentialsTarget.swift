// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import AWSSigning

/// The first byte chooses who answers, the rest is the answer.
enum CredentialsTarget {
  static func run(_ bytes: [UInt8]) throws(BrokenClaim) {
    var input = InputReader(bytes)
    let choice = input.byte()
    let body = Array(input.rest)
    switch choice % 5 {
    case 0:
      try Self.check { () throws(CredentialAnswerError) in try CredentialAnswer.container(body) }
      if let refusal = CredentialAnswer.containerRefusal(body) { try Self.check(refusal) }
    case 1:
      try Self.check { () throws(CredentialAnswerError) in
        try CredentialAnswer.instanceMetadata(body)
      }
    case 2:
      try Self.check { () throws(CredentialAnswerError) in try CredentialAnswer.process(body) }
    case 3:
      try Self.check { () throws(CredentialAnswerError) in try STSAnswer.credential(body) }
      try Self.checkOneLine(STSRefusal(body, httpStatus: 403).description)
    default:
      try Self.checkEndpoint(body)
    }
  }

  private static func checkEndpoint(_ body: [UInt8]) throws(BrokenClaim) {
    let url: HTTPURL
    do throws(CredentialAnswerError) {
      url = try DescribeEndpoint.endpoint(body, signingRegion: "us-east-1").url
    } catch {
      return try Self.check(error)
    }
    try Self.checkOneLine(url.text)
    try claim(HTTPURL(url.text) == url, "an endpoint's URL reads back")
  }

  private static func check(
    _ read: () throws(CredentialAnswerError) -> Credential
  ) throws(BrokenClaim) {
    let credential: Credential
    do {
      credential = try read()
    } catch let error {
      return try Self.check(error)
    }
    let texts = [
      credential.accessKeyID, credential.secretAccessKey.text, credential.sessionToken?.text ?? "-",
    ]
    for text in texts {
      try claim(
        !text.isEmpty && text.utf8.allSatisfy { 0x21...0x7E ~= $0 }, "a key can stand in a header")
    }
    let shown = "\(credential)\(String(reflecting: credential))"
    try claim(
      credential.secretAccessKey.text.utf8.count < 12
        || !shown.contains(credential.secretAccessKey.text), "a secret is not shown")
  }

  private static func check(_ error: CredentialAnswerError) throws(BrokenClaim) {
    try Self.checkOneLine(error.description)
  }

  private static func checkOneLine(_ text: String) throws(BrokenClaim) {
    try claim(
      !text.unicodeScalars.contains { $0.value < 0x20 || 0x7F...0x9F ~= $0.value },
      "what an operator reads is one line")
    try claim(text.utf8.count < 4_096, "what an operator reads is short")
  }
}

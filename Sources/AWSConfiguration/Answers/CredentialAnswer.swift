// SPDX-License-Identifier: Apache-2.0

package import AWSSigning
import JobsAPI

/// Reads the JSON in which containers' endpoints, the instance's metadata and processes hand out
/// credentials.
///
/// A set that is already expired is read like any other: whether it is of use is for the reader to
/// say, who has a clock.
package enum CredentialAnswer {
  /// No honest answer comes near to this.
  package static let limitBytes = 64 * 1024

  /// The answer with status 200 of ECS's and EKS's endpoint: `AccessKeyId`, `SecretAccessKey`,
  /// `Token` and `Expiration`, all needed.
  package static func container(
    _ body: [UInt8], limit: Int = limitBytes
  ) throws(CredentialAnswerError) -> Credential {
    let json = try self.object(body, limit: limit)
    return try self.credential(json, token: "Token", isTemporary: true)
  }

  /// The words of an answer of theirs with another status, for the log: `{"code", "message"}`. Nil
  /// if it has another form.
  package static func containerRefusal(
    _ body: [UInt8], limit: Int = limitBytes
  ) -> CredentialAnswerError? {
    guard let json = try? self.object(body, limit: limit) else { return nil }
    return self.refusal(json, code: ["code", "Code"], message: ["message", "Message"])
  }

  /// The answer with status 200 of an instance's metadata, which may be a refusal all the same.
  package static func instanceMetadata(
    _ body: [UInt8], limit: Int = limitBytes
  ) throws(CredentialAnswerError) -> Credential {
    let json = try self.object(body, limit: limit)
    if let code = json["Code"]?.string, code != "Success",
      let refusal = self.refusal(json, code: ["Code"], message: ["Message"])
    {
      throw refusal
    }
    return try self.credential(json, token: "Token", isTemporary: true)
  }

  /// What a `credential_process` prints: `Version` 1, `AccessKeyId`, `SecretAccessKey`, and perhaps
  /// `SessionToken` and `Expiration`; without the latter the keys stay.
  package static func process(
    _ output: [UInt8], limit: Int = limitBytes
  ) throws(CredentialAnswerError) -> Credential {
    let json = try self.object(output, limit: limit)
    guard let version = json["Version"] else { throw .missing(member: "Version") }
    guard version.kind == .integer, version.int64 == 1 else {
      throw .invalid(member: "Version", rule: "the number 1")
    }
    return try self.credential(json, token: "SessionToken", isTemporary: false)
  }

  // MARK: Members

  private static func object(
    _ body: [UInt8], limit: Int
  ) throws(CredentialAnswerError) -> JSONValue {
    guard body.count <= limit else { throw .tooLong(limitBytes: limit) }
    guard let json = try? JSONValue(parsing: body), json.isObject else {
      throw .malformed("not a JSON object")
    }
    return json
  }

  private static func credential(
    _ json: JSONValue, token: String, isTemporary: Bool
  ) throws(CredentialAnswerError) -> Credential {
    guard let accessKeyID = try self.token(json, "AccessKeyId") else {
      throw .missing(member: "AccessKeyId")
    }
    guard let secretAccessKey = try self.token(json, "SecretAccessKey") else {
      throw .missing(member: "SecretAccessKey")
    }
    let sessionToken = try self.token(json, token)
    let expiration = try self.text(json, "Expiration")
    if isTemporary, sessionToken == nil { throw .missing(member: token) }
    if isTemporary, expiration == nil { throw .missing(member: "Expiration") }
    return Credential(
      accessKeyID: accessKeyID, secretAccessKey: secretAccessKey, sessionToken: sessionToken,
      expiresAtSeconds: try expiration.map(Expiration.epochSeconds))
  }

  /// Nil if the member is absent, null or empty.
  private static func text(
    _ json: JSONValue, _ member: String
  ) throws(CredentialAnswerError) -> String? {
    guard let value = json[member] else { return nil }
    guard let text = value.string else { throw .invalid(member: member, rule: "a string") }
    return text.isEmpty ? nil : text
  }

  private static func token(
    _ json: JSONValue, _ member: String
  ) throws(CredentialAnswerError) -> String? {
    guard let text = try self.text(json, member) else { return nil }
    guard PeerText.isToken(text) else {
      throw .invalid(member: member, rule: "printable ASCII without white space")
    }
    return text
  }

  private static func refusal(
    _ json: JSONValue, code: [String], message: [String]
  ) -> CredentialAnswerError? {
    let code = code.compactMap { json[$0]?.string }.first
    let message = message.compactMap { json[$0]?.string }.first
    guard code != nil || message != nil else { return nil }
    return .refused(
      code: PeerText.clean(code ?? "no code", limit: 64), message: PeerText.clean(message ?? ""))
  }
}

/// When a set of credentials ends, in any of the forms of ISO 8601 that AWS's services use.
enum Expiration {
  static func epochSeconds(_ text: String) throws(CredentialAnswerError) -> Int64 {
    guard let seconds = CivilTime.epochSeconds(iso8601: text) else {
      throw .invalid(member: "Expiration", rule: "a time such as 2026-01-02T03:04:05Z")
    }
    return seconds
  }
}

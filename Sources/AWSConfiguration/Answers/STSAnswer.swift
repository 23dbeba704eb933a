// SPDX-License-Identifier: Apache-2.0

package import AWSSigning

/// Reads the XML in which AWS STS answers.
package enum STSAnswer {
  /// The credentials in an answer with status 200, to either call. All their members are needed.
  package static func credential(
    _ body: [UInt8], limit: Int = CredentialAnswer.limitBytes
  ) throws(CredentialAnswerError) -> Credential {
    guard body.count <= limit else { throw .tooLong(limitBytes: limit) }
    guard let root = XMLElement(parsing: body) else { throw .malformed("not XML as STS writes it") }
    let result = root["AssumeRoleWithWebIdentityResult"] ?? root["AssumeRoleResult"]
    guard let found = result?["Credentials"] else { throw .missing(member: "Credentials") }
    return Credential(
      accessKeyID: try self.token(found, "AccessKeyId"),
      secretAccessKey: try self.token(found, "SecretAccessKey"),
      sessionToken: try self.token(found, "SessionToken"),
      expiresAtSeconds: try Expiration.epochSeconds(try self.text(found, "Expiration")))
  }

  private static func text(
    _ element: XMLElement, _ member: String
  ) throws(CredentialAnswerError) -> String {
    guard let text = element.text(member) else { throw .missing(member: member) }
    return text
  }

  private static func token(
    _ element: XMLElement, _ member: String
  ) throws(CredentialAnswerError) -> String {
    let text = try self.text(element, member)
    guard PeerText.isToken(text) else {
      throw .invalid(member: member, rule: "printable ASCII without white space")
    }
    return text
  }
}

/// An answer of STS with another status than 200.
package struct STSRefusal: Error, Equatable, Sendable {
  /// What asking again may do.
  package enum Remedy: Equatable, Sendable {
    /// It may pass by itself: ask again after a pause.
    case repeatLater
    /// The token was exchanged meanwhile: read its file again, once.
    case readTokenAgain
    /// Somebody must change something. Ask again all the same, slowly: policies take time to spread.
    case none
  }

  /// The error's name, or the HTTP status in digits if there is none.
  package let code: String
  /// STS's words, on one line and cut to size.
  package let message: String
  package let httpStatus: Int
  package let requestID: String?

  /// Never fails: what cannot be read is a refusal by its status.
  package init(_ body: [UInt8], httpStatus: Int, limit: Int = CredentialAnswer.limitBytes) {
    let root = body.count <= limit ? XMLElement(parsing: body) : nil
    let error = root?["Error"]
    self.code = error?.text("Code").map { PeerText.clean($0, limit: 64) } ?? String(httpStatus)
    self.message = error?.text("Message").map { PeerText.clean($0) } ?? ""
    self.httpStatus = httpStatus
    self.requestID = root?.text("RequestId").map { PeerText.clean($0, limit: 64) }
  }

  package var remedy: Remedy {
    switch self.code {
    case "InvalidIdentityToken", "ExpiredTokenException": .readTokenAgain
    case "IDPCommunicationError", "Throttling", "ThrottlingException", "RequestThrottled",
      "RequestLimitExceeded", "TooManyRequestsException":
      .repeatLater
    default: self.httpStatus >= 500 || self.httpStatus == 429 ? .repeatLater : .none
    }
  }
}

extension STSRefusal: CustomStringConvertible {
  package var description: String {
    let words = self.message.isEmpty ? "" : ": \(self.message)"
    return "STS answered \(self.httpStatus) \(self.code)\(words)"
  }
}

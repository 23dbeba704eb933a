// SPDX-License-Identifier: Apache-2.0

import AWSSigning

extension Profile {
  /// Where the first of some keys stands that is there.
  func origin(ofAny keys: [String]) -> SettingOrigin? {
    for key in keys {
      if let found = self.sourced(key) { return found.origin }
    }
    return nil
  }

  /// True if either half of a pair of keys is in either file.
  var hasKeys: Bool { self.origin(ofAny: ["aws_access_key_id", "aws_secret_access_key"]) != nil }

  /// The keys that stand in one of the two files. Half a pair is an error, as in the environment;
  /// botocore passes over a secret without an id.
  func keys(
    in values: [String: ProfileValue]
  ) throws(AWSConfigurationError) -> (Credential, FilePlace)? {
    let accessKeyID = self.sourced("aws_access_key_id", in: values)
    let secret = self.sourced("aws_secret_access_key", in: values)
    guard let accessKeyID else {
      guard let secret else { return nil }
      throw .incomplete(secret.origin, missing: "aws_access_key_id")
    }
    guard let secret else {
      throw .incomplete(accessKeyID.origin, missing: "aws_secret_access_key")
    }
    let token =
      self.sourced("aws_session_token", in: values)
      ?? self.sourced("aws_security_token", in: values)
    for value in [accessKeyID, secret, token].compactMap({ $0 }) {
      guard PeerText.isToken(value.value) else {
        throw .invalid(value.origin, rule: "printable ASCII without white space")
      }
    }
    guard let place = values["aws_access_key_id"]?.place else { return nil }
    let credential = Credential(
      accessKeyID: accessKeyID.value, secretAccessKey: secret.value, sessionToken: token?.value)
    return (credential, place)
  }

  /// `role_session_name`, checked.
  func sessionName() throws(AWSConfigurationError) -> String? {
    try self.sourced("role_session_name").map(STSLimits.sessionName)
  }
}

/// What STS takes. Source: STS API, AssumeRole and AssumeRoleWithWebIdentity.
enum STSLimits {
  static func roleARN(_ text: Sourced<String>) throws(AWSConfigurationError) -> String {
    guard 20...2048 ~= text.value.utf8.count, text.value.hasPrefix("arn:"),
      PeerText.isToken(text.value)
    else {
      throw .invalid(
        text.origin, rule: "a role's ARN such as arn:aws:iam::123456789012:role/name")
    }
    return text.value
  }

  static func sessionName(_ text: Sourced<String>) throws(AWSConfigurationError) -> String {
    guard 2...64 ~= text.value.utf8.count, text.value.utf8.allSatisfy(self.isSessionNameByte)
    else {
      throw .invalid(text.origin, rule: "2 to 64 letters, digits and any of _+=,.@-")
    }
    return text.value
  }

  static func externalID(_ text: Sourced<String>) throws(AWSConfigurationError) -> String {
    guard 2...1224 ~= text.value.utf8.count,
      text.value.utf8.allSatisfy({
        self.isSessionNameByte($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "/")
      })
    else {
      throw .invalid(text.origin, rule: "2 to 1224 letters, digits and any of _+=,.@:/-")
    }
    return text.value
  }

  /// What is no whole number counts as not set, as AWS's clients have it.
  static func duration(_ text: Sourced<String>) throws(AWSConfigurationError) -> Int? {
    guard let seconds = Int(text.value) else { return nil }
    guard 900...43_200 ~= seconds else {
      throw .invalid(text.origin, rule: "from 900 to 43200 seconds")
    }
    return seconds
  }

  static func isSessionNameByte(_ byte: UInt8) -> Bool {
    AWSRegion.isLabelByte(byte)
      || [UInt8]("_+=,.@".utf8).contains(byte)
  }
}

// SPDX-License-Identifier: Apache-2.0

/// What AWS's environment variables and shared files say about where to call and whom to be.
///
/// This room knows names, forms and precedence. It refuses to know files, sockets, clocks and
/// chance: the bytes of files, the environment and the time are arguments, so every rule in it is
/// tested by a table.

/// Why a setting cannot be used: the operator's doing.
///
/// The texts name variables, files, lines, keys and profiles. They hold no other value, for any may
/// be a secret that was pasted into the wrong place.
package enum AWSConfigurationError: Error, Equatable, Sendable {
  /// A shared file is longer than the limit.
  case fileTooLong(file: String, limitBytes: Int)
  /// A shared file cannot be read as lines of keys and values.
  case malformedFile(FilePlace, FileProblem)
  /// The environment names a profile that no file has.
  case profileNotFound(name: String, namedBy: SettingOrigin, files: [String])
  /// A setting is there and cannot be used. The rule says what is allowed.
  case invalid(SettingOrigin, rule: String)
  /// A setting is there and needs another one that is not.
  case incomplete(SettingOrigin, missing: String)
  /// No source names the region.
  case missingRegion
  /// FIPS is asked for, and a host is given that says nothing of it.
  case fipsWithCustomEndpoint(fips: SettingOrigin, endpoint: SettingOrigin)
  /// A way to get credentials that needs a human, or that this program does not speak.
  case unsupported(SettingOrigin, why: String)
  /// Profiles name each other as their source in a circle.
  case profileCycle(SettingOrigin)
  /// What a setting refers to has no credentials.
  case noCredentials(SettingOrigin, what: String)
}

/// What is wrong with a line of a shared file.
package enum FileProblem: Equatable, Sendable {
  case notUTF8
  case controlByte
  case unclosedHeading
  case textAfterHeading
  case keyOutsideSection
  case noEqualsSign
  case emptyKey
  /// The line on which the same stood before.
  case duplicateSection(firstLine: Int)
  case duplicateKey(firstLine: Int)
}

extension AWSConfigurationError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .fileTooLong(let file, let limitBytes):
      "\(file) is longer than \(limitBytes) bytes"
    case .malformedFile(let place, let problem):
      "\(place): \(problem)"
    case .profileNotFound(let name, let namedBy, let files):
      "\(namedBy) names the profile \(PeerText.clean(name)), which is not in "
        + (files.isEmpty ? "any file" : files.joined(separator: " or "))
    case .invalid(let origin, let rule):
      "\(origin) must be \(rule)"
    case .incomplete(let origin, let missing):
      "\(origin) is set, but \(missing) is not"
    case .missingRegion:
      "no region: set AWS_REGION, or region in the profile"
    case .fipsWithCustomEndpoint(let fips, let endpoint):
      "\(fips) asks for FIPS, but \(endpoint) gives a host that is not named as a FIPS one; "
        + "unset one of them"
    case .unsupported(let origin, let why):
      "\(origin): \(why)"
    case .profileCycle(let origin):
      "\(origin) leads back to a profile that it came from"
    case .noCredentials(let origin, let what):
      "\(origin): \(what)"
    }
  }
}

extension FileProblem: CustomStringConvertible {
  package var description: String {
    switch self {
    case .notUTF8: "the text is not UTF-8"
    case .controlByte: "the line holds a control character"
    case .unclosedHeading: "the section's heading has no closing bracket"
    case .textAfterHeading: "there is text behind the section's heading"
    case .keyOutsideSection: "there is no section's heading above the line"
    case .noEqualsSign: "the line is not of the form key = value"
    case .emptyKey: "there is no key before the equals sign"
    case .duplicateSection(let firstLine):
      "the section is already on line \(firstLine)"
    case .duplicateKey(let firstLine):
      "the section already has the key on line \(firstLine)"
    }
  }
}

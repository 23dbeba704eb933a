// SPDX-License-Identifier: Apache-2.0

/// Why an answer holds no credentials: the answering side's doing.
///
/// The texts hold members' names, and of the answer itself no more than the code and message of a
/// refusal, on one line and cut to size.
package enum CredentialAnswerError: Error, Equatable, Sendable {
  case tooLong(limitBytes: Int)
  /// Not JSON, or not XML, or not of the form that was promised.
  case malformed(String)
  /// A member that must be there is not.
  case missing(member: String)
  /// A member is there and cannot be used. The rule says what is allowed.
  case invalid(member: String, rule: String)
  /// The answer says that there are none, and why.
  case refused(code: String, message: String)
}

extension CredentialAnswerError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .tooLong(let limitBytes): "the answer is longer than \(limitBytes) bytes"
    case .malformed(let what): "the answer is \(what)"
    case .missing(let member): "the answer has no \(member)"
    case .invalid(let member, let rule): "\(member) in the answer is not \(rule)"
    case .refused(let code, let message): message.isEmpty ? code : "\(code): \(message)"
    }
  }
}

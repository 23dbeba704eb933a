// SPDX-License-Identifier: Apache-2.0

/// What is wrong with a rule or with a line of the token file, for whoever wrote it. A token is
/// never repeated.
package enum AuthorizationFault: Error, Equatable, Sendable {
  /// A pattern or word that cannot be read.
  case unreadable(text: String, rule: String)
  /// A list that must not be empty, or not so long.
  case listLength(name: String, limit: Int)
  /// A thing pattern uses a variable that an identity of its rule does not have.
  case unboundVariable(name: String, thing: String, identity: String)
  /// A line of the token file, counted from one.
  case token(line: Int, rule: String)
}

extension AuthorizationFault: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unreadable(let text, let rule): "\"\(text)\": \(rule)"
    case .listLength(let name, let limit): "\(name) must have 1 to \(limit) entries"
    case .unboundVariable(let name, let thing, let identity):
      "\"\(thing)\": {\(name)} is no part of the identity \"\(identity)\""
    case .token(let line, let rule): "line \(line): \(rule)"
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

/// A rule: callers with one of these identities may call these operations for these things.
package struct AuthorizationRule: Equatable, Sendable {
  /// Entries of each of its lists.
  package static let listLimit = 256

  /// What the audit log calls it.
  package let name: String
  let identities: [IdentityPattern]
  private let operations: OperationSet
  private let things: [ThingPattern]

  /// - Throws: When a list is empty or too long, or a thing pattern names a variable that one of the
  ///   identities does not have.
  package init(
    name: String, identities: [IdentityPattern], operations: OperationSet, things: [ThingPattern]
  ) throws(AuthorizationFault) {
    for (list, count) in [("identities", identities.count), ("things", things.count)] {
      guard (1...Self.listLimit).contains(count) else {
        throw .listLength(name: list, limit: Self.listLimit)
      }
    }
    for thing in things {
      for variable in thing.variables {
        if let without = identities.first(where: { !$0.variables.contains(variable) }) {
          throw .unboundVariable(name: variable, thing: thing.text, identity: without.text)
        }
      }
    }
    self.name = name
    self.identities = identities
    self.operations = operations
    self.things = things
  }

  /// What the rule allows whoever has this name: one grant for each of its identities that match.
  func grants(for name: CallerIdentity.Name, _ pieces: NamePieces) -> [Grants.Grant] {
    self.identities.compactMap { pattern in
      guard let values = pattern.match(pieces) else { return nil }
      // Variables stand in a pattern once, so no two keys are equal.
      let named = Dictionary(
        zip(pattern.variables, values), uniquingKeysWith: { first, _ in first })
      return Grants.Grant(
        rule: self.name, name: name, operations: self.operations,
        things: self.things.compactMap { $0.matcher(named) })
    }
  }
}

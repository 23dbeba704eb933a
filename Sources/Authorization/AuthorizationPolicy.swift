// SPDX-License-Identifier: Apache-2.0

package import JobsAPI

/// Who may call what, for which thing. What no rule allows is denied.
package struct AuthorizationPolicy: Equatable, Sendable {
  package static let ruleLimit = 1_000

  private let rules: [AuthorizationRule]

  /// Denies everything.
  package init() {
    self.rules = []
  }

  package init(rules: [AuthorizationRule]) throws(AuthorizationFault) {
    guard rules.count <= Self.ruleLimit else {
      throw .listLength(name: "rules", limit: Self.ruleLimit)
    }
    self.rules = rules
  }

  package var ruleCount: Int { self.rules.count }

  /// The kinds of names that the rules speak of.
  package var kinds: Set<CallerIdentity.Kind> {
    Set(self.rules.flatMap { $0.identities.map(\.kind) })
  }

  /// All that the rules allow one caller, its variables filled in. A connection asks once and keeps
  /// it.
  package func grants(for identity: CallerIdentity) -> Grants {
    let names = identity.names.map { ($0, NamePieces($0)) }
    return Grants(
      identity: identity,
      grants: self.rules.flatMap { rule in names.flatMap { rule.grants(for: $0, $1) } })
  }
}

/// What one caller may do.
package struct Grants: Equatable, Sendable {
  struct Grant: Equatable, Sendable {
    var rule: String
    /// The one of the caller's names that the rule is for.
    var name: CallerIdentity.Name
    var operations: OperationSet
    var things: [ThingMatcher]
  }

  package let identity: CallerIdentity
  private let grants: [Grant]

  init(identity: CallerIdentity, grants: [Grant]) {
    self.identity = identity
    self.grants = grants
  }

  /// The first grant that allows the call decides.
  package func decision(on operation: JobsOperation, thingName: String) -> AuthorizationDecision {
    guard self.identity.isKnown else { return .unauthenticated }
    let operation = OperationSet(operation)
    let thingName = thingName.utf8.span
    for grant in self.grants where grant.operations.contains(operation) {
      for thing in grant.things where thing.matches(thingName) {
        return .allowed(rule: grant.rule, name: grant.name)
      }
    }
    return .denied
  }
}

/// What a policy says of one call.
package enum AuthorizationDecision: Equatable, Sendable {
  /// The rule that allows it, and the caller's name that the rule is for.
  case allowed(rule: String, name: CallerIdentity.Name)
  /// The caller is known, and no rule allows it this.
  case denied
  /// Nobody knows the caller, or it showed a token that is none.
  case unauthenticated

  package var isAllowed: Bool {
    if case .allowed = self { true } else { false }
  }

  /// As metrics and the audit log call it.
  package var word: String {
    switch self {
    case .allowed: "allowed"
    case .denied: "denied"
    case .unauthenticated: "unauthenticated"
    }
  }
}

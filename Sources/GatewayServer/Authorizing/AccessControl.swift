// SPDX-License-Identifier: Apache-2.0

package import Authorization
package import CryptoEngine
import Synchronization
package import Telemetry

/// Whether a policy is enforced or only watched.
package enum AuthorizationMode: String, CaseIterable, Sendable {
  /// What the policy does not allow is refused.
  case enforce
  /// What it does not allow is counted and logged, and goes on.
  case shadow
}

/// The policy and the tokens in force, for all connections of the process. Both may be replaced
/// while calls run: each call is judged by what is in force when it is asked about.
package final class AccessControl: Sendable {
  /// Tokens, and what it takes to recognise one.
  private struct Tokens: ~Copyable {
    var table: TokenTable
    var hasher: SHA256Hasher
  }

  let mode: AuthorizationMode
  let audit: AuditLog?
  private let policy: Mutex<AuthorizationPolicy?>
  /// Without a token file, `authorization` metadata means nothing here.
  private let takesTokens: Bool
  private let tokens: Mutex<Tokens>
  /// One more for each replacement, so that connections know when what they hold is old.
  private let edition = Atomic<UInt64>(0)
  private let allowed: Counter
  private let denied: Counter
  private let unauthenticated: Counter

  /// - Parameters:
  ///   - policy: nil when everything is allowed, and only the audit log wants to know who calls.
  ///   - tokens: nil when none are taken, now or later.
  ///   - audit: nil for no lines.
  /// - Throws: When SHA-256 cannot be had.
  package init(
    policy: AuthorizationPolicy?, tokens: TokenTable? = nil, mode: AuthorizationMode = .enforce,
    audit: AuditLog?, registry: MetricsRegistry
  ) throws(CryptoError) {
    self.policy = Mutex(policy)
    self.takesTokens = tokens != nil
    self.tokens = Mutex(Tokens(table: tokens ?? TokenTable(), hasher: try SHA256Hasher()))
    self.mode = mode
    self.audit = audit
    let total = registry.family(
      Counter.self, "iot_jobs_gateway_authorization_total",
      help: "Calls by what the policy says of them.", labels: ["decision", "mode"])
    self.allowed = total.child("allowed", mode.rawValue)
    self.denied = total.child("denied", mode.rawValue)
    self.unauthenticated = total.child("unauthenticated", mode.rawValue)
  }

  /// Puts another policy in force, for calls on connections that are open as well.
  package func replace(policy: AuthorizationPolicy) {
    self.policy.withLock { $0 = policy }
    self.edition.wrappingAdd(1, ordering: .releasing)
  }

  /// Puts other tokens in force. Those that are gone are refused from the next call on.
  package func replace(tokens: TokenTable) {
    self.tokens.withLock { $0.table = tokens }
    self.edition.wrappingAdd(1, ordering: .releasing)
  }

  /// The edition of what is in force. It is asked for before what it stands for, so that what is
  /// held under it is never older.
  var currentEdition: UInt64 { self.edition.load(ordering: .acquiring) }

  /// Nil when there is no policy.
  func grants(for identity: CallerIdentity) -> Grants? {
    let policy = self.policy.withLock { $0 }
    return policy?.grants(for: identity)
  }

  /// Whom the `authorization` metadata names.
  enum OnMetadata: Equatable {
    /// Nobody: there is none, or it is not for this gateway.
    case nobody
    case token(name: String)
    /// It is for this gateway, and is none of its tokens.
    case refuse
  }

  func read(_ metadata: AuthorizationMetadata) -> OnMetadata {
    guard self.takesTokens else { return .nobody }
    switch metadata {
    case .none: return .nobody
    case .several: return .refuse
    case .value(let value):
      switch BearerToken.read(value) {
      case .otherScheme: return .nobody
      case .malformed: return .refuse
      case .token(let token):
        return self.name(of: token).map { .token(name: $0) } ?? .refuse
      }
    }
  }

  private func name(of token: ArraySlice<UInt8>) -> String? {
    let (table, digest) = self.tokens.withLock { ($0.table, try? $0.hasher.hash(token.span)) }
    // A digest that cannot be had recognises nobody. To look through the table takes longer than
    // other event loops should wait.
    return digest.flatMap { table.name(of: TokenDigest($0.bytes)) }
  }

  func count(_ decision: AuthorizationDecision) {
    switch decision {
    case .allowed: self.allowed.increment()
    case .denied: self.denied.increment()
    case .unauthenticated: self.unauthenticated.increment()
    }
  }
}

/// The `authorization` metadata of one call.
enum AuthorizationMetadata {
  case none
  case value(ArraySlice<UInt8>)
  /// Several of them: whichever were taken, somebody on the way may have meant another.
  case several
}

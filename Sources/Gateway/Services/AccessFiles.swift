// SPDX-License-Identifier: Apache-2.0

import Authorization
import CryptoEngine
import GatewayServer
import Logging
import Telemetry

/// Puts the policy and the tokens in force that stand in files, now and whenever the files change.
enum AccessFiles {
  /// - Returns: Nil when nobody asks who calls.
  /// - Throws: ``FileRefusal`` for a file that cannot be used, with its line; `CryptoError`.
  static func accessControl(
    _ configuration: AccessConfiguration, watched: inout WatchList, registry: MetricsRegistry,
    logger: Logger
  ) throws -> AccessControl? {
    guard configuration.policyPath != nil || configuration.isAudited else { return nil }
    // Until the files are read, which is at once, nothing is allowed and nobody is known.
    let control = try AccessControl(
      policy: configuration.policyPath.map { _ in AuthorizationPolicy() },
      tokens: configuration.tokenPath.map { _ in TokenTable() }, mode: configuration.mode,
      audit: configuration.isAudited ? AuditLog(logger) : nil, registry: registry)
    if let path = configuration.policyPath {
      let kinds = configuration.callerKinds
      try watched.add(Self.policy(path, of: control, callerKinds: kinds, logger))
      logger.notice(
        "authorization policy in force",
        metadata: [LogKey.mode: "\(configuration.mode)", LogKey.source: "\(path)"])
    }
    if let path = configuration.tokenPath { try watched.add(Self.tokens(path, of: control)) }
    return control
  }

  private static func policy(
    _ path: String, of control: AccessControl, callerKinds: Set<CallerIdentity.Kind>,
    _ logger: Logger
  ) -> WatchedFiles {
    WatchedFiles("policy", paths: [path], limitBytes: PolicyFile.byteLimit) {
      (contents: [[UInt8]]) throws(FileRefusal) in
      do throws(PolicyFile.Fault) {
        let policy = try PolicyFile.policy(of: contents[0])
        control.replace(policy: policy)
        // A policy may serve several gateways, so it is no fault; but a surprise it may well be.
        for kind in policy.kinds.subtracting(callerKinds).map(\.rawValue).sorted() {
          logger.warning(
            "the policy speaks of callers that cannot be known here",
            metadata: [LogKey.kind: "\(kind)", LogKey.source: "\(path)"])
        }
      } catch {
        throw FileRefusal(path: path, reason: error.description)
      }
    }
  }

  private static func tokens(_ path: String, of control: AccessControl) -> WatchedFiles {
    WatchedFiles("tokens", paths: [path]) { (contents: [[UInt8]]) throws(FileRefusal) in
      do throws(AuthorizationFault) {
        control.replace(tokens: try Self.table(of: contents[0]))
      } catch {
        throw FileRefusal(path: path, reason: error.description)
      }
    }
  }

  /// Nothing of a token is kept but its SHA-256.
  static func table(of text: [UInt8]) throws(AuthorizationFault) -> TokenTable {
    try TokenTable(parsing: text) { token in
      do throws(CryptoError) {
        var hasher = try SHA256Hasher()
        return TokenDigest(try hasher.hash(token.span).bytes)
      } catch {
        return nil
      }
    }
  }
}

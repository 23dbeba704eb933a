// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import AWSSigning
package import Logging
import Telemetry

/// What an operator is told of the credentials: that they are there, and when that changes. A
/// failure that goes on is told once, unless its words change.
package struct CredentialLog: Sendable {
  private let logger: Logger

  package init(_ logger: Logger) {
    self.logger = logger
  }

  /// - Parameters:
  ///   - credential: as it is handed out.
  ///   - before: what was held before.
  func found(
    _ found: FoundCredential, _ credential: Credential, before: Credential?, hadFailed: Bool
  ) {
    if let before, before.isSameSet(as: credential), !hadFailed {
      return self.logger.debug("credentials are still the same", metadata: Self.metadata(found))
    }
    var metadata = Self.metadata(found)
    metadata[LogKey.expires] = credential.expiresAtSeconds.map {
      .string(SigningTime(epochSeconds: $0).text)
    }
    self.logger.log(
      level: before == nil || hadFailed ? .notice : .info,
      before == nil ? "credentials found" : "credentials renewed", metadata: metadata)
    if before == nil, !found.hidden.isEmpty {
      let hidden = found.hidden.map(\.name).joined(separator: ", ")
      self.logger.warning(
        "other credentials are configured and not used",
        metadata: [LogKey.source: "\(found.kind.name)", LogKey.hidden: "\(hidden)"])
    }
  }

  func failed(_ status: CredentialStatus, before: CredentialError?, atSeconds now: Int64) {
    let reason = status.failure ?? ""
    let isNew = before.map { "\($0)" } != status.failure
    self.logger.log(
      level: isNew ? .warning : .debug,
      status.isGood(atSeconds: now)
        ? "credentials could not be renewed, those at hand stay in use" : "no AWS credentials",
      metadata: [LogKey.reason: "\(reason)"])
  }

  func rejected(_ credential: Credential) {
    self.logger.warning(
      "AWS takes the credentials for expired, new ones are asked for",
      metadata: [LogKey.credential: "\(credential.loggableID)"])
  }

  private static func metadata(_ found: FoundCredential) -> Logger.Metadata {
    [
      LogKey.source: "\(found.kind.name)", LogKey.origin: "\(found.origin)",
      LogKey.credential: "\(found.credential.loggableID)",
    ]
  }
}

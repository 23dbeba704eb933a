// SPDX-License-Identifier: Apache-2.0

/// One consistent set of AWS credentials. A call takes it once and keeps it across its retries.
package struct Credential: Hashable, Sendable {
  package let accessKeyID: String
  package let secretAccessKey: Secret
  /// Present with temporary credentials.
  package let sessionToken: Secret?
  /// Seconds since 1970 (UTC) after which AWS refuses the set; nil for keys that stay.
  package let expiresAtSeconds: Int64?

  package init(
    accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil,
    expiresAtSeconds: Int64? = nil
  ) {
    self.accessKeyID = accessKeyID
    self.secretAccessKey = Secret(secretAccessKey)
    self.sessionToken = sessionToken.map { Secret($0) }
    self.expiresAtSeconds = expiresAtSeconds
  }

  package func isExpired(atSeconds now: Int64) -> Bool {
    guard let expiresAtSeconds = self.expiresAtSeconds else { return false }
    return expiresAtSeconds <= now
  }

  /// What of the access key id may stand in a log: its last four characters, if it is of the
  /// length that AWS gives out.
  package var loggableID: String {
    self.accessKeyID.utf8.count >= 16 ? "…\(self.accessKeyID.suffix(4))" : "…"
  }
}

extension Credential: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String {
    let kind = self.sessionToken == nil ? "long-term" : "temporary"
    return "Credential(\(self.loggableID), \(kind))"
  }

  package var debugDescription: String { self.description }

  package var customMirror: Mirror {
    Mirror(self, children: ["accessKeyID": self.loggableID], displayStyle: .struct)
  }
}

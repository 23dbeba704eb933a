// SPDX-License-Identifier: Apache-2.0

import AWSSigning
import Synchronization

/// The session token of an instance's metadata service, kept until it ends.
final class InstanceMetadataToken: Sendable {
  private struct Held {
    var token: Secret
    var expiresAtSeconds: Int64
  }

  /// What is asked for, in seconds: the longest there is.
  static let lifeSeconds: Int64 = 21_600
  /// How long before its end it is no longer used, in seconds.
  private static let marginSeconds: Int64 = 60

  private let held = Mutex<Held?>(nil)

  func token(atSeconds now: Int64) -> Secret? {
    self.held.withLock { held in
      guard let held, now < held.expiresAtSeconds else { return nil }
      return held.token
    }
  }

  func keep(_ token: Secret, atSeconds now: Int64) {
    self.held.withLock {
      $0 = Held(
        token: token, expiresAtSeconds: now + Self.lifeSeconds - Self.marginSeconds)
    }
  }

  func drop() {
    self.held.withLock { $0 = nil }
  }
}

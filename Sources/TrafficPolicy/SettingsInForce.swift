// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The settings in force, and the one place where they are changed: two changes at a time wait for
/// each other, so that what is in force is one of them and never some of each. No call takes this
/// lock.
final class SettingsInForce: Sendable {
  private let settings: Mutex<PolicySettings>

  init(_ settings: PolicySettings) {
    self.settings = Mutex(settings)
  }

  var current: PolicySettings { self.settings.withLock { $0 } }

  /// - Parameter apply: puts what it is given in force; while it runs nobody else does.
  func change(to settings: PolicySettings, _ apply: (PolicySettings) -> Void) {
    self.settings.withLock { current in
      var settings = settings
      settings.thingLimit.maxThings = current.thingLimit.maxThings
      apply(settings)
      current = settings
    }
  }
}

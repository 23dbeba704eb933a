// SPDX-License-Identifier: Apache-2.0

/// What one watcher has been told, from its request until its stream ends.
///
///     silent ──first status──► told ──another status──► told
///
/// A watcher hears the status at once and then each change (health-checking.md of grpc/grpc). What
/// changed and changed back while it took nothing is no news to it.
package struct HealthWatch: ~Copyable {
  private var lastTold: ServingStatus?

  package init() {}

  package enum OnRoom: Equatable, Sendable {
    case tell(ServingStatus)
    case wait
  }

  /// There is room for a message.
  package mutating func roomAvailable(_ current: ServingStatus) -> OnRoom {
    guard current != self.lastTold else { return .wait }
    self.lastTold = current
    return .tell(current)
  }
}

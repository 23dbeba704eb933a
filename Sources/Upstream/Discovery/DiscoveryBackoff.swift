// SPDX-License-Identifier: Apache-2.0

/// How long to wait before the endpoint is asked for again: a second at first, twice as long each
/// time, a minute at most; at random between half of that and all of it, so that the pods of a fleet
/// that start together do not ask together.
package struct DiscoveryBackoff: Equatable, Sendable {
  private static let firstMilliseconds: Int64 = 1_000
  private static let longestMilliseconds: Int64 = 60_000

  private var ceiling = Self.firstMilliseconds

  package init() {}

  /// The wait before the next attempt.
  package mutating func next(using random: inout some RandomNumberGenerator) -> Duration {
    let wait = Int64.random(in: self.ceiling / 2...self.ceiling, using: &random)
    self.ceiling = min(self.ceiling * 2, Self.longestMilliseconds)
    return .milliseconds(wait)
  }
}

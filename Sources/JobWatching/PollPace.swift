// SPDX-License-Identifier: Apache-2.0

import JobsAPI

/// How fast polls of all things together may go: a part of the reads that the account has. When more
/// is watched than that allows, every poll comes later and nobody is refused.
///
/// Source: the generic cell rate algorithm (ITU-T I.371, Annex A), with a second's worth at once.
package struct PollPace: Equatable, Sendable {
  private static let second: Int64 = 1_000_000_000
  /// Between two polls, in nanoseconds; zero without a limit.
  private var spacing: Int64 = 0
  /// When the next poll is due if they come evenly.
  private var theoretical: Int64 = .min

  package init() {}

  /// - Parameter perSecond: polls a second; nil for as many as there are.
  package mutating func changed(perSecond: Double?) {
    guard let perSecond, perSecond > 0 else {
      self.spacing = 0
      return
    }
    // At the slowest one in a hundred seconds, so that watchers see something in the end.
    self.spacing = Int64(min(1e11, 1e9 / perSecond))
  }

  /// When the next poll may go.
  package var nextAt: Int64 {
    guard self.spacing > 0, self.theoretical > .min else { return .min }
    // With a spacing beyond a second they come one by one.
    return self.theoretical - max(0, Self.second - self.spacing)
  }

  package mutating func polled(now: Int64) {
    self.theoretical = max(self.theoretical, now).addingClamped(self.spacing)
  }
}

// SPDX-License-Identifier: Apache-2.0

import JobsAPI

/// When a thing is polled next: soon while things happen to it, more rarely the longer nothing does.
///
/// Times are nanoseconds. The random number moves each poll by up to a tenth, so that things that
/// were first watched together are not polled together for ever.
package struct PollRhythm: Equatable, Sendable {
  private let minimum: Int64
  private let maximum: Int64
  package private(set) var interval: Int64

  package init(minimum: Int64, maximum: Int64) {
    self.minimum = max(1, minimum)
    self.maximum = max(self.minimum, maximum)
    self.interval = self.minimum
  }

  /// Something happened, or is about to.
  package mutating func quicken() {
    self.interval = self.minimum
  }

  /// A poll found nothing new: half as long again.
  package mutating func slacken() {
    self.interval = min(self.maximum, self.interval.addingClamped(self.interval / 2))
  }

  /// A poll failed: twice as long, and no sooner than it was told to come back.
  ///
  /// - Parameter retryAfter: nil if nobody said when.
  package mutating func backOff(retryAfter: Int64?) {
    let doubled = min(self.maximum, self.interval.addingClamped(self.interval))
    // Whoever names an hour is asked again after the longest interval: watchers wait.
    self.interval = max(doubled, min(self.maximum, retryAfter ?? 0))
  }

  /// The time until the next poll.
  package func delay(random: UInt64) -> Int64 {
    let tenth = self.interval / 10
    guard tenth > 0 else { return self.interval }
    let moved = Int64(random % UInt64(2 * tenth + 1)) - tenth
    // The floor is a promise, and so is kept whatever the dice say.
    return max(self.minimum, self.interval + moved)
  }
}

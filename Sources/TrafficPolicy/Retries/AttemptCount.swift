// SPDX-License-Identifier: Apache-2.0

package import JobsAPI

/// The attempts of one call: how many, what they were sent as, and what all of them came to.
package struct AttemptCount: Equatable, Sendable {
  private let maximum: Int
  private let invocation: RandomUUID
  /// Attempts that are over.
  package private(set) var ended = 0
  /// Requests that were sent, and attempts that came to none.
  private var numbersUsed = 0
  /// All attempts so far as one.
  package private(set) var trace = UpstreamTrace()
  /// What the last repeat took from the quota; nil while there is none.
  package var repeatCost: Int?

  package init(maximum: Int, invocation: RandomUUID) {
    self.maximum = maximum
    self.invocation = invocation
  }

  /// The attempt that is to be made. What the layers behind sent twice has used up two numbers.
  package var next: CallAttempt {
    CallAttempt(
      number: self.numbersUsed + 1, maximum: self.numbersUsed + max(1, self.maximum - self.ended),
      invocation: self.invocation)
  }

  /// There was a pause before the attempt that comes next.
  package mutating func paused(for duration: Duration) {
    self.trace.stages.add(duration, to: .backoff)
  }

  /// An attempt ended, well or not.
  package mutating func attemptEnded(_ trace: UpstreamTrace) {
    self.ended += 1
    self.numbersUsed += max(1, trace.attempts)
    self.trace = self.trace.followed(by: trace)
  }
}

// SPDX-License-Identifier: Apache-2.0

/// When credentials are renewed.
package struct RefreshTiming: Equatable, Sendable {
  /// How long before a credential's end it is renewed, in seconds; never longer than a third of what
  /// is left when it comes, so that short-lived ones are not renewed without pause.
  package var aheadSeconds: Int64 = 15 * 60
  /// The pause after a first failure; it doubles with each further one.
  package var firstBackoff: Duration = .seconds(1)
  package var maxBackoff: Duration = .seconds(60)
  /// The longest sleep, after which the clock is looked at again: it may have been set meanwhile.
  package var maxSleep: Duration = .seconds(300)
  /// How long a call waits for the attempt that is under way.
  package var maxWait: Duration = .seconds(10)
  /// How many calls may wait so. Calls beyond it fail at once.
  package var maxWaiting = 4096

  package init() {}

  /// The second at which a credential is renewed: within the window ahead of its end, earlier by up
  /// to a fifth of it so that many gateways do not ask at once.
  func renewalSeconds(ofOneThatEndsAt end: Int64, now: Int64, random: UInt64) -> Int64 {
    let life = end - now
    let window = min(self.aheadSeconds, life / 3)
    let jitter = Int64(random % UInt64(max(window / 5, 0) + 1))
    return max(end - window - jitter, now + 1)
  }

  /// Half of the doubled pause, and up to as much again.
  func backoff(afterFailures failures: Int, random: UInt64) -> Duration {
    let doubled = self.firstBackoff * (1 << min(max(failures - 1, 0), 16))
    let half = min(doubled, self.maxBackoff) / 2
    return half + half * (Double(random >> 11) / Double(1 << 53))
  }

  /// How long an instance's credential is used beyond its end, in seconds; the next look at the
  /// source is early in that time. Source: botocore, `_evaluate_expiration` of the metadata fetcher.
  func extensionSeconds(random: UInt64) -> (life: Int64, untilNextLook: Int64) {
    let untilNextLook = 120 + Int64(random % 481)
    return (self.aheadSeconds + untilNextLook, untilNextLook)
  }
}

// SPDX-License-Identifier: Apache-2.0

import TrafficPolicy

/// What is done when AWS fails: which calls are made again, and when it is left alone. Each default
/// is the one that TrafficPolicy's own settings begin with.
enum FailureSettings {
  // MARK: Retries

  static let attempts = Setting<Int>.count(
    "retry-attempts",
    help: "Attempts for a call, the first one included; 1 repeats nothing and asks nothing of an "
      + "update whose answer was lost. AWS_MAX_ATTEMPTS, or max_attempts in the profile, mean the "
      + "same.", in: 1...10, fallback: 3)

  static let delay = Self.pause(
    "retry-delay",
    help: "The wait before the first repeat is drawn from zero to this, that before each next one "
      + "from zero to twice as much.", fallback: "50ms")

  static let throttledDelay = Self.pause(
    "retry-throttled-delay", help: "The same, after AWS has throttled.", fallback: "1s")

  static let longestDelay = Self.pause(
    "retry-max-delay", help: "No wait is drawn from a longer time.", fallback: "20s")

  static let quota = Setting<Int>.count(
    "retry-quota",
    help: "Tokens for repeats, shared by all calls: a repeat takes 5, or 10 after a time-out, "
      + "success gives back; 0 repeats nothing.", in: 0...1_000_000, fallback: 500)

  // MARK: The breaker

  static let failures = Setting<Int>.count(
    "breaker-failures",
    help: "Failures in a row, of connections or with a status from 500 on, after which AWS is left "
      + "alone for a while; 0 for never.", in: 0...1_000_000, fallback: 10)

  static let firstPause = Setting<Duration>.duration(
    "breaker-pause",
    help: "How long AWS is left alone at first; twice as long each time that it fails again.",
    fallback: "1s")

  static let longestPause = Setting<Duration>.duration(
    "breaker-max-pause", help: "The longest that AWS is left alone.", fallback: "30s")

  static let probes = Setting<Int>.count(
    "breaker-probes", help: "Calls at a time that find out how AWS is, after a pause.",
    in: 1...1_000, fallback: 1)

  static let patience = Self.pause(
    "breaker-patience",
    help: "A call that its caller gave up counts as a failure of AWS's only after this time.",
    fallback: "2s")

  static let section = SettingsSection(
    "When AWS fails",
    [
      SettingEntry(Self.attempts, .whileRunning, isPlainWhenUnset: false),
      SettingEntry(Self.delay, .whileRunning), SettingEntry(Self.throttledDelay, .whileRunning),
      SettingEntry(Self.longestDelay, .whileRunning), SettingEntry(Self.quota, .whileRunning),
      SettingEntry(Self.failures, .whileRunning), SettingEntry(Self.firstPause, .whileRunning),
      SettingEntry(Self.longestPause, .whileRunning), SettingEntry(Self.probes, .whileRunning),
      SettingEntry(Self.patience, .whileRunning),
    ])

  private static func pause(
    _ name: String, help: String, fallback: String
  ) -> Setting<Duration> {
    .duration(name, help: help, atLeast: .zero, fallback: fallback)
  }
}
